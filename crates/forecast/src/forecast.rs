use crate::staffing::{Target, workers_needed};
use crate::track_record::past_error;
use crate::window::Measured;
use crate::{Station, time_to_empty};

/// The share of tasks that may wait for longer than they should.
const SHARE_OVER_MAX: f64 = 0.05;

/// What a forecast is to be made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// How long a task should wait at most, in milliseconds.
    pub slo_ms: u64,
    /// How many workers there will be; those seen if it is left out.
    pub workers: Option<u32>,
    /// The most workers that there can be.
    pub workers_max: u32,
}

/// What there is to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Tasks that wait for a worker.
    pub ready: u64,
    /// Tasks that a worker has.
    pub leased: u64,
}

/// What comes of what was measured, if it goes on. What is not known, or grows without end, is
/// `None`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Forecast {
    /// The workers that it is made for.
    pub workers: u32,
    /// Tasks that came per second.
    pub arrival_rate_per_second: f64,
    /// The squared coefficient of variation of the times between them.
    pub arrival_variability: f64,
    /// Tasks that one worker does per second.
    pub service_rate_per_second: Option<f64>,
    /// The squared coefficient of variation of the times that tasks take.
    pub service_variability: Option<f64>,
    /// The load as a share of what the workers can do.
    pub utilisation: Option<f64>,
    /// The mean time that a task waits for a worker.
    pub expected_wait_ms: Option<f64>,
    /// The mean number of tasks that wait for a worker.
    pub expected_length: Option<f64>,
    /// The share of tasks that will wait for longer than they should.
    pub probability_over_slo: Option<f64>,
    /// The workers with which at most a twentieth of the tasks does.
    pub workers_needed: Option<u32>,
    /// How long it takes until nothing is ready or leased.
    pub time_to_empty_ms: Option<f64>,
    /// How long it was measured.
    pub window_ms: u64,
    /// How far the mean wait of the last forecasts was from the one observed, as a share of that.
    pub past_error: Option<f64>,
}

/// The forecast for a queue.
pub fn forecast(measured: &Measured, backlog: Backlog, question: &Question) -> Forecast {
    let window = measured.present();
    let seen = u32::try_from(measured.workers.min(question.workers_max.into()));
    let workers = question.workers.unwrap_or(seen.unwrap_or(question.workers_max));
    let arrival_rate = window.observed.batches.sum as f64 / window.millis as f64;
    let station = window.observed.station(window.millis, workers);
    let (manned, tasks) = (station.filter(|_| workers > 0), backlog.ready + backlog.leased);
    let work_rate = manned.map_or(0.0, |at| f64::from(workers) * at.service_rate);
    Forecast {
        workers,
        arrival_rate_per_second: arrival_rate * 1_000.0,
        arrival_variability: window.observed.arrival_variability(),
        service_rate_per_second: station.map(|at| at.service_rate * 1_000.0),
        service_variability: window.observed.services.variability(),
        utilisation: manned.map(|at| at.utilisation()),
        expected_wait_ms: manned.and_then(|at| at.mean_wait()),
        expected_length: manned.and_then(|at| at.mean_length()),
        probability_over_slo: manned.map(|at| at.probability_over(question.slo_ms as f64)),
        workers_needed: match &station {
            Some(station) => needed(station, backlog, question),
            // How long tasks take is only known once somebody does them.
            None => Some(u32::from(tasks > 0 || arrival_rate > 0.0)),
        },
        time_to_empty_ms: time_to_empty(tasks as f64, measured.arrivals_from_here(), work_rate),
        window_ms: window.millis,
        past_error: past_error(measured),
    }
}

/// The workers needed in the long run, and for the tasks that wait already: the last of those should
/// not wait for too long either, and so neither should who comes behind it.
fn needed(station: &Station, backlog: Backlog, question: &Question) -> Option<u32> {
    let target = Target { time: question.slo_ms as f64, share: SHARE_OVER_MAX };
    let steady = workers_needed(station, target, question.workers_max)?;
    let rounds = (question.slo_ms as f64 * station.service_rate).max(1.0);
    let behind = (backlog.ready as f64 / rounds).ceil();
    let fits = behind <= f64::from(question.workers_max);
    fits.then(|| steady.max(behind as u32))
}

#[cfg(test)]
#[path = "forecast_tests.rs"]
mod tests;
