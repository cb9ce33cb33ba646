use clap::{Args, Subcommand};
use ferry_api::{HistoryItem, TaskDocument, TaskState, TasksQuery};
use ferry_types::{QueueName, TaskId, WorkerName};

use crate::arguments::Global;
use crate::failure::Failure;
use crate::payload;
use crate::table::Table;

/// Look at tasks without taking them; cancel, retry or run one
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:
  ferry tasks --queue mail --state dead
  ferry tasks show t42
  ferry tasks history t42
  ferry tasks cancel t42"
)]
pub(crate) struct Tasks {
    #[command(subcommand)]
    action: Option<Action>,
    /// Only of this queue
    #[arg(long)]
    queue: Option<QueueName>,
    /// Only in this state: scheduled, blocked, ready, leased, retrying, succeeded, dead,
    /// cancelled or expired
    #[arg(long)]
    state: Option<TaskState>,
    /// Only held by this worker
    #[arg(long, value_name = "NAME")]
    worker: Option<WorkerName>,
    /// Only of this type
    #[arg(long = "type", value_name = "TYPE")]
    task_type: Option<String>,
    /// Only with this ordering key
    #[arg(long)]
    key: Option<String>,
    /// The most tasks of a page
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
    /// All pages, not the first alone
    #[arg(long)]
    all: bool,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Show a task
    Show {
        /// Its id
        task: TaskId,
    },
    /// Show what happened to a task, change by change
    History {
        /// Its id
        task: TaskId,
    },
    /// Call a task off; who holds it learns it when it next extends or settles
    Cancel {
        /// Its id
        task: TaskId,
    },
    /// Give a dead task all its attempts again
    Retry {
        /// Its id
        task: TaskId,
    },
    /// Have a scheduled or retrying task wait no longer
    RunNow {
        /// Its id
        task: TaskId,
    },
}

impl Tasks {
    pub(crate) async fn run(self, global: &Global) -> Result<(), Failure> {
        let client = global.client()?;
        let one = match self.action {
            None => None,
            Some(Action::History { task }) => {
                let changes = client.task_history(task).await?.history;
                return global.output().show_all(&changes, history_table);
            }
            Some(Action::Show { task }) => Some(client.task(task)),
            Some(Action::Cancel { task }) => Some(client.cancel(task)),
            Some(Action::Retry { task }) => Some(client.retry(task)),
            Some(Action::RunNow { task }) => Some(client.run_now(task)),
        };
        if let Some(request) = one {
            return global.output().show_indented(&request.await?);
        }
        let mut query = TasksQuery {
            queue: self.queue,
            state: self.state,
            key: self.key,
            worker: self.worker,
            task_type: self.task_type,
            limit: Some(self.limit),
            page_token: None,
        };
        loop {
            let page = client.tasks(&query).await?;
            global.output().show_all(&page.tasks, table)?;
            query.page_token = page.next_page_token;
            if query.page_token.is_none() {
                return Ok(());
            }
            if !self.all {
                eprintln!("there are more; --all shows them");
                return Ok(());
            }
        }
    }
}

fn history_table(changes: &[HistoryItem]) -> String {
    let headings = ["AT", "INDEX", "CHANGE", "STATE", "ATTEMPT", "NODE", "WORKER"];
    let mut table = Table::new(&headings);
    for change in changes {
        table.row(vec![
            change.at.to_string(),
            change.index.to_string(),
            change.change.to_string(),
            change.state.to_string(),
            change.attempt.to_string(),
            change.node.map_or_else(String::new, |node| node.to_string()),
            change.worker.as_ref().map_or_else(String::new, ToString::to_string),
        ]);
    }
    table.into_text()
}

fn table(tasks: &[TaskDocument]) -> String {
    let headings = ["TASK", "QUEUE", "STATE", "PRIORITY", "ATTEMPT", "ENQUEUED", "PAYLOAD"];
    let mut table = Table::new(&headings);
    for task in tasks {
        table.row(vec![
            task.id.to_string(),
            task.queue.to_string(),
            task.state.to_string(),
            task.priority.to_string(),
            task.attempt.to_string(),
            task.enqueued_at.to_string(),
            payload::brief(task),
        ]);
    }
    table.into_text()
}
