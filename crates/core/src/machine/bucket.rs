use ferry_types::Timestamp;

use crate::command::Rate;

const NANOS_PER_MILLI: u64 = 1_000_000;
/// Nanoseconds in a second, times the thousandths in which rates stand.
const NANOS_PER_SECOND_MILLI: u64 = 1_000_000_000_000;

/// A token bucket in one integer: when it will be full again. That is the theoretical arrival time
/// of the Generic Cell Rate Algorithm (ITU-T I.371, annex A, virtual scheduling), in nanoseconds
/// since the epoch. Each delivery moves it by the interval of the rate; a delivery conforms while
/// it is not further ahead than the burst allows.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Bucket {
    full_at_ns: u64,
}

impl Bucket {
    /// The bucket that a row tells of.
    pub(crate) const fn from_row(full_at_ns: u64) -> Self {
        Self { full_at_ns }
    }

    /// What a row tells.
    pub(crate) const fn to_row(self) -> u64 {
        self.full_at_ns
    }

    /// When the next delivery conforms, if it does not at `now`.
    pub(crate) fn not_before(self, rate: Option<&Rate>, now: Timestamp) -> Option<Timestamp> {
        let rate = rate?;
        let slack_ns = interval_ns(rate).saturating_mul(rate.most_at_once() - 1);
        let at_ms = self.full_at_ns.saturating_sub(slack_ns).div_ceil(NANOS_PER_MILLI);
        Some(Timestamp::from_millis(at_ms)).filter(|at| *at > now)
    }

    /// How many deliveries conform at `now`, one after the other; all if there is no rate.
    pub(crate) fn left(self, rate: Option<&Rate>, now: Timestamp) -> u64 {
        let Some(rate) = rate else { return u64::MAX };
        let interval_ns = interval_ns(rate);
        let slack_ns = interval_ns.saturating_mul(rate.most_at_once() - 1);
        let until_ns = nanos(now).saturating_add(slack_ns);
        let ahead_ns = until_ns.checked_sub(self.full_at_ns.max(nanos(now)));
        ahead_ns.map_or(0, |ahead_ns| ahead_ns / interval_ns + 1)
    }

    /// Counts a delivery; tells whether there is a rate that counts it.
    pub(crate) fn draw(&mut self, rate: Option<&Rate>, now: Timestamp) -> bool {
        let Some(rate) = rate else { return false };
        self.full_at_ns = self.full_at_ns.max(nanos(now)).saturating_add(interval_ns(rate));
        true
    }

    /// Goes on under another rate: what was drawn stays drawn, as far as the new burst goes.
    pub(crate) fn change_rate(&mut self, old: Option<&Rate>, new: Option<&Rate>, now: Timestamp) {
        let (Some(old), Some(new)) = (old, new) else {
            *self = Self::default();
            return;
        };
        if old == new {
            return;
        }
        let missing_ns = u128::from(self.full_at_ns.saturating_sub(nanos(now)));
        let (old_ns, new_ns) = (interval_ns(old), interval_ns(new));
        let missing_ns = missing_ns * u128::from(new_ns) / u128::from(old_ns);
        let most_ns = new_ns.saturating_mul(new.most_at_once());
        let missing_ns = u64::try_from(missing_ns).unwrap_or(u64::MAX).min(most_ns);
        self.full_at_ns = nanos(now).saturating_add(missing_ns);
    }
}

fn nanos(at: Timestamp) -> u64 {
    at.as_millis().saturating_mul(NANOS_PER_MILLI)
}

/// Between two deliveries. The door lets no rate of zero in; one in the log counts as the least.
fn interval_ns(rate: &Rate) -> u64 {
    (NANOS_PER_SECOND_MILLI / rate.per_second_milli.max(1)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(ms: u64) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000 + ms)
    }

    fn rate(per_second_milli: u64, burst: Option<u64>) -> Rate {
        Rate { per_second_milli, burst }
    }

    /// Deliveries that conform at `now`, one after the other.
    fn drawn(bucket: &mut Bucket, rate: &Rate, now: Timestamp) -> u32 {
        let left = bucket.left(Some(rate), now);
        let mut count = 0;
        while bucket.not_before(Some(rate), now).is_none() {
            bucket.draw(Some(rate), now);
            count += 1;
        }
        assert_eq!(left, u64::from(count));
        count
    }

    #[test]
    fn a_burst_then_one_per_interval() {
        let (mut bucket, rate) = (Bucket::default(), rate(2_000, Some(3)));
        assert_eq!(drawn(&mut bucket, &rate, at(0)), 3);
        assert_eq!(bucket.not_before(Some(&rate), at(0)), Some(at(500)));
        assert_eq!(bucket.not_before(Some(&rate), at(499)), Some(at(500)));
        assert_eq!(drawn(&mut bucket, &rate, at(500)), 1);
        assert_eq!(drawn(&mut bucket, &rate, at(1_600)), 2);
        assert_eq!(drawn(&mut bucket, &rate, at(60_000)), 3, "a rest fills it and no more");
    }

    #[test]
    fn the_burst_is_a_second_s_worth_and_at_least_one() {
        assert_eq!(drawn(&mut Bucket::default(), &rate(5_000, None), at(0)), 5);
        assert_eq!(drawn(&mut Bucket::default(), &rate(100, None), at(0)), 1);
        assert_eq!(drawn(&mut Bucket::default(), &rate(100, Some(0)), at(0)), 1);
    }

    #[test]
    fn over_a_long_time_the_rate_is_met() {
        let (mut bucket, rate) = (Bucket::default(), rate(3_000, Some(1)));
        let sum: u32 = (0..100_000).map(|ms| drawn(&mut bucket, &rate, at(ms))).sum();
        assert!((299..=301).contains(&sum), "{sum} in 100 seconds at 3 a second");
    }

    #[test]
    fn what_was_drawn_stays_drawn_under_another_rate() {
        let mut bucket = Bucket::default();
        let (slow, fast) = (rate(1, Some(2)), rate(10_000, Some(4)));
        assert_eq!(drawn(&mut bucket, &slow, at(0)), 2);
        bucket.change_rate(Some(&slow), Some(&fast), at(0));
        assert_eq!(drawn(&mut bucket, &fast, at(0)), 2);
        assert_eq!(bucket.not_before(Some(&fast), at(0)), Some(at(100)));
        bucket.change_rate(Some(&fast), None, at(0));
        assert_eq!(bucket, Bucket::default());
    }

    #[test]
    fn extreme_rates_have_an_answer() {
        let late = Timestamp::MAX;
        for rate in [rate(0, None), rate(u64::MAX, None), rate(1, Some(u64::MAX))] {
            let mut bucket = Bucket::default();
            assert!(bucket.draw(Some(&rate), late));
            bucket.not_before(Some(&rate), late);
            bucket.change_rate(Some(&rate), Some(&Rate::default()), late);
        }
    }
}
