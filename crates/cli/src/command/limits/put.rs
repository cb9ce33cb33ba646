use clap::{ArgGroup, Args};
use ferry_api::{LimitMatch, LimitSettings, Rate};
use ferry_types::{LimitName, QueueName};

#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("match").args(["queue", "key", "task_type"]).required(true).multiple(true)
)]
pub(super) struct Put {
    /// The limit's name
    pub(super) limit: LimitName,
    /// Only tasks of this queue
    #[arg(long)]
    queue: Option<QueueName>,
    /// Only tasks with this ordering key [default: all keys together]
    #[arg(long)]
    key: Option<String>,
    /// Only tasks of this type
    #[arg(long = "type", value_name = "TYPE")]
    task_type: Option<String>,
    /// The most of them that may be leased at a time, over all queues [default: no bound]
    #[arg(long, value_name = "N")]
    max_concurrency: Option<u64>,
    /// Deliveries per second [default: without end]
    #[arg(long, value_name = "X")]
    rate: Option<f64>,
    /// The most deliveries at once after a rest [default: one second's worth]
    #[arg(long, value_name = "N", requires = "rate")]
    burst: Option<u64>,
}

impl Put {
    /// The limit as a request has it.
    pub(super) fn settings(&self) -> LimitSettings {
        LimitSettings {
            scope: LimitMatch {
                queue: self.queue.clone(),
                key: self.key.clone(),
                task_type: self.task_type.clone(),
            },
            max_concurrency: self.max_concurrency,
            rate: self.rate.map(|per_second| Rate { per_second, burst: self.burst }),
        }
    }
}
