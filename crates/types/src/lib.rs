//! The nouns of Ferry: names, ids, time and limits, parsed once at the border and trusted inside.
//!
//! Left out on purpose: anything that does something. Rules live in `ferry-core`.

mod cluster_id;
mod group_id;
mod idempotency_key;
mod invalid;
mod lease_id;
mod limit_name;
pub mod limits;
mod log_index;
mod node;
mod priority;
mod queue_name;
mod schedule_name;
mod task_id;
mod task_ref;
mod timestamp;
mod worker_name;
mod workflow_id;

pub use cluster_id::ClusterId;
pub use group_id::GroupId;
pub use idempotency_key::IdempotencyKey;
pub use invalid::Invalid;
pub use lease_id::{LeaseId, LeaseToken};
pub use limit_name::LimitName;
pub use log_index::LogIndex;
pub use node::{NodeAddress, NodeId};
pub use priority::Priority;
pub use queue_name::QueueName;
pub use schedule_name::ScheduleName;
pub use task_id::TaskId;
pub use task_ref::TaskRef;
pub use timestamp::Timestamp;
pub use worker_name::WorkerName;
pub use workflow_id::WorkflowId;
