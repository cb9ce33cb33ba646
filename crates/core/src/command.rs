//! Everything that may change the state. Commands stand in the log for years: a tag never changes
//! its meaning, and a retired one is never given out again. Names inside are valid and numbers in
//! range: the door has parsed them.

use bytes::Bytes;

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
}

/// How large the tables may grow that no caller bounds. They enter through the log, so that all
/// nodes evict alike whatever their own configuration says.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct TableLimits {
    /// Answers kept for callers' keys, and as many again for forwarders'.
    #[prost(uint64, tag = "1")]
    pub idempotency_keys_max: u64,
    /// Succeeded tasks kept.
    #[prost(uint64, tag = "2")]
    pub finished_tasks_max: u64,
}

/// One command and the key it is asked under.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Proposal {
    /// What to do. A proposal without a command is answered by nothing at all; none is ever made.
    #[prost(oneof = "Command", tags = "1, 2, 3, 4, 5")]
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
    #[prost(message, tag = "4")]
    PutQueue(PutQueue),
    /// Removes a queue.
    #[prost(message, tag = "5")]
    DeleteQueue(DeleteQueue),
}

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
    pub labels: std::collections::BTreeMap<String, String>,
    /// The W3C trace context of the enqueue, given back on delivery.
    #[prost(string, optional, tag = "11")]
    pub traceparent: Option<String>,
}

/// How long a failed task backs off: `initial * multiplier^(attempt - 1)`, at most `max`, then
/// moved by up to `jitter` of itself in either direction. Exponential backoff with jitter as in
/// <https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/>.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct RetryPolicy {
    /// The first backoff.
    #[prost(uint64, tag = "1")]
    pub initial_ms: u64,
    /// The growth per attempt, in thousandths: 2,000 doubles. 1,000 to 100,000.
    #[prost(uint32, tag = "2")]
    pub multiplier_milli: u32,
    /// The longest backoff before jitter.
    #[prost(uint64, tag = "3")]
    pub max_ms: u64,
    /// The share moved by chance, in thousandths. 0 to 1,000.
    #[prost(uint32, tag = "4")]
    pub jitter_milli: u32,
}

/// Settles earlier leases, then leases ready tasks.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Dequeue {
    /// Tried in order; the answer may take from several. An unknown one refuses the command.
    #[prost(string, repeated, tag = "1")]
    pub queues: Vec<String>,
    /// 1 to 1,000 tasks at most.
    #[prost(uint32, tag = "2")]
    pub max: u32,
    /// How long the leases last; the task's own `lease_ms` otherwise, or the queue's.
    #[prost(uint64, optional, tag = "3")]
    pub lease_ms: Option<u64>,
    /// Who asks.
    #[prost(string, optional, tag = "4")]
    pub worker: Option<String>,
    /// Settled before anything is taken.
    #[prost(message, repeated, tag = "5")]
    pub settle: Vec<Settlement>,
}

/// Settles leases, each on its own.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Settle {
    /// 1 to 1,000 settlements, in order.
    #[prost(message, repeated, tag = "1")]
    pub items: Vec<Settlement>,
}

/// What the holder of a lease does with it.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Settlement {
    /// The task's number.
    #[prost(uint64, tag = "1")]
    pub task: u64,
    /// The lease's fencing token.
    #[prost(uint64, tag = "2")]
    pub token: u64,
    /// What to do. A settlement without an action is refused as a lost lease; none is ever made.
    #[prost(oneof = "Action", tags = "3, 4, 5, 6")]
    pub action: Option<Action>,
}

/// The ways to settle a lease, or to keep it.
#[derive(Clone, PartialEq, prost::Oneof)]
pub enum Action {
    /// Done.
    #[prost(message, tag = "3")]
    Ack(Ack),
    /// Failed; counts as an attempt.
    #[prost(message, tag = "4")]
    Nack(Nack),
    /// Keep the lease longer.
    #[prost(message, tag = "5")]
    Extend(Extend),
    /// Give the task back, to its place; counts as nothing.
    #[prost(message, tag = "6")]
    Release(Release),
}

/// The task is done.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Ack {
    /// JSON text, or empty for none.
    #[prost(bytes = "bytes", tag = "1")]
    pub result: Bytes,
}

/// The attempt failed.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Nack {
    /// What went wrong.
    #[prost(string, optional, tag = "1")]
    pub error: Option<String>,
    /// Back off this long instead of by the retry policy; 0 is at once.
    #[prost(uint64, optional, tag = "2")]
    pub delay_ms: Option<u64>,
    /// No further attempt.
    #[prost(bool, tag = "3")]
    pub dead: bool,
}

/// The lease is to last `lease_ms` from the entry's time.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct Extend {
    /// The new length; the last one again if left out.
    #[prost(uint64, optional, tag = "1")]
    pub lease_ms: Option<u64>,
}

/// The task goes back to its place.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct Release {}

/// Creates a queue or replaces its settings.
#[derive(Clone, PartialEq, prost::Message)]
pub struct PutQueue {
    /// The queue's name.
    #[prost(string, tag = "1")]
    pub queue: String,
    /// All of its settings.
    #[prost(message, required, tag = "2")]
    pub settings: QueueSettings,
}

/// What a queue may be told. `Default` is protobuf's; [`QueueSettings::standard`] is Ferry's.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct QueueSettings {
    /// How long a lease lasts.
    #[prost(uint64, tag = "1")]
    pub lease_ms: u64,
    /// Attempts before a task is dead; 0 is no limit.
    #[prost(uint32, tag = "2")]
    pub max_attempts: u32,
    /// How failed tasks back off.
    #[prost(message, required, tag = "3")]
    pub retry: RetryPolicy,
    /// The most unfinished tasks.
    #[prost(uint64, optional, tag = "4")]
    pub max_tasks: Option<u64>,
    /// The most payload bytes of unfinished tasks.
    #[prost(uint64, optional, tag = "5")]
    pub max_bytes: Option<u64>,
    /// How long a succeeded task is kept for its result.
    #[prost(uint64, tag = "6")]
    pub result_retention_ms: u64,
    /// How long a dead task is kept; forever if left out.
    #[prost(uint64, optional, tag = "7")]
    pub dead_retention_ms: Option<u64>,
}

impl QueueSettings {
    /// The settings of a queue that nobody configured.
    pub const fn standard() -> Self {
        Self {
            lease_ms: 30_000,
            max_attempts: 25,
            retry: RetryPolicy {
                initial_ms: 1_000,
                multiplier_milli: 2_000,
                max_ms: 3_600_000,
                jitter_milli: 100,
            },
            max_tasks: None,
            max_bytes: None,
            result_retention_ms: 3_600_000,
            dead_retention_ms: None,
        }
    }
}

/// Removes a queue.
#[derive(Clone, PartialEq, prost::Message)]
pub struct DeleteQueue {
    /// The queue's name.
    #[prost(string, tag = "1")]
    pub queue: String,
    /// Even with unfinished or dead tasks, which are then gone as well.
    #[prost(bool, tag = "2")]
    pub force: bool,
}
