//! How old a follower's state may be.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// When this node last had applied everything that a leader had told it was committed.
#[derive(Clone)]
pub(crate) struct Freshness {
    start: Instant,
    /// Milliseconds from the start, plus one; zero is never.
    caught_up: Arc<AtomicU64>,
}

impl Freshness {
    pub(crate) fn new() -> Self {
        Self { start: Instant::now(), caught_up: Arc::default() }
    }

    /// A leader has said that all up to `committed` is, while `applied` is applied here.
    pub(crate) fn heard(&self, committed: u64, applied: u64) {
        if applied >= committed {
            let millis = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
            self.caught_up.store(millis.saturating_add(1), Ordering::Relaxed);
        }
    }

    /// How long ago that was; rounded up.
    pub(crate) fn age(&self) -> Option<Duration> {
        let since_start = self.caught_up.load(Ordering::Relaxed).checked_sub(1)?;
        Some(self.start.elapsed().saturating_sub(Duration::from_millis(since_start)))
    }
}
