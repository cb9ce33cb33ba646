//! The scenarios, one a file, and what they share: filling a queue, load, and the measured window.

pub(crate) mod batch;
pub(crate) mod drain;
pub(crate) mod enqueue;

mod fill;
mod load_loops;
mod measured;

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
}

impl Scenario {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enqueue => "enqueue",
            Self::Batch => "batch",
            Self::Drain => "drain",
        }
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}
