mod options;

use std::io::{BufRead, IsTerminal};
use std::time::Duration;

use clap::Args;
use ferry_api::{NewTask, TaskDocument};
use ferry_types::{IdempotencyKey, QueueName};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::sync::mpsc;

use crate::arguments::Global;
use crate::failure::Failure;
use options::Options;

/// Tasks in one request, unless their payloads are large.
const BATCH_TASKS_MAX: usize = 500;
/// Payload bytes after which a request takes no further task; a body may have four times as many.
const BATCH_BYTES_MAX: usize = 1 << 20;
/// Lines that wait while a request is in flight; when there are more, the reader waits.
const LINES_AHEAD: usize = 4 * BATCH_TASKS_MAX;

/// Enqueue a task, or one for each line of stdin
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  ferry enqueue mail '{\"to\": \"ann\"}' --priority 9
  ferry enqueue mail hello --delay-ms 60000 --label team=blue
  ferry enqueue mail hello --key ann --lock smtp --unique welcome-ann
  ferry enqueue report '{}' --depends-on t1 --depends-on t2
  seq 100000 | ferry enqueue numbers -

A payload that is not JSON is sent as a JSON string. Empty lines are passed over.")]
pub(crate) struct Enqueue {
    /// The queue
    queue: QueueName,
    /// The payload; - reads stdin, a task a line, as does no payload when stdin is no terminal
    payload: Option<String>,
    #[command(flatten)]
    options: Options,
    /// A name for this write, to repeat it by when its outcome is not known
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<IdempotencyKey>,
}

impl Enqueue {
    pub(crate) async fn run(self, global: &Global) -> Result<(), Failure> {
        match &self.payload {
            Some(text) if text != "-" => self.one(text, global).await,
            None if std::io::stdin().is_terminal() => {
                Err(Failure::new("give a payload, or - to read a task a line from stdin"))
            }
            Some(_) | None if self.idempotency_key.is_some() => {
                Err(Failure::new("--idempotency-key names one task; it does not go with stdin"))
            }
            Some(_) | None if self.options.is_unique() => {
                Err(Failure::new("--unique names one task; it does not go with stdin"))
            }
            Some(_) | None => self.lines(global).await,
        }
    }

    async fn one(&self, text: &str, global: &Global) -> Result<(), Failure> {
        let client = global.client()?;
        let mut request = client.enqueue(&self.queue, self.options.task(text.as_bytes()));
        if let Some(key) = &self.idempotency_key {
            request = request.key(key.clone());
        }
        let task = request.await?;
        global.output().show(&task, |task: &TaskDocument| task.id.to_string())
    }

    /// Sends what was read while the last request was in flight as the next one.
    async fn lines(&self, global: &Global) -> Result<(), Failure> {
        let client = global.patient_client().await?;
        let mut lines = read_lines();
        let bar = bar();
        let mut failure = None;
        while let Some(tasks) = self.batch(&mut lines).await {
            let tasks = match tasks {
                Ok(tasks) => tasks,
                Err(error) => {
                    failure = Some(Failure::new(format!("cannot read stdin: {error}")));
                    break;
                }
            };
            match client.enqueue_many(&self.queue, tasks).await {
                Ok(answer) => {
                    bar.inc(answer.tasks.len() as u64);
                    if global.output().json {
                        answer.tasks.iter().try_for_each(|task| global.output().document(task))?;
                    }
                }
                Err(error) => {
                    failure = Some(error.into());
                    break;
                }
            }
        }
        bar.finish_and_clear();
        eprintln!("{} tasks are in {}", bar.position(), self.queue);
        failure.map_or(Ok(()), Err)
    }

    async fn batch(
        &self,
        lines: &mut mpsc::Receiver<std::io::Result<Vec<u8>>>,
    ) -> Option<std::io::Result<Vec<NewTask>>> {
        let mut next = Some(lines.recv().await?);
        let (mut tasks, mut bytes) = (Vec::new(), 0);
        while let Some(line) = next.take() {
            match line {
                Ok(line) => {
                    bytes += line.len();
                    tasks.push(self.options.task(&line));
                }
                Err(error) => return Some(Err(error)),
            }
            if tasks.len() < BATCH_TASKS_MAX && bytes < BATCH_BYTES_MAX {
                next = lines.try_recv().ok();
            }
        }
        Some(Ok(tasks))
    }
}

/// The lines of stdin that are not empty. Read by a thread, since stdin has no other way.
fn read_lines() -> mpsc::Receiver<std::io::Result<Vec<u8>>> {
    let (sender, receiver) = mpsc::channel(LINES_AHEAD);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().split(b'\n') {
            let line = line.map(|line| line.strip_suffix(b"\r").unwrap_or(&line).to_vec());
            let is_last = line.is_err();
            let is_empty = line.as_ref().is_ok_and(Vec::is_empty);
            // The command has failed and is ending if nobody receives.
            if !is_empty && sender.blocking_send(line).is_err() || is_last {
                return;
            }
        }
    });
    receiver
}

fn bar() -> ProgressBar {
    // On anything but a terminal it draws nothing.
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
    let style = ProgressStyle::with_template("{spinner} {human_pos} tasks, {per_sec}");
    bar.set_style(style.expect("the template is valid"));
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}
