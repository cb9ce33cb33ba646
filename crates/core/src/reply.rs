//! What `apply` answers. Replies are kept under idempotency keys, so they are on disk: tags never
//! change their meaning.

mod schedule;
mod worker;

use crate::command::{QueueSettings, Sweep};
use crate::rejection::{Rejection, StateCounts};
use crate::row::TaskRow;

pub use schedule::{Fired, ScheduleDeleted, SchedulePut};
pub use worker::{
    Assigned, AssignedItem, AssignmentOutcome, NotAssigned, NotAssignedReason, SessionsEnded,
    WorkerDeleted, WorkerDrained, WorkerPut, WorkerStatus,
};

/// The answer to a command that was not refused.
#[derive(Clone, PartialEq, prost::Oneof)]
pub enum Reply {
    /// To `Enqueue`.
    #[prost(message, tag = "1")]
    Enqueued(Enqueued),
    /// To `Dequeue`.
    #[prost(message, tag = "2")]
    Dequeued(Dequeued),
    /// To `Settle`.
    #[prost(message, tag = "3")]
    Settled(Settled),
    /// To `PutQueue`.
    #[prost(message, tag = "4")]
    QueuePut(QueuePut),
    /// To `DeleteQueue`.
    #[prost(message, tag = "5")]
    QueueDeleted(QueueDeleted),
    /// To `Cancel`, `Retry` and `RunNow`.
    #[prost(message, boxed, tag = "6")]
    TaskChanged(Box<TaskChanged>),
    /// To `PauseQueue`.
    #[prost(message, tag = "7")]
    QueuePaused(QueuePaused),
    /// To `Purge`.
    #[prost(message, tag = "8")]
    Purged(Swept),
    /// To `Redrive`.
    #[prost(message, tag = "9")]
    Redriven(Swept),
    /// To `PutLimit`.
    #[prost(message, tag = "10")]
    LimitPut(LimitPut),
    /// To `DeleteLimit`.
    #[prost(message, tag = "11")]
    LimitDeleted(LimitDeleted),
    /// To `Transact`.
    #[prost(message, tag = "12")]
    Transacted(Transacted),
    /// To `PutWorker`.
    #[prost(message, tag = "13")]
    WorkerPut(WorkerPut),
    /// To `DrainWorker`.
    #[prost(message, tag = "14")]
    WorkerDrained(WorkerDrained),
    /// To `DeleteWorker`.
    #[prost(message, tag = "15")]
    WorkerDeleted(WorkerDeleted),
    /// To `EndSessions`.
    #[prost(message, tag = "16")]
    SessionsEnded(SessionsEnded),
    /// To `Assign`.
    #[prost(message, tag = "17")]
    Assigned(Assigned),
    /// To `SubmitWorkflow`.
    #[prost(message, tag = "21")]
    WorkflowSubmitted(WorkflowSubmitted),
    /// To `CancelWorkflow`.
    #[prost(message, boxed, tag = "22")]
    WorkflowCancelled(Box<WorkflowCancelled>),
    /// To `PutSchedule`.
    #[prost(message, tag = "18")]
    SchedulePut(SchedulePut),
    /// To `DeleteSchedule`.
    #[prost(message, tag = "19")]
    ScheduleDeleted(ScheduleDeleted),
    /// To `Fire`.
    #[prost(message, tag = "20")]
    Fired(Fired),
}

/// The tasks are in the queue.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct Enqueued {
    /// The number of the first task; the others follow without a gap, in the order of the request.
    #[prost(uint64, tag = "1")]
    pub first_task: u64,
    /// How many there are.
    #[prost(uint32, tag = "2")]
    pub tasks: u32,
    /// The replicated time of the enqueue.
    #[prost(uint64, tag = "3")]
    pub at_ms: u64,
    /// The index of the entry.
    #[prost(uint64, tag = "4")]
    pub index: u64,
    /// The state of the one task, if it depends on others; what the request says otherwise.
    #[prost(enumeration = "crate::state::StateName", tag = "5")]
    pub state: i32,
    /// How long the one task may take, if that is the queue's word and not the request's.
    #[prost(uint64, optional, tag = "6")]
    pub ttl_ms: Option<u64>,
}

