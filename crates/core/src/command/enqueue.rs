use std::collections::BTreeMap;

use bytes::Bytes;

use super::{Firing, RetryPolicy};

/// Adds tasks to a queue, all or none.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Enqueue {
    /// The queue's name.
    #[prost(string, tag = "1")]
    pub queue: String,
    /// 1 to 1,000 tasks, which get rising ids in this order.
    #[prost(message, repeated, tag = "2")]
    pub tasks: Vec<NewTask>,
    /// Whether an unknown queue is created with the default settings, or refused.
    #[prost(bool, tag = "3")]
    pub create_queue: bool,
}

/// A task as its producer describes it. What is left out is the queue's setting.
#[derive(Clone, PartialEq, prost::Message)]
pub struct NewTask {
    /// The payload as it came: JSON text, or bytes. Never parsed here.
    #[prost(bytes = "bytes", tag = "1")]
    pub payload: Bytes,
    /// Whether the payload is bytes (`payload_base64`) and not JSON.
    #[prost(bool, tag = "2")]
    pub payload_is_bytes: bool,
    /// 0 (lowest) to 9.
    #[prost(uint32, tag = "3")]
    pub priority: u32,
    /// Not before this replicated time; `delay_ms` is then zero.
    #[prost(uint64, optional, tag = "4")]
    pub run_at_ms: Option<u64>,
    /// Not before this long after the enqueue.
    #[prost(uint64, tag = "5")]
    pub delay_ms: u64,
    /// Attempts before the task is dead; 0 is no limit.
    #[prost(uint32, optional, tag = "6")]
    pub max_attempts: Option<u32>,
    /// How long a lease on it lasts.
    #[prost(uint64, optional, tag = "7")]
    pub lease_ms: Option<u64>,
    /// How it backs off.
    #[prost(message, optional, tag = "8")]
    pub retry: Option<RetryPolicy>,
    /// The producer's word for what kind of task this is.
    #[prost(string, optional, tag = "9")]
    pub task_type: Option<String>,
    /// The producer's labels.
    #[prost(btree_map = "string, string", tag = "10")]
    pub labels: BTreeMap<String, String>,
    /// The W3C trace context of the enqueue, given back on delivery.
    #[prost(string, optional, tag = "11")]
    pub traceparent: Option<String>,
    /// How long it may take to be done, from when it is due.
    #[prost(uint64, optional, tag = "12")]
    pub ttl_ms: Option<u64>,
    /// Tasks with the same key go in order, or take turns with those of other keys.
    #[prost(string, optional, tag = "13")]
    pub key: Option<String>,
    /// Locks that a lease on it takes.
    #[prost(string, repeated, tag = "14")]
    pub locks: Vec<String>,
    /// What no other task of the queue may have meanwhile.
    #[prost(message, optional, tag = "15")]
    pub unique: Option<Unique>,
    /// Tasks that must have ended well before it runs: up to 100, which exist.
    #[prost(uint64, repeated, tag = "16")]
    pub depends_on: Vec<u64>,
    /// Whether it runs even if one of them fails, or is cancelled.
    #[prost(bool, tag = "17")]
    pub run_on_dependency_failure: bool,
    /// What it takes of its worker's resources.
    #[prost(btree_map = "string, uint64", tag = "18")]
    pub resources: BTreeMap<String, u64>,
    /// The labels that its worker must have.
    #[prost(btree_map = "string, string", tag = "19")]
    pub selector: BTreeMap<String, String>,
    /// The firing of a schedule that it is of, if it is of one.
    #[prost(message, optional, tag = "20")]
    pub firing: Option<Firing>,
}

/// A key that one task of a queue has at a time.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Unique {
    /// The key.
    #[prost(string, tag = "1")]
    pub key: String,
    /// How long the task has it, from its enqueue and whatever becomes of it. Without it: until it
    /// has succeeded, is cancelled or has expired; a dead task has it still.
    #[prost(uint64, optional, tag = "2")]
    pub until_ms: Option<u64>,
}
