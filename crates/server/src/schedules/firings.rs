use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ferry_core::reply::Fired;
use ferry_core::row::SkipReason;

use crate::metrics::Histogram;

/// What became of the firings that this node had done as the leader.
#[derive(Default)]
pub(crate) struct Firings {
    /// By why they gave no task, or that they did.
    counts: Mutex<BTreeMap<SkipReason, u64>>,
    /// How late those were done that gave a task.
    pub(crate) lag: Histogram,
}

impl Firings {
    /// Notes a firing that was done so late. Those that were missed together count once.
    pub(super) fn note(&self, fired: &Fired, lag: Duration) {
        *self.counts().entry(fired.skipped()).or_default() += 1;
        if fired.task.is_some() {
            self.lag.note(lag);
        }
    }

    /// How many there were of each kind.
    pub(crate) fn by_outcome(&self) -> Vec<(&'static str, u64)> {
        let counts = self.counts();
        let count = |reason| counts.get(&reason).copied().unwrap_or_default();
        let skipped = SkipReason::ALL.map(|reason| (reason.as_str(), count(reason)));
        [("enqueued", count(SkipReason::None))].into_iter().chain(skipped).collect()
    }

    fn counts(&self) -> MutexGuard<'_, BTreeMap<SkipReason, u64>> {
        // Held for one increment, which leaves nothing half done.
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
