use clap::Args;
use ferry_api::{DequeueRequest, TaskDocument};
use ferry_types::{QueueName, WorkerName};

use crate::arguments::Global;
use crate::failure::Failure;
use crate::payload;
use crate::table::{Table, cell};

/// Lease tasks
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  ferry dequeue mail --wait-ms 10000
  ferry dequeue urgent mail --max 10 --lease-ms 60000")]
pub(crate) struct Dequeue {
    /// The queues, tried in order
    #[arg(required = true, value_name = "QUEUE")]
    queues: Vec<QueueName>,
    /// The most tasks
    #[arg(long, value_name = "N", default_value_t = 1)]
    max: u32,
    /// How long to wait for the first task, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 0)]
    wait_ms: u64,
    /// How long the leases last, in milliseconds [default: the task's or the queue's]
    #[arg(long, value_name = "MS")]
    lease_ms: Option<u64>,
    /// Who asks
    #[arg(long, value_name = "NAME")]
    worker: Option<WorkerName>,
}

impl Dequeue {
    pub(crate) async fn run(self, global: &Global) -> Result<(), Failure> {
        let Self { queues, max, wait_ms, lease_ms, worker } = self;
        let request = DequeueRequest { queues, max, wait_ms, lease_ms, worker, settle: Vec::new() };
        let answer = global.client()?.dequeue(&request).await?;
        if answer.tasks.is_empty() {
            eprintln!("no task is ready");
        }
        global.output().show_all(&answer.tasks, table)
    }
}

fn table(tasks: &[TaskDocument]) -> String {
    let mut table = Table::new(&["LEASE", "TASK", "ATTEMPT", "EXPIRES", "PAYLOAD"]);
    for task in tasks {
        let lease = task.lease.as_ref();
        table.row(vec![
            cell(lease.map(|lease| lease.id)),
            task.id.to_string(),
            task.attempt.to_string(),
            cell(lease.map(|lease| lease.expires_at)),
            payload::brief(task),
        ]);
    }
    table.into_text()
}
