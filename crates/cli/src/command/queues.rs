use clap::{Args, Subcommand};
use ferry_api::{PageQuery, QueueDocument, QueueSettings, RetryPolicy};
use ferry_types::QueueName;

use crate::arguments::Global;
use crate::failure::Failure;
use crate::table::{Table, cell};

/// Look at queues, configure and delete them
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  ferry queues
  ferry queues put mail --max-attempts 5 --lease-ms 60000
  ferry queues delete mail --force")]
pub(crate) struct Queues {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the queues (also without a word)
    List,
    /// Show a queue with its settings
    Show {
        /// Its name
        queue: QueueName,
    },
    /// Create a queue or replace its settings; a setting left out goes back to its default
    Put(Put),
    /// Delete a queue without unfinished or dead tasks
    Delete {
        /// Its name
        queue: QueueName,
        /// Delete its tasks with it
        #[arg(long)]
        force: bool,
    },
}

#[derive(Debug, Args)]
struct Put {
    /// The queue's name
    queue: QueueName,
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
    /// How long a succeeded task is kept for its result, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = QueueSettings::default().result_retention_ms)]
    result_retention_ms: u64,
    /// How long a dead task is kept, in milliseconds [default: forever]
    #[arg(long, value_name = "MS")]
    dead_retention_ms: Option<u64>,
}

impl Queues {
    pub(crate) async fn run(self, global: &Global) -> Result<(), Failure> {
        let client = global.client()?;
        match self.action.unwrap_or(Action::List) {
            Action::List => {
                let mut page = PageQuery { limit: Some(1_000), page_token: None };
                let mut queues = Vec::new();
                loop {
                    let list = client.queues(&page).await?;
                    queues.extend(list.queues);
                    page.page_token = list.next_page_token;
                    if page.page_token.is_none() {
                        return global.output().show_all(&queues, table);
                    }
                }
            }
            Action::Show { queue } => {
                let document = client.queue(&queue).await?;
                global.output().show(&document, pretty)
            }
            Action::Put(put) => {
                let document = client.put_queue(&put.queue, &put.settings()).await?;
                global.output().show(&document, pretty)
            }
            Action::Delete { queue, force } => {
                client.delete_queue(&queue, force).await?;
                eprintln!("{queue} is deleted");
                Ok(())
            }
        }
    }
}

impl Put {
    fn settings(&self) -> QueueSettings {
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
            result_retention_ms: self.result_retention_ms,
            dead_retention_ms: self.dead_retention_ms,
        }
    }
}

fn table(queues: &[QueueDocument]) -> String {
    let mut table = Table::new(&[
        "QUEUE",
        "SCHEDULED",
        "READY",
        "LEASED",
        "RETRYING",
        "SUCCEEDED",
        "DEAD",
        "OLDEST MS",
    ]);
    for QueueDocument { queue, counts, oldest_ready_age_ms, .. } in queues {
        let mut row = vec![queue.to_string()];
        let counts = [
            counts.scheduled,
            counts.ready,
            counts.leased,
            counts.retrying,
            counts.succeeded,
            counts.dead,
        ];
        row.extend(counts.map(|count| count.to_string()));
        row.push(cell(*oldest_ready_age_ms));
        table.row(row);
    }
    table.into_text()
}

fn pretty(queue: &QueueDocument) -> String {
    serde_json::to_string_pretty(queue).expect("every document has a JSON form")
}
