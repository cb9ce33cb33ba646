use ferry_types::{QueueName, limits};
use serde::{Deserialize, Serialize};

use crate::InvalidField;

/// The query of `GET /v1/queues/{queue}/forecast`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ForecastQuery {
    /// How long a task should wait at most, in milliseconds. 1 to ten years; 30,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slo_ms: Option<u64>,
    /// How many workers there will be. 1 to 100,000; those seen in the window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workers: Option<u32>,
}

impl ForecastQuery {
    /// Refuses what is out of range.
    ///
    /// # Errors
    /// The first such parameter.
    pub fn check(&self) -> Result<(), InvalidField> {
        if let Some(slo) = self.slo_ms {
            InvalidField::check_millis("slo_ms", slo, 1, limits::DELAY_MAX)?;
        }
        self.workers.map_or(Ok(()), |workers| {
            InvalidField::check_range("workers", workers, 1..=limits::FORECAST_WORKERS_MAX)
        })
    }
}

/// What comes of a queue if it goes on as in the window, as the answering node has seen it. What is
/// not known yet is null.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ForecastDocument {
    /// Its name.
    pub queue: QueueName,
    /// How long a task should wait at most, in milliseconds.
    pub slo_ms: u64,
    /// How many workers it is made for.
    pub workers: u32,
    /// Tasks that became ready per second.
    pub arrival_rate_per_second: f64,
    /// The squared coefficient of variation of the times between them; 1 is a Poisson process.
    pub arrival_variability: f64,
    /// Tasks that one worker settles per second of work.
    pub service_rate_per_second: Option<f64>,
    /// The squared coefficient of variation of the times from lease to ack or nack.
    pub service_variability: Option<f64>,
    /// The load as a share of what the workers can do; above 1 the queue grows.
    pub utilisation: Option<f64>,
    /// The mean time that a task waits for a worker, in milliseconds; null also if it grows without
    /// end.
    pub expected_wait_ms: Option<u64>,
    /// The mean number of tasks that wait for a worker; null also if it grows without end.
    pub expected_length: Option<f64>,
    /// The probability that a task waits for longer than `slo_ms`.
    pub probability_over_slo: Option<f64>,
    /// The workers with which that probability is at most 0.05; null if they are more than 100,000.
    pub workers_needed: Option<u32>,
    /// How long it takes until no task is ready or leased, in milliseconds; null also if that never
    /// comes.
    pub time_to_empty_ms: Option<u64>,
    /// How long was measured, in milliseconds.
    pub window_ms: u64,
    /// How far the mean wait of the forecasts for the window was from the one observed, as a share of
    /// that; null if there is nothing to compare.
    pub past_error: Option<f64>,
}
