use serde::Serialize;

use crate::{Latencies, Percentiles, Plan, Records, ServerCost, TICK};

/// Shares at which the curve of latencies is drawn.
const CURVE: [f64; 14] =
    [0.0, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9998, 0.9999];

/// What a scenario has measured: one row of the table.
#[derive(Clone, Debug, Serialize)]
pub struct Measurement {
    /// The system.
    pub target: String,
    /// The scenario.
    pub scenario: String,
    /// Producers or workers.
    pub concurrency: usize,
    /// Tasks a request, or a step of a worker.
    pub batch: usize,
    /// Bytes of a payload.
    pub payload_bytes: usize,
    /// Tasks that waited in the queue when it began, where that is the point.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting: Option<u64>,
    /// How long was measured.
    pub seconds: f64,
    /// Tasks done in that time.
    pub tasks: u64,
    /// Tasks done in all, with those before and after that time.
    pub tasks_in_all: u64,
    /// Tasks a second.
    pub rate: f64,
    /// Latencies in microseconds; left out if no task was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_us: Option<Percentiles>,
    /// Requests that failed, at any time.
    pub errors: u64,
    /// What the first of them said.
    pub error_samples: Vec<String>,
    /// What a task cost the servers; left out if their processes are not on this machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<ServerCost>,
    /// Memory that a waiting task takes in each server, where that is the point and there are enough
    /// of them to tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resident_bytes_per_waiting_task_and_node: Option<f64>,
    /// Processor seconds of this program per 1,000 tasks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_cpu_seconds_per_1000: Option<f64>,
    /// Latencies in microseconds by the share of tasks that is no slower.
    pub latency_curve: Vec<CurvePoint>,
    /// Tasks a second in each tenth of a second.
    pub rate_over_time: Vec<f64>,
}

/// A point of a curve of latencies.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct CurvePoint {
    /// The share of tasks, 0 to 1.
    pub share: f64,
    /// The latency that it does not exceed.
    pub us: u64,
}

impl Measurement {
    /// What the records of a run of `scenario` say.
    pub(crate) fn new(target: &str, scenario: &str, plan: &Plan, records: &Records) -> Self {
        let tasks = records.latencies.count();
        let seconds = records.window().as_secs_f64();
        Self {
            target: target.to_owned(),
            scenario: scenario.to_owned(),
            concurrency: plan.concurrency,
            batch: plan.batch,
            payload_bytes: plan.payload_bytes,
            waiting: None,
            seconds,
            tasks,
            tasks_in_all: records.done,
            rate: if seconds > 0.0 { tasks as f64 / seconds } else { 0.0 },
            latency_us: records.latencies.percentiles(),
            errors: records.errors,
            error_samples: records.samples.iter().map(ToString::to_string).collect(),
            server: None,
            resident_bytes_per_waiting_task_and_node: None,
            client_cpu_seconds_per_1000: None,
            latency_curve: curve(&records.latencies),
            rate_over_time: rates(&records.ticks, seconds),
        }
    }
}

/// The curve as far as the number of tasks gives it a meaning.
fn curve(latencies: &Latencies) -> Vec<CurvePoint> {
    let count = latencies.count() as f64;
    let has_meaning = |share: &f64| (1.0 - share) * count >= 1.0;
    let point = |share| CurvePoint { share, us: latencies.at(share) };
    CURVE.into_iter().filter(has_meaning).map(point).collect()
}

/// Rates of the ticks that lie in the window as a whole: a part of one would look like a collapse.
fn rates(ticks: &[u64], seconds: f64) -> Vec<f64> {
    let whole = (seconds / TICK.as_secs_f64()) as usize;
    let counts = ticks.iter().copied().chain(std::iter::repeat(0)).take(whole);
    counts.map(|count| count as f64 / TICK.as_secs_f64()).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_tick_without_tasks_is_a_rate_of_zero_and_a_part_of_one_is_left_out() {
        assert_eq!(rates(&[10, 0, 20], 0.45), [100.0, 0.0, 200.0, 0.0]);
        assert_eq!(rates(&[10, 20], 0.19), [100.0]);
    }

    #[test]
    fn a_curve_ends_where_a_point_would_stand_for_less_than_a_task() {
        let mut latencies = Latencies::new();
        assert_eq!(curve(&latencies), []);
        latencies.add(Duration::from_millis(1), 90);
        latencies.add(Duration::from_millis(5), 10);
        let curve = curve(&latencies);
        assert_eq!(curve.last().map(|point| point.share), Some(0.99));
        assert!(curve.windows(2).all(|pair| pair[0].us <= pair[1].us), "{curve:?}");
    }
}
