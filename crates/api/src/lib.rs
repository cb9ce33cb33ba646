//! The HTTP contract as Rust types: what a node reads and writes, and what a client writes and
//! reads, are the same structs.
//!
//! 1. A request refuses fields it does not know, so that a typo never passes silently; an answer
//!    accepts them, so that an older client understands a newer node.
//! 2. A JSON payload or result is carried as its text ([`serde_json::value::RawValue`]) and never
//!    parsed into a tree.
//! 3. `check` methods are the border: they refuse what is out of range with the field and the
//!    limit, and return values that are trusted inside.
//!
//! Left out on purpose: transport. This crate knows status codes and header names, not sockets.

pub mod headers;
pub mod openapi;
pub mod routes;

mod assign;
mod change;
mod cluster;
mod code;
mod dequeue;
mod enqueue;
mod extend;
mod forecast;
mod history;
mod invalid_field;
mod labels;
mod limit;
mod new_task;
mod null;
mod operation_reader;
mod problem;
mod purge;
mod query;
mod queue;
mod rate;
mod raw;
mod redrive;
mod resources;
mod retry;
mod rfc3339;
mod schedule;
mod settle;
mod settlement;
mod state;
mod task;
mod task_reader;
mod transaction;
mod unique;
mod worker;
mod workflow;
mod workflow_task;

pub use assign::AssignPolicy;
pub use change::TaskChange;
pub use cluster::{AddNode, ClusterStatus, NodeRole, NodeStatus, TransferLeader};
pub use code::Code;
pub use dequeue::{CheckedDequeue, DequeueRequest, DequeueResponse};
pub use enqueue::{EnqueueRequest, EnqueuedTask, EnqueuedTasks, TaskBatch};
pub use extend::{ExtendRequest, Extended};
pub use forecast::{ForecastDocument, ForecastQuery};
pub use history::{Digest, EventChange, EventDocument, HistoryItem, TaskHistory};
pub use invalid_field::InvalidField;
pub use limit::{LimitDocument, LimitList, LimitMatch, LimitSettings};
pub use new_task::{CheckedTask, Due, NewTask, Payload};
pub use problem::Problem;
pub use purge::{PurgeRequest, Purged, PurgedState};
pub use query::{PageQuery, TasksQuery};
pub use queue::{QueueDocument, QueueList, QueueRates, QueueSettings, StateCounts};
pub use rate::{CheckedRate, Rate};
pub use raw::raw_json;
pub use redrive::{DeadFilter, RedriveRequest, Redriven};
pub use retry::{CheckedRetry, RetryPolicy};
pub use schedule::{
    CatchUp, CheckedSchedule, FiringDocument, Overlap, Recurrence, ScheduleDocument, ScheduleList,
    ScheduleSettings, SkippedFiring,
};
pub use settle::{SettleRequest, SettleResponse, Settled, SettledItem};
pub use settlement::{AckRequest, Action, NackRequest, Settlement};
pub use state::TaskState;
pub use task::{LeaseDocument, TaskDocument, TaskList};
pub use transaction::{
    AckOperation, CancelOperation, CheckedOperation, EnqueueOperation, NackOperation, Operation,
    OperationResult, RequireOperation, TransactionRequest, TransactionResponse,
};
pub use unique::{OnDependencyFailure, Unique, UniqueUntil};
pub use worker::{Heartbeat, WorkerDocument, WorkerLease, WorkerList, WorkerLoad, WorkerSettings};
pub use workflow::{
    CheckedWorkflowTask, GraphTask, SubmittedTask, SubmittedWorkflow, WorkflowDocument,
    WorkflowGraph, WorkflowProgress, WorkflowRequest, WorkflowState, WorkflowStatus,
};
pub use workflow_task::WorkflowTask;
