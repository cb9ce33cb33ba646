use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use ferry_bench::{Bench as Runner, Ferry, Plan, RequestError, Scenario, Shape};
use ferry_types::limits;

use crate::arguments::Global;
use crate::bench::{ProgressLine, Report, Run, ScenarioName, runs};
use crate::failure::Failure;
use crate::interrupts::Interrupts;

/// Measure a cluster: rates, latencies, and what a task costs
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  ferry bench --cluster                              the standard set, on a cluster for this purpose
  ferry bench enqueue --concurrency 1,16,64,256
  ferry bench drain --batch 100 --seconds 30
  ferry bench failover backlog --cluster
  ferry bench enqueue --plot enqueue.svg --json > enqueue.json
  ferry bench drain --queue '{\"fair\": true}' --task '{\"key\": \"k{n}\"}'
  ferry bench drain --batch 100 --queue '{\"assign\": \"best_fit\"}'

Where the queue assigns, the workers of drain are registered ones with --batch slots.

It measures the cluster at --server and talks to its leader, in queues of its own (bench-...), which
it deletes. They keep no results of tasks. What the servers use is read from /proc if they run on
this machine; these columns are empty otherwise. Compare runs of one machine and one hour only.
Exit code 1 if a request failed.")]
pub(crate) struct Bench {
    /// What to measure [default: enqueue, batch, drain one by one and by 100, mixed]
    #[arg(value_enum, value_name = "SCENARIO")]
    scenarios: Vec<ScenarioName>,
    /// Producers or workers, each with a connection of its own; several numbers are several runs
    #[arg(long, value_name = "C,...", value_delimiter = ',', value_parser = at_least_one(4_096))]
    concurrency: Vec<u64>,
    /// Tasks a request (batch), or a step of a worker (drain) [default: 100 for batch, else 1]
    #[arg(long, value_name = "N", value_parser = at_least_one(limits::TASKS_PER_REQUEST_MAX as u64))]
    batch: Option<u64>,
    /// How long to measure, in seconds
    #[arg(long, value_name = "S", default_value = "10", value_parser = seconds)]
    seconds: Duration,
    /// How long to run under load before anything counts, in seconds
    #[arg(long, value_name = "S", default_value = "2", value_parser = seconds)]
    warmup: Duration,
    /// The size of a payload
    #[arg(long, value_name = "B", default_value = "256", value_parser = payload_bytes())]
    payload_bytes: u64,
    /// Tasks that are put into a queue before it is drained [default: enough for the time]
    #[arg(long, value_name = "N", value_parser = at_least_one(100_000_000))]
    tasks: Option<u64>,
    /// Tasks a second in all (mixed)
    #[arg(long, value_name = "R", default_value = "1000", value_parser = rate)]
    rate: f64,
    /// How many tasks wait (backlog); several numbers are several runs
    #[arg(
        long,
        value_name = "N,...",
        value_delimiter = ',',
        default_value = "1000,100000,5000000",
        value_parser = at_least_one(100_000_000)
    )]
    waiting: Vec<u64>,
    /// How often the leader is killed (failover)
    #[arg(long, value_name = "N", default_value = "5", value_parser = at_least_one(1_000))]
    rounds: u64,
    /// Settings of the queues, as PUT /v1/queues/{queue} takes them
    #[arg(long, value_name = "JSON")]
    queue: Option<String>,
    /// Fields of every task besides its payload; {n} in a text becomes one of 1,000 numbers
    #[arg(long, value_name = "JSON")]
    task: Option<String>,
    /// Talk HTTP/2 instead of HTTP/1.1
    #[arg(long)]
    http2: bool,
    /// Draw latency by percentile and rate over time into an SVG file
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
    /// Measure a cluster of three nodes that is started for this purpose and removed
    #[arg(long)]
    cluster: bool,
}

fn at_least_one(most: u64) -> clap::builder::RangedU64ValueParser {
    clap::value_parser!(u64).range(1..=most)
}

fn payload_bytes() -> clap::builder::RangedU64ValueParser {
    // Two bytes are the quotes that make JSON of it.
    clap::value_parser!(u64).range(0..=limits::PAYLOAD_BYTES_MAX as u64 - 2)
}

