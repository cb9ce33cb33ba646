use super::{AssignPolicy, Rate, RetryPolicy};

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
#[derive(Clone, PartialEq, Eq, prost::Message)]
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
    /// How long a task that succeeded, was cancelled or expired is kept for those who ask.
    #[prost(uint64, tag = "6")]
    pub result_retention_ms: u64,
    /// How long a dead task is kept; forever if left out.
    #[prost(uint64, optional, tag = "7")]
    pub dead_retention_ms: Option<u64>,
    /// How long a task may take to be done, from when it is due, unless it says otherwise.
    #[prost(uint64, optional, tag = "8")]
    pub ttl_ms: Option<u64>,
    /// The most of its tasks that may be leased at a time.
    #[prost(uint64, optional, tag = "9")]
    pub max_concurrency: Option<u64>,
    /// How often its tasks may be delivered.
    #[prost(message, optional, tag = "10")]
    pub rate: Option<Rate>,
    /// The most tasks with the same key that may be leased at a time. If left out it is one, in
    /// order; in a fair queue there is then no such bound.
    #[prost(uint64, optional, tag = "11")]
    pub key_concurrency: Option<u64>,
    /// Whether keys take turns, whatever the priority and the age of their tasks.
    #[prost(bool, tag = "12")]
    pub fair: bool,
    /// How its tasks are assigned to workers; if left out they are not, and workers ask for them.
    #[prost(oneof = "AssignPolicy", tags = "13, 14, 15")]
    pub assign: Option<AssignPolicy>,
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
            ttl_ms: None,
            max_concurrency: None,
            rate: None,
            key_concurrency: None,
            fair: false,
            assign: None,
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

/// Has a queue give no tasks, or give them again. Everything else goes on.
#[derive(Clone, PartialEq, prost::Message)]
pub struct PauseQueue {
    /// The queue's name.
    #[prost(string, tag = "1")]
    pub queue: String,
    /// Whether it pauses, or resumes.
    #[prost(bool, tag = "2")]
    pub paused: bool,
}
