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
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    stamp: Timestamp,
    seen: Instant,
}

impl Clock {
    /// A clock that goes on from `stamp`, seen at `seen`.
    pub(crate) fn new(stamp: Timestamp, seen: Instant) -> Self {
        Self { stamp, seen }
    }

    /// A clock for a node that has just started and so cannot tell how long ago `stamp` was:
    /// the wall clock, unless it is behind, until a leader says better.
    pub(crate) fn after_start(stamp: Timestamp) -> Self {
        Self { stamp: stamp.max(wall()), seen: Instant::now() }
    }

    /// A live leader has just said what time it is: go on from that, whatever was believed before.
    pub(crate) fn follow(&mut self, stamp: Timestamp, now: Instant) {
        *self = Self::new(stamp, now);
    }

    /// An entry with this stamp has been applied: go on from it if it is later.
    pub(crate) fn observe(&mut self, stamp: Timestamp, now: Instant) {
        if stamp > self.stamp {
            *self = Self::new(stamp, now);
        }
    }

    /// The time to stamp on an entry at `now`, when the wall clock says `wall`.
    pub(crate) fn stamp(&mut self, now: Instant, wall: Timestamp) -> Timestamp {
        let elapsed = now.saturating_duration_since(self.seen);
        let expected = self.stamp + elapsed;
        let slew = elapsed / SLEW;
        let stamp = if wall > expected {
            (expected + slew).min(wall)
        } else {
            let slowest = self.stamp + elapsed.saturating_sub(slew);
            wall.max(slowest)
        };
        // A step below a millisecond is not lost: `seen` moves only with the stamp.
        if stamp > self.stamp {
            *self = Self::new(stamp, now);
        }
        self.stamp
    }

    /// How long until the stamp reaches `at`, if the wall clock agrees.
    pub(crate) fn until(&self, at: Timestamp, now: Instant) -> Duration {
        let left = at.saturating_since(self.stamp);
        left.saturating_sub(now.saturating_duration_since(self.seen))
    }
}

/// The wall clock; the epoch if it is set before it.
pub(crate) fn wall() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    Timestamp::default() + since
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
        let stamp = clock.stamp(at(now, 10_000), START + HOUR);
        assert_eq!(stamp, START + Duration::from_millis(10_500));
    }

    /// G8: a leader whose clock is behind does not stop time.
    #[test]
    fn a_clock_behind_loses_at_most_a_twentieth() {
        let now = Instant::now();
        let mut clock = Clock::new(START + HOUR, now);
        let stamp = clock.stamp(at(now, 10_000), START);
        assert_eq!(stamp, START + HOUR + Duration::from_millis(9_500));
    }

    /// G8: a node that restarts with its clock an hour ahead and then leads does not end leases.
    #[test]
    fn a_restarted_node_takes_the_time_from_the_leader() {
        let mut clock = Clock::after_start(wall() + HOUR);
        let now = Instant::now();
        clock.follow(START, now);
        assert_eq!(clock.stamp(at(now, 1_000), START + HOUR), START + Duration::from_millis(1_050));
    }

    /// I1: never backwards, and many stamps in a millisecond do not lose time.
    #[test]
    fn small_steps_add_up() {
        let start = Instant::now();
        let mut clock = Clock::new(START, start);
        let mut last = START;
        for step in 0..100_000_u32 {
            let now = start + Duration::from_micros(100) * step;
            let wall = START + (now - start);
            let stamp = clock.stamp(now, wall);
            assert!(stamp >= last);
            last = stamp;
        }
        let off = (START + Duration::from_millis(9_999)).saturating_since(last);
        assert!(off <= Duration::from_millis(600), "{off:?} lost");
    }
}
