use ferry_bench::{Measurement, Outcome};
use serde::Serialize;

use crate::table::{Table, cell};

/// What all runs have found: the document of `--json`.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    /// The version of this program.
    pub(crate) version: &'static str,
    /// Processors of this machine.
    pub(crate) processors: usize,
    /// Rates and latencies.
    pub(crate) measurements: Vec<Measurement>,
}

impl Report {
    /// A report without results.
    pub(crate) fn new() -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION"),
            processors: std::thread::available_parallelism().map_or(1, usize::from),
            ..Self::default()
        }
    }

    /// Adds what a run has found.
    pub(crate) fn add(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Measured(measurements) => self.measurements.extend(measurements),
        }
    }

    /// Requests that failed, in all runs.
    pub(crate) fn errors(&self) -> u64 {
        self.measurements.iter().map(|measurement| measurement.errors).sum()
    }

    /// What people read: the tables, and what the columns mean.
    pub(crate) fn text(&self) -> String {
        let mut text = measurements(&self.measurements);
        for measurement in &self.measurements {
            for sample in &measurement.error_samples {
                text.push_str(&format!("{} failed: {sample}\n", measurement.scenario));
            }
        }
        text
    }
}

fn measurements(measurements: &[Measurement]) -> String {
    let mut table = Table::new(&[
        "SCENARIO",
        "C",
        "BATCH",
        "WAITING",
        "TASKS/S",
        "P50 MS",
        "P99 MS",
        "P99.9 MS",
        "SERVER CPU S/1000",
        "SWITCHES/TASK",
        "RESIDENT MIB",
        "DISK B/TASK/NODE",
        "CLIENT CPU S/1000",
        "ERRORS",
    ]);
    for measurement in measurements {
        let latency = |us: fn(&ferry_bench::Percentiles) -> u64| {
            cell(measurement.latency_us.as_ref().map(|all| millis(us(all))))
        };
        let server = measurement.server.as_ref();
        table.row(vec![
            measurement.scenario.clone(),
            measurement.concurrency.to_string(),
            measurement.batch.to_string(),
            cell(measurement.waiting),
            format!("{:.0}", measurement.rate),
            latency(|all| all.p50),
            latency(|all| all.p99),
            latency(|all| all.p999),
            cell(server.map(|cost| format!("{:.4}", cost.cpu_seconds_per_1000))),
            cell(server.map(|cost| format!("{:.2}", cost.context_switches_per_task))),
            cell(server.map(|cost| cost.resident_bytes >> 20)),
            cell(
                server
                    .and_then(|cost| cost.disk_bytes_per_task_and_node)
                    .map(|bytes| format!("{bytes:.0}")),
            ),
            cell(measurement.client_cpu_seconds_per_1000.map(|cpu| format!("{cpu:.4}"))),
            measurement.errors.to_string(),
        ]);
    }
    table.into_text()
}

fn millis(us: u64) -> String {
    format!("{:.3}", us as f64 / 1_000.0)
}
