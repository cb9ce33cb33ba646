use ferry_types::Timestamp;

use crate::view::QueueView;

const BUCKETS: usize = 6;
const BUCKET_MS: u64 = QueueView::RATE_WINDOW.as_millis() as u64 / BUCKETS as u64;

/// What a queue did lately, in buckets of replicated time.
#[derive(Debug, Default)]
pub(crate) struct Rates {
    /// The number of the newest bucket since the epoch.
    newest: u64,
    enqueued: [u64; BUCKETS],
    acked: [u64; BUCKETS],
}

impl Rates {
    /// Counts enqueued and acked tasks.
    pub(crate) fn count(&mut self, now: Timestamp, enqueued: u64, acked: u64) {
        let bucket = self.advance(now);
        self.enqueued[bucket] += enqueued;
        self.acked[bucket] += acked;
    }

    /// Tasks enqueued and acked in the window that ends at `now`.
    pub(crate) fn lately(&self, now: Timestamp) -> (u64, u64) {
        let current = now.as_millis() / BUCKET_MS;
        let (mut enqueued, mut acked) = (0, 0);
        for age in 0..BUCKETS as u64 {
            let Some(bucket) = self.newest.checked_sub(age) else { break };
            if bucket + BUCKETS as u64 > current {
                enqueued += self.enqueued[slot(bucket)];
                acked += self.acked[slot(bucket)];
            }
        }
        (enqueued, acked)
    }

    /// Makes the bucket of `now` the newest, emptying those that it leaves behind.
    fn advance(&mut self, now: Timestamp) -> usize {
        let current = now.as_millis() / BUCKET_MS;
        let passed = current.saturating_sub(self.newest).min(BUCKETS as u64);
        for bucket in (current + 1 - passed)..=current {
            self.enqueued[slot(bucket)] = 0;
            self.acked[slot(bucket)] = 0;
        }
        self.newest = current;
        slot(current)
    }
}

fn slot(bucket: u64) -> usize {
    (bucket % BUCKETS as u64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_leave_with_their_bucket() {
        let at = |seconds: u64| Timestamp::from_millis(1_000_000_000_000 + seconds * 1_000);
        let mut rates = Rates::default();
        rates.count(at(0), 3, 0);
        rates.count(at(15), 2, 1);
        assert_eq!(rates.lately(at(15)), (5, 1));
        assert_eq!(rates.lately(at(59)), (5, 1));
        assert_eq!(rates.lately(at(60)), (2, 1));
        assert_eq!(rates.lately(at(70)), (0, 0));
        rates.count(at(200), 0, 1);
        assert_eq!(rates.lately(at(200)), (0, 1));
    }
}
