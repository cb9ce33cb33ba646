//! The rows that hold the state on disk. Tags never change their meaning.

mod event;
mod schedule;

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::command::{Firing, LimitSettings, QueueSettings, RetryPolicy, Unique, WorkerSettings};
use crate::event::EventName;
use crate::rejection::StateCounts;
use crate::reply::Reply;
use crate::state::StateName;

pub use event::{EventQueue, EventRow, HistoryEvent, HistoryRow, LeaderRow, LeadersRow, TaskEvent};
pub use schedule::{ScheduleRow, Skip, SkipReason};

/// The machine's counters.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct CountersRow {
    /// Replicated time, milliseconds since the epoch.
    #[prost(uint64, tag = "1")]
    pub now_ms: u64,
    /// The number of the next task, from 1.
    #[prost(uint64, tag = "2")]
    pub next_task: u64,
    /// The next fencing token, from 1.
    #[prost(uint64, tag = "3")]
    pub next_token: u64,
    /// The number of the next queue, from 1.
    #[prost(uint32, tag = "4")]
    pub next_queue: u32,
    /// The number of the next idempotency row, from 1.
    #[prost(uint64, tag = "5")]
    pub next_idempotency: u64,
    /// The next turn of a key in a fair queue.
    #[prost(uint64, tag = "6")]
    pub next_turn: u64,
    /// The first entry whose events are kept, if there were any.
    #[prost(uint64, tag = "7")]
    pub events_from: u64,
    /// The next generation of a schedule.
    #[prost(uint64, tag = "9")]
    pub next_generation: u64,
}

impl CountersRow {
    /// Gives the next turn.
    pub(crate) const fn take_turn(&mut self) -> u64 {
        let turn = self.next_turn;
        self.next_turn += 1;
        turn
    }

    /// Gives the next generation.
    pub(crate) const fn take_generation(&mut self) -> u64 {
        let generation = self.next_generation;
        self.next_generation += 1;
        generation
    }
}

/// A queue.
#[derive(Clone, PartialEq, prost::Message)]
pub struct QueueRow {
    /// Its number, by which tasks refer to it.
    #[prost(uint32, tag = "1")]
    pub id: u32,
    /// Its name.
    #[prost(string, tag = "2")]
    pub name: String,
    /// Its settings.
    #[prost(message, required, tag = "3")]
    pub settings: QueueSettings,
    /// Whether it is gone for everybody. Its row stays until the last of its tasks is removed.
    #[prost(bool, tag = "4")]
    pub deleted: bool,
    /// Whether it gives no tasks for now.
    #[prost(bool, tag = "5")]
    pub paused: bool,
    /// When the bucket of its rate is full again, in nanoseconds since the epoch.
    #[prost(uint64, tag = "6")]
    pub full_at_ns: u64,
    /// The turn of its tasks without a key, if it is fair.
    #[prost(uint64, optional, tag = "7")]
    pub keyless_turn: Option<u64>,
}

