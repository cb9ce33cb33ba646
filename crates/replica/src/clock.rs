//! The leader's clock: replicated time that goes on over leader changes, whatever the leaders'
//! own clocks say (G8).

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ferry_types::Timestamp;

/// The clock of a replica: one for its leadership and for what it hears of others'.
pub(crate) type SharedClock = Arc<Mutex<Clock>>;

/// The time to stamp now.
pub(crate) fn tell(clock: &SharedClock) -> Timestamp {
    clock.lock().expect("no holder panics").stamp(Instant::now(), wall())
}

/// The share of elapsed time by which replicated time may be off to come nearer to the wall clock.
const SLEW: u32 = 20;

/// Stamps entries. It continues from the last stamp that this node has seen, by elapsed time, and
/// moves towards this node's wall clock by at most one part in [`SLEW`] of it: a new leader whose
/// clock is an hour ahead must not expire every lease at once, and one whose clock is an hour
/// behind must not stop time for an hour.
///
/// It counts nanoseconds, so that stamps, which count milliseconds, lose nothing to rounding however
/// often they are asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    /// Since the epoch.
    time: Duration,
    seen: Instant,
}

impl Clock {
    /// A clock that goes on from `stamp`, seen at `seen`.
    pub(crate) fn new(stamp: Timestamp, seen: Instant) -> Self {
        Self { time: since_epoch(stamp), seen }
    }

    /// A clock for a node that has just started and so cannot tell how long ago `stamp` was:
    /// the wall clock, unless it is behind, until a leader says better.
    pub(crate) fn after_start(stamp: Timestamp) -> Self {
        Self { time: since_epoch(stamp).max(wall()), seen: Instant::now() }
    }

    /// A live leader has just said what time it is: go on from that, whatever was believed before.
    pub(crate) fn follow(&mut self, stamp: Timestamp, now: Instant) {
        *self = Self::new(stamp, now);
    }

    /// An entry with this stamp has been applied: go on from it if it is later.
    pub(crate) fn observe(&mut self, stamp: Timestamp, now: Instant) {
        if since_epoch(stamp) > self.time {
            *self = Self::new(stamp, now);
        }
    }

    /// The time to stamp on an entry at `now`, when the wall clock, since the epoch, says `wall`.
    pub(crate) fn stamp(&mut self, now: Instant, wall: Duration) -> Timestamp {
        let elapsed = now.saturating_duration_since(self.seen);
        let slew = elapsed / SLEW;
        self.time = wall.clamp(self.time + elapsed - slew, self.time + elapsed + slew);
        self.seen = self.seen.max(now);
        Timestamp::default() + self.time
    }

    /// How long until the stamp reaches `at`, if the wall clock agrees.
    pub(crate) fn until(&self, at: Timestamp, now: Instant) -> Duration {
        let left = since_epoch(at).saturating_sub(self.time);
        left.saturating_sub(now.saturating_duration_since(self.seen))
    }
}

/// The wall clock, since the epoch; the epoch if it is set before it.
fn wall() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO)
}

const fn since_epoch(stamp: Timestamp) -> Duration {
    Duration::from_millis(stamp.as_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_millis(1_000_000_000);
    const HOUR: Duration = Duration::from_secs(3_600);

    fn at(start: Instant, millis: u64) -> Instant {
        start + Duration::from_millis(millis)
    }

    /// G8: a leader whose clock is ahead does not end leases before their time.
    #[test]
    fn a_clock_ahead_gains_at_most_a_twentieth() {
        let now = Instant::now();
        let mut clock = Clock::new(START, now);
        let stamp = clock.stamp(at(now, 10_000), since_epoch(START) + HOUR);
        assert_eq!(stamp, START + Duration::from_millis(10_500));
    }

    /// G8: a leader whose clock is behind does not stop time.
    #[test]
    fn a_clock_behind_loses_at_most_a_twentieth() {
        let now = Instant::now();
        let mut clock = Clock::new(START + HOUR, now);
        let stamp = clock.stamp(at(now, 10_000), since_epoch(START));
        assert_eq!(stamp, START + HOUR + Duration::from_millis(9_500));
    }

    /// G8: a node that restarts with its clock an hour ahead and then leads does not end leases.
    #[test]
    fn a_restarted_node_takes_the_time_from_the_leader() {
        let mut clock = Clock::after_start(Timestamp::default() + wall() + HOUR);
        let now = Instant::now();
        clock.follow(START, now);
        let stamp = clock.stamp(at(now, 1_000), since_epoch(START) + HOUR);
        assert_eq!(stamp, START + Duration::from_millis(1_050));
    }

    /// I1: never backwards; and however stamps and milliseconds fall, they do not lose time.
    #[test]
    fn small_steps_add_up() {
        let start = Instant::now();
        for step in [100, 700, 999, 1_001, 1_900].map(Duration::from_micros) {
            let mut clock = Clock::new(START, start);
            let mut last = START;
            for elapsed in (0..10_000).map(|steps| step * steps) {
                // No wall clock pulls it along: it has to keep time by itself.
                let behind = clock.time + (start + elapsed - clock.seen);
                let stamp = clock.stamp(start + elapsed, behind);
                assert!(stamp >= last);
                last = stamp;
                assert_eq!(stamp, START + elapsed, "by {step:?}");
            }
        }
    }
}
