//! The scenarios, one a file, and what they share: filling a queue, load, and the measured window.

pub(crate) mod batch;
pub(crate) mod drain;
pub(crate) mod enqueue;

mod fill;
mod load_loops;
mod measured;

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