fn seconds(text: &str) -> Result<Duration, String> {
    let refuse = || "must be a number of seconds, 0 to 86400".to_owned();
    let seconds: f64 = text.parse().map_err(|_| refuse())?;
    if !(0.0..=86_400.0).contains(&seconds) {
        return Err(refuse());
    }
    Ok(Duration::from_secs_f64(seconds))
}

fn rate(text: &str) -> Result<f64, String> {
    let rate = text.parse().ok().filter(|rate| (0.1..=1_000_000.0).contains(rate));
    rate.ok_or_else(|| "must be a number of tasks a second, 0.1 to 1000000".to_owned())
}

impl Bench {
    pub(crate) async fn run(self, global: &Global) -> Result<(), Failure> {
        if self.seconds.is_zero() {
            return Err(Failure::new("--seconds must be more than 0"));
        }
        if self.scenarios.contains(&ScenarioName::Failover) && !self.cluster {
            return Err(Failure::new(
                "failover kills nodes: it needs a cluster of its own; add --cluster",
            ));
        }
        // Before anything is measured: a wrong path must not cost minutes.
        let plot = self.plot.as_deref().map(create).transpose()?;
        let shape = Shape::new(self.queue.as_deref(), self.task.as_deref()).map_err(refused)?;
        let target = self.target(global).await.map_err(refused)?.with_shape(shape);
        let bench = Runner::new(target);
        let mut report = Report::new(self.http2);
        // Queues and clusters are removed then.
        let mut interrupts = Interrupts::listen()?;
        let interrupted = async move { interrupts.next().await };
        let measured = tokio::select! {
            measured = self.measure(&bench, &mut report) => measured,
            () = interrupted => Err(Failure::new("interrupted")),
        };
        if measured.is_err() {
            // An abandoned run leaves its queue behind; why it was abandoned is what counts.
            let _ = bench.clear().await;
        }
        if !report.is_empty() {
            global.output().show(&report, Report::text)?;
        }
        if let (Some(path), Some(mut file)) = (&self.plot, plot) {
            let drawn = file.write_all(ferry_bench::plot(&report.measurements).as_bytes());
            drawn.map_err(|error| unwritable(path, &error))?;
        }
        measured.and_then(|()| report.verdict().map_err(Failure::new))
    }

    async fn target(&self, global: &Global) -> Result<Ferry, RequestError> {
        if !self.cluster {
            return Ferry::connect(global.servers(), self.http2).await;
        }
        let executable = std::env::current_exe().map_err(RequestError::new)?;
        Ferry::start(&executable, self.http2).await
    }

    async fn measure(&self, bench: &Runner<Ferry>, report: &mut Report) -> Result<(), Failure> {
        let concurrency: Vec<_> = self.concurrency.iter().map(|&count| whole(count)).collect();
        for run in runs(&self.scenarios, &concurrency, self.batch.map(whole)) {
            for plan in self.plans(run) {
                let line = ProgressLine::new(run.to_string(), plan.duration);
                let show = |progress| line.show(progress);
                report.add(bench.run(run.scenario, &plan, &show).await.map_err(refused)?);
            }
        }
        Ok(())
    }

    /// One, or one for each number of waiting tasks where that is the point.
    fn plans(&self, run: Run) -> Vec<Plan> {
        let plan = Plan {
            concurrency: run.concurrency,
            batch: run.batch,
            rate: self.rate,
            warmup: self.warmup,
            duration: self.seconds,
            payload_bytes: whole(self.payload_bytes),
            tasks: self.tasks,
            rounds: whole(self.rounds),
            ..Plan::default()
        };
        match run.scenario {
            Scenario::Backlog => {
                self.waiting.iter().map(|&waiting| Plan { waiting, ..plan }).collect()
            }
            Scenario::Enqueue
            | Scenario::Batch
            | Scenario::Drain
            | Scenario::Mixed
            | Scenario::Failover => vec![plan],
        }
    }
}

fn create(path: &Path) -> Result<File, Failure> {
    File::create(path).map_err(|error| unwritable(path, &error))
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::new(format!("cannot write {}: {error}", path.display()))
}

fn refused(error: RequestError) -> Failure {
    Failure::new(error.to_string())
}

/// A number of the command line, whose parsers refuse what is too large.
fn whole(number: u64) -> usize {
    usize::try_from(number).expect("the parsers refuse large numbers")
}
