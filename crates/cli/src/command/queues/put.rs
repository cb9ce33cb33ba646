use clap::Args;
use ferry_api::{AssignPolicy, QueueSettings, Rate, RetryPolicy};
use ferry_types::QueueName;

#[derive(Debug, Args)]
pub(super) struct Put {
    /// The queue's name
    pub(super) queue: QueueName,
    /// How long a lease lasts, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = QueueSettings::default().lease_ms)]
    lease_ms: u64,
    /// Attempts before a task is dead; 0 is no limit
    #[arg(long, value_name = "N", default_value_t = QueueSettings::default().max_attempts)]
    max_attempts: u32,
    /// The first backoff of a failed task, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = RetryPolicy::default().initial_ms)]
    retry_initial_ms: u64,
    /// The growth of the backoff per attempt
    #[arg(long, value_name = "X", default_value_t = RetryPolicy::default().multiplier)]
    retry_multiplier: f64,
    /// The longest backoff before jitter, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = RetryPolicy::default().max_ms)]
    retry_max_ms: u64,
    /// The share of the backoff that is moved by chance, 0 to 1
    #[arg(long, value_name = "X", default_value_t = RetryPolicy::default().jitter)]
    retry_jitter: f64,
    /// The most unfinished tasks [default: no bound]
    #[arg(long, value_name = "N")]
    max_tasks: Option<u64>,
    /// The most payload bytes of unfinished tasks [default: no bound]
    #[arg(long, value_name = "N")]
    max_bytes: Option<u64>,
    /// How long a task may take to be done, from when it is due, in milliseconds [default: no end]
    #[arg(long, value_name = "MS")]
    ttl_ms: Option<u64>,
    /// How long a succeeded, cancelled or expired task is kept, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = QueueSettings::default().result_retention_ms)]
    result_retention_ms: u64,
    /// How long a dead task is kept, in milliseconds [default: forever]
    #[arg(long, value_name = "MS")]
    dead_retention_ms: Option<u64>,
    /// The most of its tasks that may be leased at a time [default: no bound]
    #[arg(long, value_name = "N")]
    max_concurrency: Option<u64>,
    /// Deliveries per second [default: without end]
    #[arg(long, value_name = "X")]
    rate: Option<f64>,
    /// The most deliveries at once after a rest [default: one second's worth]
    #[arg(long, value_name = "N", requires = "rate")]
    burst: Option<u64>,
    /// The most tasks with the same key that may be leased at a time [default: one, in order; in a
    /// fair queue no bound]
    #[arg(long, value_name = "N")]
    key_concurrency: Option<u64>,
    /// Have keys take turns, whatever the priority and the age of their tasks
    #[arg(long)]
    fair: bool,
    /// How its tasks come to workers: pull, least_loaded, best_fit, or spread=LABEL
    #[arg(long, value_name = "POLICY", value_parser = policy, default_value = "pull")]
    assign: AssignPolicy,
}

impl Put {
    /// The settings as a request has them.
    pub(super) fn settings(&self) -> QueueSettings {
        QueueSettings {
            lease_ms: self.lease_ms,
            max_attempts: self.max_attempts,
            retry: RetryPolicy {
                initial_ms: self.retry_initial_ms,
                multiplier: self.retry_multiplier,
                max_ms: self.retry_max_ms,
                jitter: self.retry_jitter,
            },
            max_tasks: self.max_tasks,
            max_bytes: self.max_bytes,
            ttl_ms: self.ttl_ms,
            result_retention_ms: self.result_retention_ms,
            dead_retention_ms: self.dead_retention_ms,
            max_concurrency: self.max_concurrency,
            rate: self.rate.map(|per_second| Rate { per_second, burst: self.burst }),
            key_concurrency: self.key_concurrency,
            fair: self.fair,
            assign: self.assign.clone(),
        }
    }
}

/// Reads a policy.
fn policy(text: &str) -> Result<AssignPolicy, String> {
    match text {
        "pull" => Ok(AssignPolicy::Pull),
        "least_loaded" => Ok(AssignPolicy::LeastLoaded),
        "best_fit" => Ok(AssignPolicy::BestFit),
        _ => match text.strip_prefix("spread=") {
            Some(label) if !label.is_empty() => Ok(AssignPolicy::Spread(label.to_owned())),
            _ => Err("a policy is pull, least_loaded, best_fit, or spread=LABEL".to_owned()),
        },
    }
}
