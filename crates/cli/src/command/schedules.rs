mod put;

use clap::{Args, Subcommand};
use ferry_api::{PageQuery, ScheduleDocument, ScheduleSettings};
use ferry_client::Client;
use ferry_types::ScheduleName;

use crate::arguments::Global;
use crate::failure::Failure;
use crate::pages;
use crate::table::{Table, cell};
use put::Put;

/// Look at schedules, set, pause and delete them
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  ferry schedules
  ferry schedules put report --queue reports --cron '0 9 * * MON-FRI' --timezone Europe/Berlin '{}'
  ferry schedules put poll --queue polls --every-ms 5000 --overlap skip '{}'
  ferry schedules pause report
  ferry schedules delete report")]
pub(crate) struct Schedules {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the schedules (also without a word)
    List,
    /// Show a schedule
    Show {
        /// Its name
        schedule: ScheduleName,
    },
    /// Create a schedule or replace what it says; what is left out goes back to its default
    Put(Box<Put>),
    /// Have a schedule not fire until it is resumed
    Pause {
        /// Its name
        schedule: ScheduleName,
    },
    /// Have a schedule fire again; what it missed follows its --catch-up
    Resume {
        /// Its name
        schedule: ScheduleName,
    },
    /// Delete a schedule: its tasks stay
    Delete {
        /// Its name
        schedule: ScheduleName,
    },
}

impl Schedules {
    pub(crate) async fn run(self, global: &Global) -> Result<(), Failure> {
        let client = global.client()?;
        match self.action.unwrap_or(Action::List) {
            Action::List => {
                let page = async |page: &PageQuery| {
                    let list = client.schedules(page).await?;
                    Ok((list.schedules, list.next_page_token))
                };
                pages::show(page, table, global).await
            }
            Action::Show { schedule } => show(&client.schedule(&schedule).await?, global),
            Action::Put(put) => {
                show(&client.put_schedule(&put.schedule, &put.settings()).await?, global)
            }
            Action::Pause { schedule } => {
                show(&set_paused(&client, &schedule, true).await?, global)
            }
            Action::Resume { schedule } => {
                show(&set_paused(&client, &schedule, false).await?, global)
            }
            Action::Delete { schedule } => {
                client.delete_schedule(&schedule).await?;
                eprintln!("{schedule} is deleted");
                Ok(())
            }
        }
    }
}

fn show(schedule: &ScheduleDocument, global: &Global) -> Result<(), Failure> {
    global.output().show_indented(schedule)
}

/// Puts a schedule again as it stands, but for this. If somebody puts it at the same moment, the
/// later of the two holds.
async fn set_paused(
    client: &Client,
    schedule: &ScheduleName,
    paused: bool,
) -> Result<ScheduleDocument, Failure> {
    let settings = client.schedule(schedule).await?.into_settings();
    Ok(client.put_schedule(schedule, &ScheduleSettings { paused, ..settings }).await?)
}

fn table(schedules: &[ScheduleDocument]) -> String {
    let mut table = Table::new(&["SCHEDULE", "QUEUE", "WHEN", "ZONE", "NEXT", "LAST", "SKIPPED"]);
    for schedule in schedules {
        let every = schedule.every_ms.map(|millis| format!("every {millis} ms"));
        let next = schedule.next_at.map(|at| at.to_string());
        let paused = schedule.paused.then(|| "paused".to_owned());
        table.row(vec![
            schedule.schedule.to_string(),
            schedule.queue.to_string(),
            cell(schedule.cron.clone().or(every)),
            cell(schedule.timezone.as_ref()),
            cell(next.or(paused)),
            cell(schedule.last_at),
            cell(schedule.last_skip.as_ref().map(|skip| &skip.reason)),
        ]);
    }
    table.into_text()
}
