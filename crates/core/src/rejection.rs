//! Why a well-formed command changed nothing. A rejection is a reply: it is committed, and every
//! node decides it alike.

mod display;

use crate::reply::Refused;
use crate::state::StateName;

/// Why a command was refused, with the facts that the caller needs.
#[derive(Clone, PartialEq, prost::Oneof)]
pub enum Rejection {
    /// Create the queue first: there is none of this name.
    #[prost(message, tag = "1")]
    QueueNotFound(QueueNotFound),
    /// Enqueue later, or raise the bound.
    #[prost(message, tag = "2")]
    QueueFull(QueueFull),
    /// Drain the queue first, or force the deletion.
    #[prost(message, tag = "3")]
    QueueNotEmpty(QueueNotEmpty),
    /// Drop the work: the lease is no longer the task's.
    #[prost(message, tag = "4")]
    LeaseLost(LeaseLost),
    /// Drop the work: no such lease was granted, or its task is gone.
    #[prost(message, tag = "5")]
    LeaseNotFound(LeaseNotFound),
    /// Use a new key: this one belongs to another request.
    #[prost(message, tag = "6")]
    IdempotencyMismatch(IdempotencyMismatch),
    /// Delete a queue first: the cluster has as many as it may.
    #[prost(message, tag = "7")]
    QueueLimit(QueueLimit),
    /// There is no such task, or it is kept no longer.
    #[prost(message, tag = "8")]
    TaskNotFound(TaskNotFound),
    /// The task's state does not allow it.
    #[prost(message, tag = "9")]
    WrongState(WrongState),
    /// Create the limit first: there is none of this name.
    #[prost(message, tag = "10")]
    LimitNotFound(LimitNotFound),
    /// Delete a limit first: the cluster has as many as it may.
    #[prost(message, tag = "11")]
    LimitLimit(LimitLimit),
    /// Leave it: a task with this unique key is there.
    #[prost(message, tag = "12")]
    AlreadyExists(AlreadyExists),
    /// Correct the operation, or wait for what it needs: none of the transaction was done.
    #[prost(message, tag = "13")]
    OperationRefused(OperationRefused),
    /// Register the worker first: there is none of this name, or its session has ended.
    #[prost(message, tag = "14")]
    WorkerNotFound(WorkerNotFound),
    /// Delete a worker first: the cluster has as many as it may.
    #[prost(message, tag = "15")]
    WorkerLimit(WorkerLimit),
    /// There is no such workflow, or none of its tasks is kept any longer.
    #[prost(message, tag = "21")]
    WorkflowNotFound(WorkflowNotFound),
    /// Break the cycle: its tasks would wait for one another for ever.
    #[prost(message, tag = "22")]
    DependencyCycle(DependencyCycle),
    /// Put the schedule first: there is none of this name.
    #[prost(message, tag = "18")]
    ScheduleNotFound(ScheduleNotFound),
    /// Delete a schedule first: the cluster has as many as it may.
    #[prost(message, tag = "19")]
    ScheduleLimit(ScheduleLimit),
    /// Leave it: this is not the schedule's next firing, or not yet.
    #[prost(message, tag = "20")]
    NotToFire(NotToFire),
    /// Change the setting while fewer keys have tasks.
    #[prost(message, tag = "24")]
    TooManyKeys(TooManyKeys),
}

/// There is no queue of this name.
#[derive(Clone, PartialEq, prost::Message)]
pub struct QueueNotFound {
    /// The name.
    #[prost(string, tag = "1")]
    pub queue: String,
}

/// The queue's bound would be passed.
#[derive(Clone, PartialEq, prost::Message)]
pub struct QueueFull {
    /// The queue's name.
    #[prost(string, tag = "1")]
    pub queue: String,
    /// The bound.
    #[prost(uint64, tag = "2")]
    pub limit: u64,
    /// Whether the bound is `max_bytes`, not `max_tasks`.
    #[prost(bool, tag = "3")]
    pub bytes: bool,
}

/// The queue holds tasks that a deletion would lose.
#[derive(Clone, PartialEq, prost::Message)]
pub struct QueueNotEmpty {
    /// The queue's name.
    #[prost(string, tag = "1")]
    pub queue: String,
    /// How many tasks are in which state.
    #[prost(message, required, tag = "2")]
    pub counts: StateCounts,
}

/// How many tasks of a queue are in which state.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct StateCounts {
    /// Not due yet.
    #[prost(uint64, tag = "1")]
    pub scheduled: u64,
    /// Any worker may take them.
    #[prost(uint64, tag = "2")]
    pub ready: u64,
    /// Held by a worker.
    #[prost(uint64, tag = "3")]
    pub leased: u64,
    /// Backing off after a failure.
    #[prost(uint64, tag = "4")]
    pub retrying: u64,
    /// Done, kept for their result.
    #[prost(uint64, tag = "5")]
    pub succeeded: u64,
    /// Out of attempts.
    #[prost(uint64, tag = "6")]
    pub dead: u64,
    /// Called off, kept for those who ask.
    #[prost(uint64, tag = "7")]
    pub cancelled: u64,
    /// Not done in time, kept for those who ask.
    #[prost(uint64, tag = "8")]
    pub expired: u64,
    /// Waiting for other tasks to end.
    #[prost(uint64, tag = "9")]
    pub blocked: u64,
}

impl OperationRefused {
    /// Why it was refused.
    pub fn reason(&self) -> Option<&Rejection> {
        self.refused.as_ref()?.rejection.as_ref()
    }
}

