use clap::Args;
use ferry_api::{DeadFilter, RedriveRequest};
use ferry_types::QueueName;

use crate::arguments::Global;
use crate::failure::Failure;
use crate::labels;

#[derive(Debug, Args)]
pub(super) struct Redrive {
    /// The queue's name
    queue: QueueName,
    /// Only of this type
    #[arg(long = "type", value_name = "TYPE")]
    task_type: Option<String>,
    /// Only with this ordering key
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// Only with this label; may be repeated
    #[arg(long = "label", value_name = "KEY=VALUE", value_parser = labels::parse)]
    labels: Vec<(String, String)>,
    /// Only those whose last error contains this text
    #[arg(long, value_name = "TEXT")]
    error: Option<String>,
    /// At most so many, in enqueue order [default: all]
    #[arg(long, value_name = "N")]
    max: Option<u64>,
    /// Count them and change nothing
    #[arg(long)]
    dry_run: bool,
}

impl Redrive {
    pub(super) async fn run(self, global: &Global) -> Result<(), Failure> {
        let Self { queue, task_type, key, labels, error, max, dry_run } = self;
        let filter = DeadFilter { task_type, key, labels: labels.into_iter().collect(), error };
        // There may be millions of them.
        let client = global.patient_client().await?;
        let redriven = client.redrive(&queue, &RedriveRequest { filter, max, dry_run }).await?;
        let verb = if dry_run { "would be" } else { "are" };
        let line = |_: &_| format!("{} tasks of {queue} {verb} redriven", redriven.redriven);
        global.output().show(&redriven, line)
    }
}
