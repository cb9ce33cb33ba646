use crate::event::EventName;
use crate::state::StateName;

/// What has happened to a task. Bytes of further events may be appended to its own.
#[derive(Clone, PartialEq, prost::Message)]
pub struct HistoryRow {
    /// What happened between its enqueue and its last event, in order; of many, the newest.
    #[prost(message, repeated, tag = "1")]
    pub events: Vec<HistoryEvent>,
}

/// What happened to a task after its enqueue.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct HistoryEvent {
    /// What it was.
    #[prost(enumeration = "EventName", tag = "1")]
    pub event: i32,
    /// The task's state afterwards.
    #[prost(enumeration = "StateName", tag = "2")]
    pub state: i32,
    /// The index of the entry that did it.
    #[prost(uint64, tag = "3")]
    pub index: u64,
    /// How long after the enqueue, in milliseconds.
    #[prost(uint64, tag = "4")]
    pub later_ms: u64,
    /// Leases that counted afterwards.
    #[prost(uint32, tag = "5")]
    pub attempt: u32,
    /// Who got the lease, if a worker did and gave a name.
    #[prost(string, tag = "6")]
    pub worker: String,
}

/// What an entry did to tasks.
#[derive(Clone, PartialEq, prost::Message)]
pub struct EventRow {
    /// The index of the entry.
    #[prost(uint64, tag = "1")]
    pub index: u64,
    /// The entry's replicated time.
    #[prost(uint64, tag = "2")]
    pub at_ms: u64,
    /// The queues of the tasks, by number.
    #[prost(message, repeated, tag = "3")]
    pub queues: Vec<EventQueue>,
    /// What happened, in order.
    #[prost(message, repeated, tag = "4")]
    pub events: Vec<TaskEvent>,
}

/// A queue as it was called at an event.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct EventQueue {
    /// Its number.
    #[prost(uint32, tag = "1")]
    pub id: u32,
    /// Its name.
    #[prost(string, tag = "2")]
    pub name: String,
}

/// What an entry did to one task.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct TaskEvent {
    /// The task's number.
    #[prost(uint64, tag = "1")]
    pub task: u64,
    /// The number of its queue.
    #[prost(uint32, tag = "2")]
    pub queue: u32,
    /// What it was.
    #[prost(enumeration = "EventName", tag = "3")]
    pub event: i32,
    /// The task's state afterwards; of a task that is gone, its last.
    #[prost(enumeration = "StateName", tag = "4")]
    pub state: i32,
    /// Leases that counted afterwards.
    #[prost(uint32, tag = "5")]
    pub attempt: u32,
}

/// Which node led when.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct LeadersRow {
    /// In order; the newest of many.
    #[prost(message, repeated, tag = "1")]
    pub leaders: Vec<LeaderRow>,
}

/// The beginning of a leadership.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct LeaderRow {
    /// The first entry with commands that it wrote.
    #[prost(uint64, tag = "1")]
    pub index: u64,
    /// Which node it is; 0 if the entry does not say.
    #[prost(uint64, tag = "2")]
    pub node: u64,
}
