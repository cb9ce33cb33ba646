mod put;

use clap::{Args, Subcommand};
use ferry_api::{LimitDocument, PageQuery};
use ferry_types::LimitName;

use crate::arguments::Global;
use crate::failure::Failure;
use crate::pages;
use crate::table::{Table, cell};
use put::Put;

/// Look at limits over many tasks, set and delete them
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  ferry limits
  ferry limits put smtp --type send --max-concurrency 20
  ferry limits put tenant-7 --queue mail --key tenant-7 --rate 5 --burst 10
  ferry limits delete smtp")]
pub(crate) struct Limits {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the limits (also without a word)
    List,
    /// Show a limit
    Show {
        /// Its name
        limit: LimitName,
    },
    /// Create a limit or replace what it says
    Put(Put),
    /// Delete a limit: it binds no task any more
    Delete {
        /// Its name
        limit: LimitName,
    },
}

impl Limits {
    pub(crate) async fn run(self, global: &Global) -> Result<(), Failure> {
        let client = global.client()?;
        match self.action.unwrap_or(Action::List) {
            Action::List => {
                let page = async |page: &PageQuery| {
                    let list = client.limits(page).await?;
                    Ok((list.limits, list.next_page_token))
                };
                pages::show(page, table, global).await
            }
            Action::Show { limit } => global.output().show_indented(&client.limit(&limit).await?),
            Action::Put(put) => {
                let limit = client.put_limit(&put.limit, &put.settings()).await?;
                global.output().show_indented(&limit)
            }
            Action::Delete { limit } => {
                client.delete_limit(&limit).await?;
                eprintln!("{limit} is deleted");
                Ok(())
            }
        }
    }
}

fn table(limits: &[LimitDocument]) -> String {
    let headings =
        ["LIMIT", "QUEUE", "KEY", "TYPE", "LEASED", "MAX CONCURRENCY", "PER SECOND", "BURST"];
    let mut table = Table::new(&headings);
    for LimitDocument { limit, scope, max_concurrency, rate, leased } in limits {
        table.row(vec![
            limit.to_string(),
            cell(scope.queue.as_ref()),
            cell(scope.key.as_ref()),
            cell(scope.task_type.as_ref()),
            leased.to_string(),
            cell(*max_concurrency),
            cell(rate.map(|rate| rate.per_second)),
            cell(rate.and_then(|rate| rate.burst)),
        ]);
    }
    table.into_text()
}