/// What was settled, and what was leased.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Dequeued {
    /// An outcome per settlement, in order.
    #[prost(message, repeated, tag = "1")]
    pub settled: Vec<SettledItem>,
    /// The leases; empty when there was nothing to take.
    #[prost(message, repeated, tag = "2")]
    pub leases: Vec<Lease>,
    /// Without leases: when a rate lets the next task through that it alone holds back.
    #[prost(uint64, optional, tag = "3")]
    pub not_before_ms: Option<u64>,
}

/// A lease as it was granted.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct Lease {
    /// The task's number.
    #[prost(uint64, tag = "1")]
    pub task: u64,
    /// The fencing token.
    #[prost(uint64, tag = "2")]
    pub token: u64,
    /// Which attempt this is, from 1.
    #[prost(uint32, tag = "3")]
    pub attempt: u32,
    /// When it was granted, replicated time.
    #[prost(uint64, tag = "4")]
    pub started_at_ms: u64,
    /// When it runs out, replicated time.
    #[prost(uint64, tag = "5")]
    pub expires_at_ms: u64,
}

/// An outcome per settlement, in order.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Settled {
    /// The outcomes.
    #[prost(message, repeated, tag = "1")]
    pub items: Vec<SettledItem>,
}

/// The outcome of one settlement.
#[derive(Clone, PartialEq, prost::Message)]
pub struct SettledItem {
    /// What came of it; always there.
    #[prost(oneof = "SettleOutcome", tags = "1, 2")]
    pub outcome: Option<SettleOutcome>,
}

impl SettledItem {
    /// Whether the settlement was accepted.
    pub const fn is_accepted(&self) -> bool {
        matches!(self.outcome, Some(SettleOutcome::Accepted(_)))
    }
}

/// Whether a settlement was accepted.
#[derive(Clone, PartialEq, prost::Oneof)]
pub enum SettleOutcome {
    /// It was, now or when it was first asked.
    #[prost(message, tag = "1")]
    Accepted(Accepted),
    /// It changed nothing.
    #[prost(message, tag = "2")]
    Refused(Refused),
}

/// The task after its lease was settled or extended.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct Accepted {
    /// The task's number.
    #[prost(uint64, tag = "1")]
    pub task: u64,
    /// The task's state.
    #[prost(enumeration = "crate::state::StateName", tag = "2")]
    pub state: i32,
    /// The attempts so far.
    #[prost(uint32, tag = "3")]
    pub attempt: u32,
    /// When the lease runs out now, after an extend.
    #[prost(uint64, optional, tag = "4")]
    pub expires_at_ms: Option<u64>,
}

/// A refused settlement.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Refused {
    /// Why; always there.
    #[prost(
        oneof = "Rejection",
        tags = "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 18, 19, 20, 21, 22, 24"
    )]
    pub rejection: Option<Rejection>,
}

/// The queue has these settings.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct QueuePut {
    /// Whether it is new.
    #[prost(bool, tag = "1")]
    pub created: bool,
    /// How it stands; always there.
    #[prost(message, optional, boxed, tag = "2")]
    pub status: Option<Box<QueueStatus>>,
}

/// A queue as a command left it, so that who repeats the command is told the same.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct QueueStatus {
    /// Its settings.
    #[prost(message, required, tag = "1")]
    pub settings: QueueSettings,
    /// Whether it gives no tasks for now.
    #[prost(bool, tag = "2")]
    pub paused: bool,
    /// How many tasks are in which state.
    #[prost(message, required, tag = "3")]
    pub counts: StateCounts,
    /// Payload bytes of unfinished tasks.
    #[prost(uint64, tag = "4")]
    pub bytes: u64,
    /// How long the ready task that was enqueued first has been there.
    #[prost(uint64, optional, tag = "5")]
    pub oldest_ready_age_ms: Option<u64>,
}

