//! The scenarios, one a file, and what they share: filling a queue, load, and the measured window.

pub(crate) mod backlog;
pub(crate) mod batch;
pub(crate) mod drain;
pub(crate) mod enqueue;
pub(crate) mod failover;
pub(crate) mod mixed;

mod accepted;
mod fill;
mod load_loops;
mod measured;
mod pacer;
mod stamp;

use std::fmt;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scenario {
    /// Producers that wait for each answer.
    Enqueue,
    /// Producers that enqueue the fastest way of the protocol.
    Batch,
    /// Workers that empty a full queue.
    Drain,
    /// Producers at a steady rate and workers, from enqueue to delivery.
    Mixed,
    /// Producers and workers in balance while many tasks wait.
    Backlog,
    /// Producers while the leader is killed.
    Failover,
}

impl Scenario {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enqueue => "enqueue",
            Self::Batch => "batch",
            Self::Drain => "drain",
            Self::Mixed => "mixed",
            Self::Backlog => "backlog",
            Self::Failover => "failover",
        }
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}
