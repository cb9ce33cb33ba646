use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use clap::Args;
use ferry_api::{TaskDocument, WorkerSettings};
use ferry_client::worker::{Event, Outcome, Worker};
use ferry_types::{QueueName, WorkerName};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use tokio::sync::Notify;

use crate::arguments::Global;
use crate::failure::Failure;
use crate::interrupts::Interrupts;
use crate::output::Output;
use crate::work::{Program, Ran};
use crate::{labels, resources};

/// Run a command for each task
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  ferry work mail -- ./send-mail
  ferry work numbers --drain --concurrency 4 -- sh -c 'cat; sleep 1'
  ferry work video --slots 4 --resources cpu_millis=8000,gpu=1 --labels zone=a -- ./encode

The command gets the payload on stdin (a JSON string as its text, other JSON as it was enqueued,
or bytes) and FERRY_TASK_ID, FERRY_QUEUE, FERRY_ATTEMPT and FERRY_LEASE in its environment.
Exit code 0 acks the task with stdout as its result; any other nacks it with the end of stderr.
The lease is extended meanwhile. Ctrl-C lets the running commands finish; a second one does not.")]
pub(crate) struct Work {
    /// The queues: tried in order, except those that assign their tasks to registered workers
    #[arg(required = true, value_name = "QUEUE")]
    queues: Vec<QueueName>,
    /// The command
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
    /// How many commands run at a time
    #[arg(long, value_name = "N", default_value = "1")]
    concurrency: NonZeroUsize,
    /// Register with so many slots, and run what is assigned, and what queues that assign nothing
    /// have: as many commands at a time
    #[arg(
        long,
        value_name = "N",
        conflicts_with_all = ["concurrency", "lease_ms"],
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    slots: Option<u32>,
    /// What the registered worker has of a resource, separated by commas
    #[arg(
        long,
        value_name = "NAME=AMOUNT",
        value_delimiter = ',',
        value_parser = resources::parse,
        requires = "slots"
    )]
    resources: Vec<(String, u64)>,
    /// What tasks may select the registered worker by, separated by commas
    #[arg(
        long,
        value_name = "KEY=VALUE",
        value_delimiter = ',',
        value_parser = labels::parse,
        requires = "slots"
    )]
    labels: Vec<(String, String)>,
    /// How long the registered worker's session lasts without a sign of life, in milliseconds
    #[arg(
        long,
        value_name = "MS",
        default_value_t = WorkerSettings::default().session_ms,
        requires = "slots"
    )]
    session_ms: u64,
    /// End once the queues have no unfinished task
    #[arg(long)]
    drain: bool,
    /// How long a lease lasts unless it is extended, in milliseconds [default: the task's]
    #[arg(long, value_name = "MS")]
    lease_ms: Option<u64>,
    /// The name that leases show. That of a registered worker must be no other process's [default:
    /// of the machine and the process]
    #[arg(long, value_name = "NAME")]
    worker: Option<WorkerName>,
}

impl Work {
    pub(crate) async fn run(self, global: &Global) -> Result<(), Failure> {
        let program = Arc::new(Program::new(self.command));
        let client = global.patient_client().await?;
        let settings = self.slots.map(|slots| WorkerSettings {
            slots,
            resources: self.resources.into_iter().collect(),
            labels: self.labels.into_iter().collect(),
            session_ms: self.session_ms,
            ..WorkerSettings::default()
        });
        let progress = Arc::new(Progress::new(global.output()));
        let teller = progress.clone();
        let mut worker = Worker::new(client, self.queues)
            .concurrency(self.concurrency.get())
            .listener(move |event| teller.tell(&event));
        if let Some(settings) = settings {
            worker = worker.registered(self.worker.unwrap_or_else(own_name), settings);
        } else if let Some(name) = self.worker {
            worker = worker.name(name);
        }
        if let Some(lease) = self.lease_ms {
            worker = worker.lease(Duration::from_millis(lease));
        }
        if self.drain {
            worker = worker.until_empty();
        }
        // What stops the work besides the user: a command that cannot be run at all.
        let broken = Arc::new(Notify::new());
        let (runner, alarm) = (program.clone(), broken.clone());
        let handler = move |task: TaskDocument| {
            let (program, alarm) = (runner.clone(), alarm.clone());
            async move {
                match program.run(&task).await {
                    Ran::Ended(outcome) => outcome,
                    Ran::NotRun => {
                        alarm.notify_one();
                        Outcome::Released
                    }
                }
            }
        };
        let interrupted = interrupted()?;
        let stop = async {
            tokio::select! {
                () = broken.notified() => {}
                () = interrupted => eprintln!("finishing what runs; again to drop it"),
            }
        };
        let outcome = worker.run(handler, stop).await;
        progress.finish();
        match program.why_not_run() {
            Some(why) => Err(Failure::new(why)),
            None => Ok(outcome?),
        }
    }
}

