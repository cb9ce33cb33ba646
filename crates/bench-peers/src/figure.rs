use std::collections::BTreeMap;

use ferry_bench::{Measurement, Outcome};
use serde::Serialize;

/// Something that a run tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Figure {
    Rate,
    P50Ms,
    P99Ms,
    CpuSecondsPer1000,
    ClientCpuSecondsPer1000,
    ContextSwitchesPerTask,
    DiskBytesPerTaskAndNode,
    ResidentMib,
    ResidentBytesPerWaitingTask,
    LongestGapMs,
    Confirmed,
    Missing,
    Doubled,
    Errors,
}

impl Figure {
    /// Whether every round counts, so that a sum says more than a median.
    pub(crate) fn is_count(self) -> bool {
        matches!(self, Self::Confirmed | Self::Missing | Self::Doubled | Self::Errors)
    }
}

/// What a run has told.
pub(crate) type Figures = BTreeMap<Figure, f64>;

/// The figures of an outcome.
pub(crate) fn figures(outcome: &Outcome) -> Figures {
    match outcome {
        Outcome::Measured(measurements) => {
            measurements.last().map(of_measurement).unwrap_or_default()
        }
        Outcome::Failover(failover) => Figures::from([
            (Figure::LongestGapMs, failover.longest_gap_ms),
            (Figure::Confirmed, failover.acknowledged as f64),
            (Figure::Missing, failover.missing as f64),
            (Figure::Doubled, failover.doubled as f64),
        ]),
    }
}

fn of_measurement(measurement: &Measurement) -> Figures {
    let millis = |micros: u64| micros as f64 / 1_000.0;
    let latency = measurement.latency_us;
    let server = measurement.server;
    let figures = [
        (Figure::Rate, Some(measurement.rate)),
        (Figure::P50Ms, latency.map(|latency| millis(latency.p50))),
        (Figure::P99Ms, latency.map(|latency| millis(latency.p99))),
        (Figure::CpuSecondsPer1000, server.map(|server| server.cpu_seconds_per_1000)),
        (Figure::ClientCpuSecondsPer1000, measurement.client_cpu_seconds_per_1000),
        (Figure::ContextSwitchesPerTask, server.map(|server| server.context_switches_per_task)),
        (
            Figure::DiskBytesPerTaskAndNode,
            server.and_then(|server| server.disk_bytes_per_task_and_node),
        ),
        (Figure::ResidentMib, server.map(|server| server.resident_bytes as f64 / 1_048_576.0)),
        (Figure::ResidentBytesPerWaitingTask, measurement.resident_bytes_per_waiting_task_and_node),
        (Figure::Errors, Some(measurement.errors as f64)),
    ];
    figures.into_iter().filter_map(|(figure, value)| Some((figure, value?))).collect()
}
