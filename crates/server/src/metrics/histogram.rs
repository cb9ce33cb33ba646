use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::line;

/// The upper bounds of the buckets, in milliseconds.
const BOUNDS_MS: [u64; 12] = [1, 2, 5, 10, 25, 50, 100, 250, 1_000, 5_000, 15_000, 60_000];

/// How long things took.
#[derive(Default)]
pub(crate) struct Histogram {
    buckets: [AtomicU64; BOUNDS_MS.len() + 1],
    micros: AtomicU64,
}

impl Histogram {
    /// Notes how long one took.
    pub(crate) fn note(&self, took: Duration) {
        let bucket = BOUNDS_MS.partition_point(|&bound| u128::from(bound) < took.as_millis());
        self.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.micros.fetch_add(micros, Ordering::Relaxed);
    }

    /// Its lines, in seconds, if anything was noted.
    pub(super) fn write(&self, out: &mut String, name: &str, labels: &str) {
        let counts: Vec<u64> =
            self.buckets.iter().map(|bucket| bucket.load(Ordering::Relaxed)).collect();
        let total: u64 = counts.iter().sum();
        if total == 0 {
            return;
        }
        let separator = if labels.is_empty() { "" } else { "," };
        let (bucket, mut below) = (format!("{name}_bucket"), 0);
        for (bound, count) in BOUNDS_MS.iter().zip(&counts) {
            below += count;
            let bound = *bound as f64 / 1_000.0;
            line(out, &bucket, &format!("{labels}{separator}le=\"{bound}\""), below);
        }
        line(out, &bucket, &format!("{labels}{separator}le=\"+Inf\""), total);
        let seconds = self.micros.load(Ordering::Relaxed) as f64 / 1_000_000.0;
        line(out, &format!("{name}_sum"), labels, seconds);
        line(out, &format!("{name}_count"), labels, total);
    }
}
