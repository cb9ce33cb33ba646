//! Answers to what concerns schedules.

use crate::row::Skip;

/// The schedule says what was asked, and has come so far. Who repeats the command is told the same.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct SchedulePut {
    /// Whether it is new.
    #[prost(bool, tag = "1")]
    pub created: bool,
    /// Its next firing, if there is one; while it is paused, the first that it misses.
    #[prost(uint64, optional, tag = "2")]
    pub next_at_ms: Option<u64>,
    /// The last firing that gave a task.
    #[prost(uint64, optional, tag = "3")]
    pub last_at_ms: Option<u64>,
    /// The number of that task.
    #[prost(uint64, optional, tag = "4")]
    pub last_task: Option<u64>,
    /// The last firing that gave no task.
    #[prost(message, optional, tag = "5")]
    pub last_skip: Option<Skip>,
}

/// The schedule is gone.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct ScheduleDeleted {}

/// The firing is done.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct Fired {
    /// The number of its task, if it gave one.
    #[prost(uint64, optional, tag = "1")]
    pub task: Option<u64>,
    /// Why it gave none otherwise.
    #[prost(enumeration = "crate::row::SkipReason", tag = "2")]
    pub skipped: i32,
}
