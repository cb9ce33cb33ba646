use ferry_bench::{Failover, Measurement, Outcome, Percentiles};
use serde::Serialize;

use crate::table::{Table, cell};

/// What all runs have found: the document of `--json`.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    /// The version of this program.
    pub(crate) version: &'static str,
    /// Processors of this machine.
    pub(crate) processors: usize,
    /// Whether it talked HTTP/2.
    pub(crate) http2: bool,
    /// Rates and latencies.
    pub(crate) measurements: Vec<Measurement>,
    /// Deaths of leaders.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) failovers: Vec<Failover>,
}

impl Report {
    /// A report without results.
    pub(crate) fn new(http2: bool) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION"),
            processors: std::thread::available_parallelism().map_or(1, usize::from),
            http2,
            ..Self::default()
        }
    }

    /// Adds what a run has found.
    pub(crate) fn add(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Measured(measurements) => self.measurements.extend(measurements),
            Outcome::Failover(failover) => self.failovers.push(failover),
        }
    }

    /// Whether nothing was found.
    pub(crate) fn is_empty(&self) -> bool {
        self.measurements.is_empty() && self.failovers.is_empty()
    }

    /// What went wrong, if anything did.
    pub(crate) fn verdict(&self) -> Result<(), String> {
        let errors: u64 = self.measurements.iter().map(|measurement| measurement.errors).sum();
        let missing: u64 = self.failovers.iter().map(|failover| failover.missing).sum();
        let doubled: u64 = self.failovers.iter().map(|failover| failover.doubled).sum();
        let counts = [
            (errors, "requests failed"),
            (missing, "acknowledged tasks are missing"),
            (doubled, "tasks are doubled"),
        ];
        let wrong = counts.iter().filter(|(count, _)| *count > 0);
        let wrong: Vec<_> = wrong.map(|(count, what)| format!("{count} {what}")).collect();
        if wrong.is_empty() { Ok(()) } else { Err(wrong.join(", ")) }
    }

    /// What people read.
    pub(crate) fn text(&self) -> String {
        let mut parts = vec![rates(&self.measurements)];
        parts.push(costs(&self.measurements));
        parts.push(failovers(&self.failovers));
        let samples = self.measurements.iter().flat_map(|measurement| {
            let name = &measurement.scenario;
            measurement.error_samples.iter().map(move |sample| format!("{name} failed: {sample}\n"))
        });
        parts.push(samples.collect());
        parts.retain(|part| !part.is_empty());
        parts.join("\n")
    }
}

/// The cells by which a row of one table is found in the other.
fn names(measurement: &Measurement) -> Vec<String> {
    let Measurement { scenario, concurrency, batch, waiting, .. } = measurement;
    vec![scenario.clone(), concurrency.to_string(), batch.to_string(), cell(*waiting)]
}

fn rates(measurements: &[Measurement]) -> String {
    let mut table = Table::new(&[
        "SCENARIO", "C", "BATCH", "WAITING", "TASKS", "TASKS/S", "P50 MS", "P99 MS", "P99.9 MS",
        "MAX MS", "ERRORS",
    ]);
    for measurement in measurements {
        let latency = |us: fn(&Percentiles) -> u64| {
            cell(measurement.latency_us.as_ref().map(|all| millis(us(all))))
        };
        let mut row = names(measurement);
        row.extend([
            measurement.tasks.to_string(),
            format!("{:.0}", measurement.rate),
            latency(|all| all.p50),
            latency(|all| all.p99),
            latency(|all| all.p999),
            latency(|all| all.max),
            measurement.errors.to_string(),
        ]);
        table.row(row);
    }
    table.into_text()
}

/// What tasks cost: processor seconds per 1,000 tasks, the rest per task.
fn costs(measurements: &[Measurement]) -> String {
    let mut table = Table::new(&[
        "SCENARIO",
        "C",
        "BATCH",
        "WAITING",
        "SERVER CPU S/1000",
        "CLIENT CPU S/1000",
        "SWITCHES/TASK",
        "DISK BYTES/TASK/NODE",
        "RESIDENT MIB",
        "BYTES/WAITING/NODE",
    ]);
    for measurement in measurements {
        let server = measurement.server.as_ref();
        let disk = server.and_then(|cost| cost.disk_bytes_per_task_and_node);
        let waiting = measurement.resident_bytes_per_waiting_task_and_node;
        let mut row = names(measurement);
        row.extend([
            cell(server.map(|cost| format!("{:.4}", cost.cpu_seconds_per_1000))),
            cell(measurement.client_cpu_seconds_per_1000.map(|cpu| format!("{cpu:.4}"))),
            cell(server.map(|cost| format!("{:.2}", cost.context_switches_per_task))),
            cell(disk.map(|bytes| format!("{bytes:.0}"))),
            cell(server.map(|cost| cost.resident_bytes >> 20)),
            cell(waiting.map(|bytes| format!("{bytes:.0}"))),
        ]);
        table.row(row);
    }
    table.into_text()
}

fn failovers(failovers: &[Failover]) -> String {
    let mut table = Table::new(&[
        "SCENARIO",
        "C",
        "ROUND",
        "GAP MS",
        "ACKNOWLEDGED",
        "MISSING",
        "DOUBLED",
        "REPEATED",
    ]);
    for failover in failovers {
        for (index, round) in failover.rounds.iter().enumerate() {
            table.row(vec![
                "failover".to_owned(),
                failover.concurrency.to_string(),
                (index + 1).to_string(),
                format!("{:.0}", round.longest_gap_ms),
                round.acknowledged.to_string(),
                round.missing.to_string(),
                round.doubled.to_string(),
                round.repeated.to_string(),
            ]);
        }
        table.row(vec![
            "failover".to_owned(),
            failover.concurrency.to_string(),
            "median".to_owned(),
            format!("{:.0}", failover.median_gap_ms),
        ]);
    }
    table.into_text()
}

fn millis(us: u64) -> String {
    format!("{:.3}", us as f64 / 1_000.0)
}