/// A task without its payload and result.
#[derive(Clone, PartialEq, prost::Message)]
pub struct TaskRow {
    /// Its number.
    #[prost(uint64, tag = "1")]
    pub id: u64,
    /// Its queue's number.
    #[prost(uint32, tag = "2")]
    pub queue: u32,
    /// Its state.
    #[prost(enumeration = "StateName", tag = "3")]
    pub state: i32,
    /// 0 to 9.
    #[prost(uint32, tag = "4")]
    pub priority: u32,
    /// Leases that count, so far.
    #[prost(uint32, tag = "5")]
    pub attempt: u32,
    /// Bytes of its payload.
    #[prost(uint64, tag = "6")]
    pub payload_bytes: u64,
    /// Whether the payload is bytes and not JSON.
    #[prost(bool, tag = "7")]
    pub payload_is_bytes: bool,
    /// When it was enqueued.
    #[prost(uint64, tag = "8")]
    pub enqueued_at_ms: u64,
    /// The index of its last change.
    #[prost(uint64, tag = "9")]
    pub index: u64,
    /// When it is due, or was last, if that is not when it was enqueued.
    #[prost(uint64, optional, tag = "10")]
    pub run_at_ms: Option<u64>,
    /// The token of the lease that holds it, or whose ack won.
    #[prost(uint64, optional, tag = "11")]
    pub token: Option<u64>,
    /// When the last lease on it began.
    #[prost(uint64, optional, tag = "12")]
    pub started_at_ms: Option<u64>,
    /// When the lease runs out.
    #[prost(uint64, optional, tag = "13")]
    pub expires_at_ms: Option<u64>,
    /// How long the lease was last asked to be.
    #[prost(uint64, optional, tag = "14")]
    pub leased_for_ms: Option<u64>,
    /// Who holds it.
    #[prost(string, optional, tag = "15")]
    pub worker: Option<String>,
    /// When it ended.
    #[prost(uint64, optional, tag = "16")]
    pub finished_at_ms: Option<u64>,
    /// The task's own bound on attempts.
    #[prost(uint32, optional, tag = "17")]
    pub max_attempts: Option<u32>,
    /// The task's own lease length.
    #[prost(uint64, optional, tag = "18")]
    pub lease_ms: Option<u64>,
    /// The task's own retry policy.
    #[prost(message, optional, tag = "19")]
    pub retry: Option<RetryPolicy>,
    /// The producer's word for its kind.
    #[prost(string, optional, tag = "20")]
    pub task_type: Option<String>,
    /// The producer's labels.
    #[prost(btree_map = "string, string", tag = "21")]
    pub labels: BTreeMap<String, String>,
    /// The W3C trace context of the enqueue.
    #[prost(string, optional, tag = "22")]
    pub traceparent: Option<String>,
    /// What the last failure said.
    #[prost(string, optional, tag = "23")]
    pub last_error: Option<String>,
    /// When an ended task is removed; a dead one without it stays.
    #[prost(uint64, optional, tag = "24")]
    pub kept_until_ms: Option<u64>,
    /// How long it may take to be done, from when it is due.
    #[prost(uint64, optional, tag = "25")]
    pub ttl_ms: Option<u64>,
    /// When that time ends.
    #[prost(uint64, optional, tag = "26")]
    pub ttl_ends_at_ms: Option<u64>,
    /// Whether the lease of a cancelled task still stands: its holder has not learned it.
    #[prost(bool, tag = "27")]
    pub held: bool,
    /// Its ordering key.
    #[prost(string, optional, tag = "30")]
    pub key: Option<String>,
    /// The locks that a lease on it takes, in order, each once.
    #[prost(string, repeated, tag = "31")]
    pub locks: Vec<String>,
    /// What no other task of its queue may have meanwhile.
    #[prost(message, optional, tag = "40")]
    pub unique: Option<Unique>,
    /// The tasks that it was to come after.
    #[prost(uint64, repeated, tag = "41")]
    pub depends_on: Vec<u64>,
    /// Those of them that it waits for.
    #[prost(uint64, repeated, tag = "42")]
    pub waits_for: Vec<u64>,
    /// Whether it runs even if one of them fails.
    #[prost(bool, tag = "43")]
    pub run_on_dependency_failure: bool,
    /// What has happened to it between its enqueue and its last event: a `HistoryRow`.
    #[prost(bytes = "vec", tag = "50")]
    pub history: Vec<u8>,
    /// The index of its enqueue, if anything has happened since.
    #[prost(uint64, tag = "51")]
    pub enqueued_index: u64,
    /// Its state after that, likewise.
    #[prost(enumeration = "StateName", tag = "52")]
    pub enqueued_state: i32,
    /// What the entry at `index` did, if `history` does not end with it.
    #[prost(enumeration = "EventName", tag = "53")]
    pub last_event: i32,
    /// When that was.
    #[prost(uint64, tag = "54")]
    pub last_event_at_ms: u64,
    /// What it takes of its worker's resources.
    #[prost(btree_map = "string, uint64", tag = "60")]
    pub resources: BTreeMap<String, u64>,
    /// The labels that its worker must have.
    #[prost(btree_map = "string, string", tag = "61")]
    pub selector: BTreeMap<String, String>,
    /// The firing of a schedule that it is of, if it is of one.
    #[prost(message, optional, tag = "70")]
    pub firing: Option<Firing>,
    /// The number of the first task of its workflow, if it is of one. What such a task waits for is
    /// in rows of its own.
    #[prost(uint64, optional, tag = "80")]
    pub workflow: Option<u64>,
    /// Its name there.
    #[prost(string, tag = "81")]
    pub task_ref: String,
}

