use clap::{Args, Subcommand};
use ferry_api::{PageQuery, WorkerDocument};
use ferry_types::WorkerName;

use crate::arguments::Global;
use crate::failure::Failure;
use crate::pages;
use crate::table::Table;

/// Look at registered workers, drain and remove them
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  ferry workers
  ferry workers show resize-1
  ferry workers drain resize-1      it gets nothing new
  ferry workers delete resize-1     its leases go back at once")]
pub(crate) struct Workers {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the workers (also without a word)
    List,
    /// Show a worker with its leases
    Show {
        /// Its name
        worker: WorkerName,
    },
    /// Have a worker get nothing new; its leases stand
    Drain {
        /// Its name
        worker: WorkerName,
    },
    /// Remove a worker; its leases go back at once
    Delete {
        /// Its name
        worker: WorkerName,
    },
}

impl Workers {
    pub(crate) async fn run(self, global: &Global) -> Result<(), Failure> {
        let client = global.client()?;
        match self.action.unwrap_or(Action::List) {
            Action::List => {
                let page = async |page: &PageQuery| {
                    let list = client.workers(page).await?;
                    Ok((list.workers, list.next_page_token))
                };
                pages::show(page, table, global).await
            }
            Action::Show { worker } => {
                global.output().show_indented(&client.worker(&worker).await?)
            }
            Action::Drain { worker } => {
                global.output().show_indented(&client.drain_worker(&worker).await?)
            }
            Action::Delete { worker } => {
                client.delete_worker(&worker).await?;
                eprintln!("{worker} is gone");
                Ok(())
            }
        }
    }
}

fn table(workers: &[WorkerDocument]) -> String {
    let mut table = Table::new(&["WORKER", "QUEUES", "SLOTS", "RESOURCES", "LABELS", "STATE"]);
    for worker in workers {
        let queues: Vec<&str> = worker.queues.iter().map(|queue| queue.as_str()).collect();
        let used = |name: &String| worker.load.resources.get(name).copied().unwrap_or(0);
        let resources = worker.resources.iter();
        let resources = resources.map(|(name, all)| format!("{name} {}/{all}", used(name)));
        let labels = worker.labels.iter().map(|(key, value)| format!("{key}={value}"));
        table.row(vec![
            worker.worker.to_string(),
            queues.join(","),
            format!("{}/{}", worker.load.slots, worker.slots),
            resources.collect::<Vec<_>>().join(", "),
            labels.collect::<Vec<_>>().join(","),
            if worker.draining { "draining" } else { "open" }.to_owned(),
        ]);
    }
    table.into_text()
}