/// A name that no other process has at this time.
fn own_name() -> WorkerName {
    let host = std::fs::read_to_string("/etc/hostname").unwrap_or_default();
    let name = format!("{}-{}", host.trim(), std::process::id());
    let plain = || format!("worker-{}", std::process::id()).parse();
    name.parse().or_else(|_| plain()).expect("letters, a dash and a number are a name")
}

/// Ready at the first interrupt; the second ends the process.
fn interrupted() -> Result<impl Future<Output = ()>, Failure> {
    let mut interrupts = Interrupts::listen()?;
    Ok(async move {
        interrupts.next().await;
        tokio::spawn(async move {
            interrupts.next_from_keyboard().await;
            // The shell's code for a process that SIGINT ended.
            std::process::exit(130);
        });
    })
}

/// What a person sees of the work, and what a program reads of it.
struct Progress {
    output: Output,
    bar: ProgressBar,
    done: AtomicU64,
    failed: AtomicU64,
}

/// A line of `--json`: what came of a command. What came of its settlement is another, as the node
/// answered it.
#[derive(Serialize)]
struct Handled<'a> {
    task: String,
    queue: &'a str,
    attempt: u32,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

impl Progress {
    fn new(output: Output) -> Self {
        // On anything but a terminal it draws nothing.
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
        let style = ProgressStyle::with_template("{spinner} {msg}, {per_sec}");
        bar.set_style(style.expect("the template is valid"));
        bar.enable_steady_tick(Duration::from_millis(100));
        let progress = Self { output, bar, done: AtomicU64::new(0), failed: AtomicU64::new(0) };
        progress.bar.set_message(progress.summary());
        progress
    }

    fn tell(&self, event: &Event<'_>) {
        match event {
            Event::Taken(_) => {}
            Event::Handled(task, Outcome::Done(_)) => self.count(&self.done, task, "done", None),
            Event::Handled(task, Outcome::Failed(nack)) => {
                let error = nack.error.as_deref().unwrap_or_default();
                let last = error.lines().rev().find(|line| !line.trim().is_empty());
                self.say(&format!("{} failed: {}", task.id, last.unwrap_or_default()));
                self.count(&self.failed, task, "failed", Some(error));
            }
            Event::Handled(task, Outcome::Released) => {
                self.say(&format!("{} is given back", task.id));
            }
            Event::Settled(item) => {
                if self.output.json {
                    // The work goes on if nobody reads about it.
                    let _ = self.output.document(item);
                }
                if let Some(detail) = item.code.and(item.detail.as_ref()) {
                    self.say(&format!("{} was not settled: {detail}", item.lease));
                }
            }
            Event::Lost(task) => {
                self.say(&format!(
                    "{} was dropped: it was cancelled, or its lease is lost",
                    task.id
                ));
                self.count(&self.failed, task, "lost", None);
            }
            Event::Trouble(error) => {
                let line = Failure::from((*error).clone()).line().unwrap_or_default();
                self.say(&format!("{line}; trying on"));
            }
            Event::Contested(name) => {
                self.say(&format!(
                    "what is assigned to {name} goes elsewhere again and again: does another \
                     process use this name? It must be unique (--worker)"
                ));
            }
        }
    }

    fn count(
        &self,
        counter: &AtomicU64,
        task: &TaskDocument,
        outcome: &'static str,
        error: Option<&str>,
    ) {
        counter.fetch_add(1, Ordering::Relaxed);
        self.bar.inc(1);
        self.bar.set_message(self.summary());
        if self.output.json {
            let queue = task.queue.as_str();
            let line =
                Handled { task: task.id.to_string(), queue, attempt: task.attempt, outcome, error };
            // The work goes on if nobody reads about it.
            let _ = self.output.document(&line);
        }
    }

    fn say(&self, line: &str) {
        self.bar.suspend(|| eprintln!("ferry: {line}"));
    }

    fn summary(&self) -> String {
        let (done, failed) =
            (self.done.load(Ordering::Relaxed), self.failed.load(Ordering::Relaxed));
        format!("{done} done, {failed} failed")
    }

    fn finish(&self) {
        self.bar.finish_and_clear();
        eprintln!("{}", self.summary());
    }
}