/// A workflow. It is there as long as one of its tasks is.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct WorkflowRow {
    /// The number of its first task.
    #[prost(uint64, tag = "1")]
    pub first_task: u64,
    /// How many tasks it had; their numbers follow one another.
    #[prost(uint32, tag = "2")]
    pub tasks: u32,
    /// When it was submitted.
    #[prost(uint64, tag = "3")]
    pub submitted_at_ms: u64,
    /// Whether somebody called off what was left of it.
    #[prost(bool, tag = "4")]
    pub cancelled: bool,
    /// Its tasks that are gone, by how they had ended.
    #[prost(message, required, tag = "5")]
    pub gone: StateCounts,
    /// Its tasks that are gone and had not ended: purged, or deleted with their queue.
    #[prost(uint64, tag = "6")]
    pub removed: u64,
}

/// That a task of a workflow waits for another task.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct WaitRow {
    /// The number of the task that waits.
    #[prost(uint64, tag = "1")]
    pub task: u64,
    /// The number of the task that it waits for.
    #[prost(uint64, tag = "2")]
    pub dependency: u64,
}

/// The turn of a key in a fair queue. There is a row for each key that has one.
#[derive(Clone, PartialEq, prost::Message)]
pub struct LaneRow {
    /// The queue's number.
    #[prost(uint32, tag = "1")]
    pub queue: u32,
    /// The key.
    #[prost(string, tag = "2")]
    pub key: String,
    /// The turn; the lowest is next.
    #[prost(uint64, tag = "3")]
    pub turn: u64,
}

/// A named limit.
#[derive(Clone, PartialEq, prost::Message)]
pub struct LimitRow {
    /// Its name.
    #[prost(string, tag = "1")]
    pub limit: String,
    /// What it says.
    #[prost(message, required, tag = "2")]
    pub settings: LimitSettings,
    /// When the bucket of its rate is full again, in nanoseconds since the epoch.
    #[prost(uint64, tag = "3")]
    pub full_at_ns: u64,
}

/// A registered worker.
#[derive(Clone, PartialEq, prost::Message)]
pub struct WorkerRow {
    /// Its name.
    #[prost(string, tag = "1")]
    pub worker: String,
    /// The number of its session. The leases under its name with larger tokens are the session's.
    #[prost(uint64, tag = "2")]
    pub session: u64,
    /// What it says about itself.
    #[prost(message, required, tag = "3")]
    pub settings: WorkerSettings,
    /// Whether it gets nothing new.
    #[prost(bool, tag = "4")]
    pub draining: bool,
}

/// A kept answer.
#[derive(Clone, PartialEq, prost::Message)]
pub struct IdempotencyRow {
    /// Its number: rows are evicted in this order.
    #[prost(uint64, tag = "1")]
    pub id: u64,
    /// The key.
    #[prost(string, tag = "2")]
    pub key: String,
    /// Whether a forwarder made the key up.
    #[prost(bool, tag = "3")]
    pub forwarded: bool,
    /// What tells the request from another.
    #[prost(bytes = "bytes", tag = "4")]
    pub fingerprint: Bytes,
    /// When it is forgotten.
    #[prost(uint64, tag = "5")]
    pub expires_at_ms: u64,
    /// The answer.
    #[prost(message, required, tag = "6")]
    pub answer: KeptAnswer,
}

/// A reply as a row keeps it.
#[derive(Clone, PartialEq, prost::Message)]
pub struct KeptAnswer {
    /// The reply; always there.
    #[prost(
        oneof = "Reply",
        tags = "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22"
    )]
    pub reply: Option<Reply>,
}

/// A task that ended while others wait for it: until the last of them knows.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct EndedRow {
    /// Its number. The task may be gone.
    #[prost(uint64, tag = "1")]
    pub task: u64,
    /// Whether it ended otherwise than well.
    #[prost(bool, tag = "2")]
    pub failed: bool,
}
