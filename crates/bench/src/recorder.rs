use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::{Latencies, RequestError};

/// How long each point of the rate over time lasts.
pub const TICK: Duration = Duration::from_millis(100);
/// Errors whose words are kept; the rest are counted.
const SAMPLES_MAX: usize = 5;

/// Where producers and workers write down what they did. What is done before the window opens, or
/// after it closes, is not counted; failures are, whenever they happen.
#[derive(Debug, Default)]
pub struct Recorder(Mutex<Records>);

/// What was written down.
#[derive(Clone, Debug, Default)]
pub struct Records {
    /// When the window opened.
    opened: Option<Instant>,
    /// When it closed.
    closed: Option<Instant>,
    /// Latencies of the tasks done in the window.
    pub latencies: Latencies,
    /// Tasks done in each [`TICK`] of the window.
    pub ticks: Vec<u64>,
    /// Tasks done at any time, also outside of the window.
    pub done: u64,
    /// Requests that failed at any time.
    pub errors: u64,
    /// What the first of them said.
    pub samples: Vec<RequestError>,
}

impl Recorder {
    /// Opens the window: what is done from here on counts.
    pub fn open(&self) {
        self.records().opened = Some(Instant::now());
    }

    /// Closes the window, if it is not closed.
    pub fn close(&self) {
        self.records().closed.get_or_insert_with(Instant::now);
    }

    /// Whether the window has closed.
    pub fn is_closed(&self) -> bool {
        self.records().closed.is_some()
    }

    /// `tasks` tasks were done together, just now, after `latency`.
    pub fn done(&self, latency: Duration, tasks: usize) {
        let mut records = self.records();
        records.done += tasks as u64;
        let (Some(opened), None) = (records.opened, records.closed) else { return };
        records.latencies.add(latency, tasks);
        let tick = opened.elapsed().as_millis() / TICK.as_millis();
        let tick = usize::try_from(tick).expect("a run lasts less than centuries");
        if records.ticks.len() <= tick {
            records.ticks.resize(tick + 1, 0);
        }
        records.ticks[tick] += tasks as u64;
    }

    /// A request failed.
    pub fn failed(&self, error: &RequestError) {
        let mut records = self.records();
        records.errors += 1;
        if records.samples.len() < SAMPLES_MAX && !records.samples.contains(error) {
            records.samples.push(error.clone());
        }
    }

    /// What was written down so far.
    pub fn snapshot(&self) -> Records {
        self.records().clone()
    }

    /// How many tasks were done so far, also outside of the window.
    pub fn done_so_far(&self) -> u64 {
        self.records().done
    }

    /// How many requests failed so far.
    pub(crate) fn errors_so_far(&self) -> u64 {
        self.records().errors
    }

    fn records(&self) -> MutexGuard<'_, Records> {
        // Counters are whole after every statement, so a panic elsewhere spoils nothing.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Records {
    /// How long the window was open.
    pub fn window(&self) -> Duration {
        let end = self.closed.unwrap_or_else(Instant::now);
        self.opened.map(|opened| end.saturating_duration_since(opened)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_done_in_the_window_counts() {
        let recorder = Recorder::default();
        recorder.done(Duration::from_millis(900), 7);
        recorder.open();
        recorder.done(Duration::from_millis(2), 3);
        recorder.close();
        recorder.done(Duration::from_millis(900), 5);
        let records = recorder.snapshot();
        assert_eq!((records.latencies.count(), records.done), (3, 15));
        assert_eq!(records.ticks.iter().sum::<u64>(), 3);
        assert!(records.latencies.at(1.0) < 900_000);
    }

    #[test]
    fn failures_are_counted_whenever_they_happen_and_told_once() {
        let recorder = Recorder::default();
        for _ in 0..100 {
            recorder.failed(&RequestError::new("refused"));
        }
        recorder.failed(&RequestError::new("timed out"));
        let records = recorder.snapshot();
        assert_eq!((records.errors, records.samples.len()), (101, 2));
    }
}
