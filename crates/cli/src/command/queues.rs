mod purge;
mod put;
mod redrive;

use clap::{Args, Subcommand};
use ferry_api::{PageQuery, QueueDocument};
use ferry_types::QueueName;

use crate::arguments::Global;
use crate::failure::Failure;
use crate::pages;
use crate::table::{Table, cell};
use purge::Purge;
use put::Put;
use redrive::Redrive;

/// Look at queues, configure, pause, clear and delete them
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  ferry queues
  ferry queues put mail --max-attempts 5 --lease-ms 60000
  ferry queues pause mail
  ferry queues redrive mail --error timeout --dry-run
  ferry queues purge mail dead
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
    /// Have a queue give no tasks until it is resumed; everything else goes on
    Pause {
        /// Its name
        queue: QueueName,
    },
    /// Have a queue give tasks again
    Resume {
        /// Its name
        queue: QueueName,
    },
    /// Remove tasks of a queue; leased ones stay
    Purge(Purge),
    /// Give dead tasks all their attempts again: they are ready, at their old places
    Redrive(Redrive),
    /// Delete a queue without unfinished or dead tasks
    Delete {
        /// Its name
        queue: QueueName,
        /// Delete its tasks with it
        #[arg(long)]
        force: bool,
    },
}

impl Queues {
    pub(crate) async fn run(self, global: &Global) -> Result<(), Failure> {
        let client = global.client()?;
        match self.action.unwrap_or(Action::List) {
            Action::List => {
                let page = async |page: &PageQuery| {
                    let list = client.queues(page).await?;
                    Ok((list.queues, list.next_page_token))
                };
                pages::show(page, table, global).await
            }
            Action::Show { queue } => show(client.queue(&queue).await?, global),
            Action::Put(put) => show(client.put_queue(&put.queue, &put.settings()).await?, global),
            Action::Pause { queue } => show(client.pause_queue(&queue).await?, global),
            Action::Resume { queue } => show(client.resume_queue(&queue).await?, global),
            Action::Purge(purge) => purge.run(global).await,
            Action::Redrive(redrive) => redrive.run(global).await,
            Action::Delete { queue, force } => {
                client.delete_queue(&queue, force).await?;
                eprintln!("{queue} is deleted");
                Ok(())
            }
        }
    }
}

fn show(queue: QueueDocument, global: &Global) -> Result<(), Failure> {
    global.output().show_indented(&queue)
}

fn table(queues: &[QueueDocument]) -> String {
    let mut table = Table::new(&[
        "QUEUE",
        "SCHEDULED",
        "BLOCKED",
        "READY",
        "LEASED",
        "RETRYING",
        "SUCCEEDED",
        "DEAD",
        "CANCELLED",
        "EXPIRED",
        "OLDEST MS",
        "PAUSED",
    ]);
    for QueueDocument { queue, paused, counts, oldest_ready_age_ms, .. } in queues {
        let mut row = vec![queue.to_string()];
        let counts = [
            counts.scheduled,
            counts.blocked,
            counts.ready,
            counts.leased,
            counts.retrying,
            counts.succeeded,
            counts.dead,
            counts.cancelled,
            counts.expired,
        ];
        row.extend(counts.map(|count| count.to_string()));
        row.push(cell(*oldest_ready_age_ms));
        row.push(cell(paused.then_some("yes")));
        table.row(row);
    }
    table.into_text()
}
