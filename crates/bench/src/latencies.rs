use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

/// The longest latency that is told from a longer one, in microseconds.
const LONGEST_US: u64 = 120_000_000;

/// A histogram of latencies, exact to a thousandth of their value and to a microsecond.
#[derive(Clone, Debug)]
pub struct Latencies(Histogram<u64>);

/// Percentiles of latencies, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Percentiles {
    /// Half are at most this.
    pub p50: u64,
    /// Nine of ten are at most this.
    pub p90: u64,
    /// 99 of 100 are at most this.
    pub p99: u64,
    /// 999 of 1,000 are at most this.
    pub p999: u64,
    /// All are at most this.
    pub max: u64,
}

impl Latencies {
    /// None yet.
    pub fn new() -> Self {
        let histogram = Histogram::new_with_bounds(1, LONGEST_US, 3);
        Self(histogram.expect("the bounds are far enough apart and the digits few enough"))
    }

    /// Counts `times` latencies.
    pub fn add(&mut self, latency: Duration, times: usize) {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX).max(1);
        self.0.saturating_record_n(micros, times as u64);
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// The latency that a share (0 to 1) of them does not exceed, in microseconds.
    pub fn at(&self, share: f64) -> u64 {
        self.0.value_at_quantile(share).min(self.0.max())
    }

    /// The usual percentiles, or nothing if there are no latencies.
    pub fn percentiles(&self) -> Option<Percentiles> {
        (!self.0.is_empty()).then(|| Percentiles {
            p50: self.at(0.5),
            p90: self.at(0.9),
            p99: self.at(0.99),
            p999: self.at(0.999),
            max: self.0.max(),
        })
    }
}

impl Default for Latencies {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_what_was_added() {
        let mut latencies = Latencies::new();
        assert_eq!(latencies.percentiles(), None);
        for millis in 1..=1_000 {
            latencies.add(Duration::from_millis(millis), 1);
        }
        let found = latencies.percentiles().expect("there are some");
        let near = |found: u64, expected: u64| found.abs_diff(expected) * 1_000 <= expected;
        assert!(near(found.p50, 500_000), "{found:?}");
        assert!(near(found.p99, 990_000), "{found:?}");
        assert!(near(found.p999, 999_000), "{found:?}");
        assert!(near(found.max, 1_000_000), "{found:?}");
        assert_eq!(latencies.count(), 1_000);
    }

    #[test]
    fn what_is_too_short_or_too_long_is_counted_all_the_same() {
        let mut latencies = Latencies::new();
        latencies.add(Duration::ZERO, 3);
        latencies.add(Duration::from_secs(10_000), 1);
        let found = latencies.percentiles().expect("there are some");
        assert_eq!((found.p50, latencies.count()), (1, 4));
        assert!(found.max >= LONGEST_US, "{found:?}");
    }
}