impl StateCounts {
    /// Tasks that are yet to end: those that the queue's bounds count.
    pub const fn unfinished(&self) -> u64 {
        self.scheduled + self.blocked + self.ready + self.leased + self.retrying
    }

    /// Tasks that have ended and are kept.
    pub const fn finished(&self) -> u64 {
        self.succeeded + self.dead + self.cancelled + self.expired
    }
}

/// The task is known, and the lease is not its current one.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct LeaseLost {
    /// The task's number.
    #[prost(uint64, tag = "1")]
    pub task: u64,
    /// The fencing token that was shown.
    #[prost(uint64, tag = "2")]
    pub token: u64,
    /// The task's present state.
    #[prost(enumeration = "StateName", tag = "3")]
    pub state: i32,
    /// The task's present attempt.
    #[prost(uint32, tag = "4")]
    pub attempt: u32,
}

/// The task of the lease is not known.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct LeaseNotFound {
    /// The task's number.
    #[prost(uint64, tag = "1")]
    pub task: u64,
    /// The fencing token that was shown.
    #[prost(uint64, tag = "2")]
    pub token: u64,
}

/// The key was used for another request.
#[derive(Clone, PartialEq, prost::Message)]
pub struct IdempotencyMismatch {
    /// The key.
    #[prost(string, tag = "1")]
    pub key: String,
}

/// The cluster has as many queues as it may.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct QueueLimit {
    /// How many that is.
    #[prost(uint64, tag = "1")]
    pub limit: u64,
}

/// The task is not known.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct TaskNotFound {
    /// The task's number.
    #[prost(uint64, tag = "1")]
    pub task: u64,
    /// Which task of a batch depends on it, from 0.
    #[prost(uint32, optional, tag = "2")]
    pub item: Option<u32>,
}

/// What was asked for does not fit the task's state.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct WrongState {
    /// The task's number.
    #[prost(uint64, tag = "1")]
    pub task: u64,
    /// The task's present state.
    #[prost(enumeration = "StateName", tag = "2")]
    pub state: i32,
}

/// There is no limit of this name.
#[derive(Clone, PartialEq, prost::Message)]
pub struct LimitNotFound {
    /// The name.
    #[prost(string, tag = "1")]
    pub limit: String,
}

/// The cluster has as many named limits as it may.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct LimitLimit {
    /// How many that is.
    #[prost(uint64, tag = "1")]
    pub limit: u64,
}

/// There is no schedule of this name.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ScheduleNotFound {
    /// The name.
    #[prost(string, tag = "1")]
    pub schedule: String,
}

/// The cluster has as many schedules as it may.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct ScheduleLimit {
    /// How many that is.
    #[prost(uint64, tag = "1")]
    pub limit: u64,
}

/// The schedule is not to fire so: it was put anew, is paused, has fired already, or is not due.
#[derive(Clone, PartialEq, prost::Message)]
pub struct NotToFire {
    /// The schedule's name.
    #[prost(string, tag = "1")]
    pub schedule: String,
}

/// A setting that all keys of a queue follow cannot change while so many of them have tasks.
#[derive(Clone, PartialEq, prost::Message)]
pub struct TooManyKeys {
    /// The queue's name.
    #[prost(string, tag = "1")]
    pub queue: String,
    /// How many keys may have tasks.
    #[prost(uint64, tag = "2")]
    pub limit: u64,
}

/// A task has the unique key, or two tasks of a batch would.
#[derive(Clone, PartialEq, prost::Message)]
pub struct AlreadyExists {
    /// The number of the task that has it; 0 if that is of the same batch, so that there is none.
    #[prost(uint64, tag = "1")]
    pub task: u64,
    /// The key.
    #[prost(string, tag = "2")]
    pub unique: String,
    /// Which task of a batch is refused, from 0.
    #[prost(uint32, optional, tag = "3")]
    pub item: Option<u32>,
    /// Which earlier task of the same batch has the key.
    #[prost(uint32, optional, tag = "4")]
    pub sibling: Option<u32>,
}

/// An operation of a transaction was refused, and with it all of them.
#[derive(Clone, PartialEq, prost::Message)]
pub struct OperationRefused {
    /// Its place in the transaction, from 0.
    #[prost(uint32, tag = "1")]
    pub operation: u32,
    /// Why; always there.
    #[prost(message, optional, boxed, tag = "2")]
    pub refused: Option<Box<Refused>>,
}

/// There is no worker of this name.
#[derive(Clone, PartialEq, prost::Message)]
pub struct WorkerNotFound {
    /// The name.
    #[prost(string, tag = "1")]
    pub worker: String,
}

/// The cluster has as many workers as it may.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct WorkerLimit {
    /// How many that is.
    #[prost(uint64, tag = "1")]
    pub limit: u64,
}

/// There is no such workflow.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct WorkflowNotFound {
    /// The number of its first task.
    #[prost(uint64, tag = "1")]
    pub workflow: u64,
}

/// Tasks of a workflow would wait for one another.
#[derive(Clone, PartialEq, prost::Message)]
pub struct DependencyCycle {
    /// The first of their names, each of which depends on the next. All of them, up to a limit, and
    /// the first once more.
    #[prost(string, repeated, tag = "1")]
    pub path: Vec<String>,
    /// How many tasks the cycle has.
    #[prost(uint32, tag = "2")]
    pub tasks: u32,
}
