use crate::{Bucket, Observed};

/// What was seen of a queue lately. Times are in milliseconds, moments since the epoch.
#[derive(Clone, Copy, Debug)]
pub struct Measured<'a> {
    /// Rising by number; those in which nothing happened may be missing.
    pub buckets: &'a [Bucket],
    /// How long a bucket is.
    pub bucket_ms: u64,
    /// Of how many of the newest buckets a forecast is made. As many before those tell what would
    /// have been forecast for them.
    pub window_buckets: u64,
    /// When measuring began.
    pub began_at: u64,
    /// When the last task came, if any did.
    pub last_arrival_at: Option<u64>,
    /// Workers seen in the window.
    pub workers: u64,
    /// The present.
    pub now: u64,
}

/// A stretch of time, and what was seen in it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Window {
    pub(crate) observed: Observed,
    /// How long it is; 0 if it ended before measuring began.
    pub(crate) millis: u64,
}

impl Measured<'_> {
    /// The number of the bucket of the present.
    pub(crate) fn newest(&self) -> u64 {
        self.now / self.bucket_ms
    }

    /// The buckets with numbers from `first` to before `end`, as far as time and measuring go.
    pub(crate) fn window(&self, first: u64, end: u64) -> Window {
        let mut observed = Observed::default();
        let within = self.buckets.iter().filter(|bucket| (first..end).contains(&bucket.number));
        within.for_each(|bucket| observed.add(&bucket.observed));
        let begin = (first * self.bucket_ms).max(self.began_at);
        let end = (end * self.bucket_ms).min(self.now);
        Window { observed, millis: end.saturating_sub(begin) }
    }

    /// The present window. A second at least, so that the first task alone is no rush.
    pub(crate) fn present(&self) -> Window {
        let end = self.newest() + 1;
        let window = self.window(end.saturating_sub(self.window_buckets), end);
        Window { millis: window.millis.max(1_000), ..window }
    }

    /// Tasks that come per millisecond in the next minutes, rather than in the long run: as in the
    /// last bucket and the one under way, and none any more if it has been still for much longer
    /// than the gaps in the window (of Poisson arrivals one gap in 150 is that long).
    pub(crate) fn arrivals_from_here(&self) -> f64 {
        let end = self.newest() + 1;
        let gaps = self.present().observed.gaps;
        let stillness = self.last_arrival_at.map_or(0, |at| self.now.saturating_sub(at));
        if gaps.mean().is_none_or(|mean| stillness as f64 > 5.0 * mean.max(1.0)) {
            return 0.0;
        }
        let window = self.window(end.saturating_sub(2), end);
        window.observed.batches.sum as f64 / window.millis.max(1_000) as f64
    }
}
