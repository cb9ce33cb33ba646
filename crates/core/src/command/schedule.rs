use super::NewTask;

/// Creates a schedule or replaces what it says. One that goes on firing at the same times keeps its
/// next firing.
#[derive(Clone, PartialEq, prost::Message)]
pub struct PutSchedule {
    /// The schedule's name.
    #[prost(string, tag = "1")]
    pub schedule: String,
    /// All that it says.
    #[prost(message, required, tag = "2")]
    pub settings: ScheduleSettings,
    /// Its first firing, if it begins anew. The leader has worked it out.
    #[prost(uint64, optional, tag = "3")]
    pub next_at_ms: Option<u64>,
}

/// What a schedule says: when it fires, and what a firing enqueues.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ScheduleSettings {
    /// When it fires. One without it never does; none is ever made.
    #[prost(oneof = "Recurrence", tags = "1, 2")]
    pub recurrence: Option<Recurrence>,
    /// The queue that its tasks go to.
    #[prost(string, tag = "3")]
    pub queue: String,
    /// The task of each firing.
    #[prost(message, required, tag = "4")]
    pub task: NewTask,
    /// Whether a firing gives no task while that of an earlier one is unfinished.
    #[prost(bool, tag = "5")]
    pub skips_overlap: bool,
    /// What becomes of firings that were missed.
    #[prost(enumeration = "CatchUp", tag = "6")]
    pub catch_up: i32,
    /// By how much at most a task is due later than its firing.
    #[prost(uint64, tag = "7")]
    pub jitter_ms: u64,
    /// Whether it does not fire for now.
    #[prost(bool, tag = "8")]
    pub paused: bool,
    /// Whether an unknown queue is created with the default settings.
    #[prost(bool, tag = "9")]
    pub create_queue: bool,
}

/// When a schedule fires. Only leaders work it out: the log says when.
#[derive(Clone, PartialEq, prost::Oneof)]
pub enum Recurrence {
    /// By a calendar.
    #[prost(message, tag = "1")]
    Cron(Cron),
    /// Each time after so many milliseconds.
    #[prost(uint64, tag = "2")]
    EveryMs(u64),
}

/// Times of a calendar in a time zone.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Cron {
    /// The five fields, or six that begin with seconds.
    #[prost(string, tag = "1")]
    pub expression: String,
    /// The zone's name in the IANA database.
    #[prost(string, tag = "2")]
    pub timezone: String,
}

/// What becomes of firings that were missed: those of a pause, and those that came too late.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, prost::Enumeration)]
#[repr(i32)]
pub enum CatchUp {
    /// They are skipped.
    None = 0,
    /// The last of them gives a task, for all.
    Latest = 1,
    /// Each gives a task.
    All = 2,
}

/// Removes a schedule. The tasks of its firings stay.
#[derive(Clone, PartialEq, prost::Message)]
pub struct DeleteSchedule {
    /// The schedule's name.
    #[prost(string, tag = "1")]
    pub schedule: String,
}

/// Has a schedule fire, if this is its next firing: each is done once, however often it is asked.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Fire {
    /// The schedule's name.
    #[prost(string, tag = "1")]
    pub schedule: String,
    /// Which putting of the schedule is meant.
    #[prost(uint64, tag = "2")]
    pub generation: u64,
    /// The firing: the schedule's next.
    #[prost(uint64, tag = "3")]
    pub at_ms: u64,
    /// The last firing that is done with it: a later one if several were missed, and not all are
    /// caught up on.
    #[prost(uint64, tag = "4")]
    pub last_ms: u64,
    /// The next firing after that, if there is one.
    #[prost(uint64, optional, tag = "5")]
    pub next_at_ms: Option<u64>,
    /// When the task is due: at the last firing, or later by the jitter.
    #[prost(uint64, tag = "6")]
    pub run_at_ms: u64,
    /// Whether it was missed.
    #[prost(bool, tag = "7")]
    pub missed: bool,
}

/// Which firing a task is of.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Firing {
    /// The schedule's name.
    #[prost(string, tag = "1")]
    pub schedule: String,
    /// The time that it was for.
    #[prost(uint64, tag = "2")]
    pub at_ms: u64,
}
