//! Everything that may change the state. Commands stand in the log for years: a tag never changes
//! its meaning, and a retired one is never given out again. Names inside are valid and numbers in
//! range: the door has parsed them.

mod assign;
mod dequeue;
mod enqueue;
mod limit;
mod queue;
mod rate;
mod retry;
mod schedule;
mod settle;
mod sweep;
mod task;
mod transact;
mod worker;
mod workflow;

use bytes::Bytes;

pub use assign::{Assign, AssignPolicy, Assignment, BestFit, LeastLoaded};
pub use dequeue::Dequeue;
pub use enqueue::{Enqueue, NewTask, Unique};
pub use limit::{DeleteLimit, LimitScope, LimitSettings, PutLimit};
pub use queue::{DeleteQueue, PauseQueue, PutQueue, QueueSettings};
pub use rate::Rate;
pub use retry::RetryPolicy;
pub use schedule::{
    CatchUp, Cron, DeleteSchedule, Fire, Firing, PutSchedule, Recurrence, ScheduleSettings,
};
pub use settle::{Ack, Action, Extend, Nack, Release, Settle, Settlement};
pub use sweep::{DeadFilter, Purge, PurgedState, Redrive, Sweep};
pub use task::{Cancel, Retry, RunNow};
pub use transact::{LeaseAck, LeaseNack, Operation, Require, Step, Transact};
pub use worker::{DeleteWorker, DrainWorker, EndSessions, PutWorker, Session, WorkerSettings};
pub use workflow::{CancelWorkflow, SubmitWorkflow, WorkflowTask};

/// One log entry: commands with the time and the limits that enter with them.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Entry {
    /// The leader's replicated time, milliseconds since the epoch.
    #[prost(uint64, tag = "1")]
    pub at_ms: u64,
    /// The leader's limits on tables that grow.
    #[prost(message, required, tag = "2")]
    pub limits: TableLimits,
    /// What is asked for, in order. Empty when only time passes.
    #[prost(message, repeated, tag = "3")]
    pub proposals: Vec<Proposal>,
    /// Which node wrote it, from 1; 0 in entries of an earlier version.
    #[prost(uint64, tag = "4")]
    pub node: u64,
}

/// How large the tables may grow that no caller bounds. They enter through the log, so that all
/// nodes evict alike whatever their own configuration says.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct TableLimits {
    /// Answers kept for callers' keys, and as many again for forwarders'.
    #[prost(uint64, tag = "1")]
    pub idempotency_keys_max: u64,
    /// Succeeded, cancelled and expired tasks kept.
    #[prost(uint64, tag = "2")]
    pub finished_tasks_max: u64,
    /// Entries whose events are kept.
    #[prost(uint64, tag = "3")]
    pub events_max: u64,
}

/// One command and the key it is asked under.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Proposal {
    /// What to do. A proposal without a command is answered by nothing at all; none is ever made.
    #[prost(
        oneof = "Command",
        tags = "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27"
    )]
    pub command: Option<Command>,
    /// Under which key the answer is kept, if any.
    #[prost(message, optional, tag = "15")]
    pub idempotency: Option<Idempotency>,
}

/// The key of a write, and what tells its request from another.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Idempotency {
    /// The key. Callers' and forwarders' keys are different spaces.
    #[prost(string, tag = "1")]
    pub key: String,
    /// The first 16 bytes of the SHA-256 of method, path, query and body.
    #[prost(bytes = "bytes", tag = "2")]
    pub fingerprint: Bytes,
    /// How long the answer is kept.
    #[prost(uint64, tag = "3")]
    pub retention_ms: u64,
    /// Whether a follower made the key up, so that it may repeat what it forwards.
    #[prost(bool, tag = "4")]
    pub forwarded: bool,
}

/// What may be asked of the machine.
#[derive(Clone, PartialEq, prost::Oneof)]
pub enum Command {
    /// Adds tasks to a queue, all or none.
    #[prost(message, tag = "1")]
    Enqueue(Enqueue),
    /// Settles earlier leases, then leases ready tasks.
    #[prost(message, tag = "2")]
    Dequeue(Dequeue),
    /// Settles leases, each on its own.
    #[prost(message, tag = "3")]
    Settle(Settle),
    /// Creates a queue or replaces its settings.
    #[prost(message, boxed, tag = "4")]
    PutQueue(Box<PutQueue>),
    /// Removes a queue.
    #[prost(message, tag = "5")]
    DeleteQueue(DeleteQueue),
    /// Calls a task off.
    #[prost(message, tag = "6")]
    Cancel(Cancel),
    /// Gives a dead task all its attempts again.
    #[prost(message, tag = "7")]
    Retry(Retry),
    /// Has a task wait no longer.
    #[prost(message, tag = "8")]
    RunNow(RunNow),
    /// Has a queue give no tasks, or give them again.
    #[prost(message, tag = "9")]
    PauseQueue(PauseQueue),
    /// Removes tasks of a queue, some at a time.
    #[prost(message, tag = "10")]
    Purge(Purge),
    /// Gives dead tasks of a queue all their attempts again, some at a time.
    #[prost(message, boxed, tag = "11")]
    Redrive(Box<Redrive>),
    /// Does several things, all or none.
    #[prost(message, tag = "12")]
    Transact(Transact),
    /// Creates a named limit or replaces it.
    #[prost(message, boxed, tag = "16")]
    PutLimit(Box<PutLimit>),
    /// Removes a named limit.
    #[prost(message, tag = "17")]
    DeleteLimit(DeleteLimit),
    /// Registers a worker or replaces what it says about itself.
    #[prost(message, boxed, tag = "18")]
    PutWorker(Box<PutWorker>),
    /// Has a worker get nothing new.
    #[prost(message, tag = "19")]
    DrainWorker(DrainWorker),
    /// Removes a worker.
    #[prost(message, tag = "20")]
    DeleteWorker(DeleteWorker),
    /// Removes workers that have given no sign of life.
    #[prost(message, tag = "21")]
    EndSessions(EndSessions),
    /// Leases tasks to the workers that the leader chose.
    #[prost(message, tag = "22")]
    Assign(Assign),
    /// Adds tasks that come after one another, all or none.
    #[prost(message, tag = "26")]
    SubmitWorkflow(SubmitWorkflow),
    /// Calls off what is left of a workflow, some tasks at a time.
    #[prost(message, tag = "27")]
    CancelWorkflow(CancelWorkflow),
    /// Creates a schedule or replaces it.
    #[prost(message, boxed, tag = "23")]
    PutSchedule(Box<PutSchedule>),
    /// Removes a schedule.
    #[prost(message, tag = "24")]
    DeleteSchedule(DeleteSchedule),
    /// Has a schedule fire.
    #[prost(message, tag = "25")]
    Fire(Fire),
}
