use crate::command::ScheduleSettings;

/// A schedule.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ScheduleRow {
    /// Its name.
    #[prost(string, tag = "1")]
    pub schedule: String,
    /// What it says.
    #[prost(message, required, tag = "2")]
    pub settings: ScheduleSettings,
    /// Which putting of a schedule brought that.
    #[prost(uint64, tag = "3")]
    pub generation: u64,
    /// Its next firing, if there is one; while it is paused, the first that it misses.
    #[prost(uint64, optional, tag = "4")]
    pub next_at_ms: Option<u64>,
    /// When its last pause ended: firings before that were missed.
    #[prost(uint64, tag = "5")]
    pub resumed_at_ms: u64,
    /// The last firing that gave a task.
    #[prost(uint64, optional, tag = "6")]
    pub last_at_ms: Option<u64>,
    /// The number of that task, which may be gone.
    #[prost(uint64, optional, tag = "7")]
    pub last_task: Option<u64>,
    /// The last firing that gave no task.
    #[prost(message, optional, tag = "8")]
    pub last_skip: Option<Skip>,
}

/// A firing that gave no task.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct Skip {
    /// The time that it was for.
    #[prost(uint64, tag = "1")]
    pub at_ms: u64,
    /// Why.
    #[prost(enumeration = "SkipReason", tag = "2")]
    pub reason: i32,
}

/// Why a firing gave no task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, prost::Enumeration)]
#[repr(i32)]
pub enum SkipReason {
    /// It gave one.
    None = 0,
    /// It was missed, and the schedule does not catch up on it.
    Missed = 1,
    /// The task of an earlier firing was unfinished.
    Overlap = 2,
    /// The queue was full.
    QueueFull = 3,
    /// There was no such queue, and none was to be created or there were too many.
    QueueNotFound = 4,
    /// A task had the unique key.
    AlreadyExists = 5,
}

impl SkipReason {
    /// Every reason to give no task.
    pub const ALL: [Self; 5] =
        [Self::Missed, Self::Overlap, Self::QueueFull, Self::QueueNotFound, Self::AlreadyExists];

    /// The word for it everywhere: API, docs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Missed => "missed",
            Self::Overlap => "overlap",
            Self::QueueFull => "queue_full",
            Self::QueueNotFound => "queue_not_found",
            Self::AlreadyExists => "already_exists",
        }
    }
}