/// The queue is gone.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct QueueDeleted {}

/// The task after the change.
#[derive(Clone, PartialEq, prost::Message)]
pub struct TaskChanged {
    /// Its queue's name.
    #[prost(string, tag = "1")]
    pub queue: String,
    /// The task without its payload and result.
    #[prost(message, required, tag = "2")]
    pub row: TaskRow,
}

/// The queue is paused, or not any more, as was asked.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct QueuePaused {
    /// How it stands; always there.
    #[prost(message, optional, boxed, tag = "1")]
    pub status: Option<Box<QueueStatus>>,
}

/// What one step of a sweep over a queue's tasks did.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct Swept {
    /// Tasks purged or redriven.
    #[prost(uint64, tag = "1")]
    pub tasks: u64,
    /// Where the next step goes on; nothing is left to do without it.
    #[prost(message, optional, tag = "2")]
    pub next: Option<Sweep>,
    /// Whether the queue's bounds stopped it.
    #[prost(bool, tag = "3")]
    pub full: bool,
}

/// Every operation of the transaction was done.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Transacted {
    /// What each gave, in order.
    #[prost(message, repeated, tag = "1")]
    pub results: Vec<OperationResult>,
}

/// What an operation of a transaction gave.
#[derive(Clone, PartialEq, prost::Message)]
pub struct OperationResult {
    /// Always there.
    #[prost(oneof = "Done", tags = "1, 2, 3, 4")]
    pub done: Option<Done>,
}

/// What an operation of a transaction gave, by its kind.
#[derive(Clone, PartialEq, prost::Oneof)]
pub enum Done {
    /// An enqueue's task.
    #[prost(message, tag = "1")]
    Enqueued(Enqueued),
    /// The task of an ack or a nack.
    #[prost(message, tag = "2")]
    Settled(Accepted),
    /// The task of a cancel.
    #[prost(message, boxed, tag = "3")]
    Cancelled(Box<TaskChanged>),
    /// The task of a requirement, which is met.
    #[prost(message, tag = "4")]
    Met(Accepted),
}

/// The limit says this.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct LimitPut {
    /// Whether it is new.
    #[prost(bool, tag = "1")]
    pub created: bool,
    /// How many of the tasks that it binds are leased.
    #[prost(uint64, tag = "2")]
    pub leased: u64,
}

/// The limit is gone.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct LimitDeleted {}

/// The tasks of the workflow are in their queues.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct WorkflowSubmitted {
    /// The number of its first task; the others follow without a gap, in the order of the request.
    #[prost(uint64, tag = "1")]
    pub first_task: u64,
    /// How many there are.
    #[prost(uint32, tag = "2")]
    pub tasks: u32,
}

/// A workflow, some more of whose tasks are called off.
#[derive(Clone, PartialEq, prost::Message)]
pub struct WorkflowCancelled {
    /// The workflow after this step.
    #[prost(message, required, tag = "1")]
    pub workflow: WorkflowView,
    /// Where the next step goes on; nothing is left to do without it.
    #[prost(message, optional, tag = "2")]
    pub next: Option<Sweep>,
}

/// How far a workflow has come.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct WorkflowView {
    /// The number of its first task.
    #[prost(uint64, tag = "1")]
    pub first_task: u64,
    /// How many tasks it has; their numbers follow one another.
    #[prost(uint32, tag = "2")]
    pub tasks: u32,
    /// When it was submitted.
    #[prost(uint64, tag = "3")]
    pub submitted_at_ms: u64,
    /// Whether somebody called off what was left of it.
    #[prost(bool, tag = "4")]
    pub cancelled: bool,
    /// Its tasks by state; those that have ended and are gone as well.
    #[prost(message, required, tag = "5")]
    pub counts: StateCounts,
    /// Its tasks that are gone and had not ended: purged, or deleted with their queue.
    #[prost(uint64, tag = "6")]
    pub removed: u64,
}
