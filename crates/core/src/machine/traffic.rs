//! How a queue is used: what comes, how long it waits, how long it takes, and who works on it.

use std::collections::{BTreeMap, VecDeque};

use ferry_types::Timestamp;
use ferry_types::limits::WORKERS_SEEN_MAX;

use crate::traffic::{TrafficBucket, TrafficView};

const BUCKET_MS: u64 = TrafficView::BUCKET.as_millis() as u64;
const WINDOW_MS: u64 = BUCKET_MS * TrafficView::WINDOW;

/// Sums in buckets of replicated time, as many as are not too old.
#[derive(Debug)]
pub(crate) struct Traffic {
    began_at: Timestamp,
    buckets: VecDeque<TrafficBucket>,
    last_arrival_at: Option<Timestamp>,
    /// Tasks that became ready at that moment.
    arrived_together: u64,
    /// By name.
    workers: BTreeMap<Box<str>, Seen>,
}

/// A worker that took tasks.
#[derive(Debug)]
struct Seen {
    /// The bucket in which it did last.
    number: u64,
    /// Tasks that it can hold at a time.
    slots: u64,
}

impl Traffic {
    /// Nothing yet.
    pub(crate) fn new(now: Timestamp) -> Self {
        Self {
            began_at: now,
            buckets: VecDeque::new(),
            last_arrival_at: None,
            arrived_together: 0,
            workers: BTreeMap::new(),
        }
    }

    /// Tasks became ready.
    pub(crate) fn arrived(&mut self, now: Timestamp, tasks: u64) {
        let (last, together) = (self.last_arrival_at, self.arrived_together);
        let bucket = self.bucket(now);
        if last == Some(now) {
            let together_now = together.saturating_add(tasks);
            bucket.batches.grow(together, together_now);
            self.arrived_together = together_now;
            return;
        }
        bucket.batches.note(tasks);
        let gap = last.map(|last| millis(last, now));
        // After a silence that long, it begins anew.
        if let Some(gap) = gap.filter(|gap| *gap <= WINDOW_MS) {
            bucket.gaps.note(gap);
        }
        (self.last_arrival_at, self.arrived_together) = (Some(now), tasks);
    }

    /// A worker has settled a task that it had since `started_at`.
    pub(crate) fn served(&mut self, now: Timestamp, started_at: Timestamp) {
        self.bucket(now).services.note(millis(started_at, now));
    }

    /// A worker with so many slots has got a task, which waited since `due` if that is known; so many
    /// are leased.
    pub(crate) fn taken(
        &mut self,
        now: Timestamp,
        due: Option<Timestamp>,
        worker: Option<&str>,
        slots: impl FnOnce(&str) -> u64,
        leased: u64,
    ) {
        let new_slots = worker.map_or(0, |worker| self.see(worker, slots, number(now)));
        let bucket = self.bucket(now);
        if let Some(due) = due {
            bucket.waits.note(millis(due, now));
        }
        bucket.slots = bucket.slots.saturating_add(new_slots);
        bucket.leased = bucket.leased.max(leased);
    }

    /// What was seen, for a forecast at `now`.
    pub(crate) fn view(&self, now: Timestamp) -> TrafficView {
        let oldest = (number(now) + 1).saturating_sub(TrafficView::WINDOW);
        let seen = self.workers.values().filter(|seen| seen.number >= oldest);
        let slots = seen.fold(0, |slots: u64, seen| slots.saturating_add(seen.slots));
        let recent = self.buckets.iter().filter(|bucket| bucket.number >= oldest);
        TrafficView {
            buckets: self.buckets.iter().copied().collect(),
            began_at: self.began_at,
            last_arrival_at: self.last_arrival_at,
            workers: recent.map(|bucket| bucket.leased).fold(slots, u64::max),
        }
    }

    /// Sees a worker; tells its slots if it was not seen in this bucket yet. Those beyond the limit are
    /// not remembered.
    fn see(&mut self, worker: &str, slots: impl FnOnce(&str) -> u64, number: u64) -> u64 {
        let has_room = self.workers.len() < WORKERS_SEEN_MAX;
        match self.workers.get_mut(worker) {
            Some(seen) if seen.number == number => 0,
            Some(seen) => {
                *seen = Seen { number, slots: slots(worker) };
                seen.slots
            }
            None if has_room => {
                let slots = slots(worker);
                self.workers.insert(worker.into(), Seen { number, slots });
                slots
            }
            None => 0,
        }
    }

    /// The bucket of the present. Who begins one sees to what is too old.
    fn bucket(&mut self, now: Timestamp) -> &mut TrafficBucket {
        let number = number(now);
        if self.buckets.back().is_none_or(|newest| newest.number < number) {
            let is_old = |at: u64, kept: u64| at + kept <= number;
            while self.buckets.front().is_some_and(|at| is_old(at.number, TrafficView::BUCKETS)) {
                self.buckets.pop_front();
            }
            self.workers.retain(|_, seen| !is_old(seen.number, TrafficView::WINDOW));
            self.buckets.push_back(TrafficBucket { number, ..TrafficBucket::default() });
        }
        self.buckets.back_mut().expect("there is that of the present")
    }
}

fn number(now: Timestamp) -> u64 {
    now.as_millis() / BUCKET_MS
}

fn millis(from: Timestamp, to: Timestamp) -> u64 {
    to.as_millis().saturating_sub(from.as_millis())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traffic::Sums;

    const BEGIN: u64 = 1_000_000 * BUCKET_MS;

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(BEGIN + millis)
    }

    /// The slots of a worker that is not registered.
    fn one(_: &str) -> u64 {
        1
    }

    fn sums(numbers: &[u64]) -> Sums {
        let squares = numbers.iter().map(|number| u128::from(number * number)).sum();
        Sums { count: numbers.len() as u64, sum: numbers.iter().sum(), squares }
    }

    #[test]
    fn tasks_of_one_millisecond_come_together() {
        let mut traffic = Traffic::new(at(0));
        for (millis, tasks) in [(0, 2), (0, 3), (40, 1), (40, 1), (100, 7)] {
            traffic.arrived(at(millis), tasks);
        }
        let view = traffic.view(at(100));
        assert_eq!(view.buckets[0].batches, sums(&[5, 2, 7]));
        assert_eq!(view.buckets[0].gaps, sums(&[40, 60]));
        assert_eq!((view.began_at, view.last_arrival_at), (at(0), Some(at(100))));
    }

    #[test]
    fn a_silence_as_long_as_the_window_is_no_gap() {
        let mut traffic = Traffic::new(at(0));
        traffic.arrived(at(0), 1);
        traffic.arrived(at(WINDOW_MS), 1);
        traffic.arrived(at(2 * WINDOW_MS + 1), 1);
        let gaps = |view: &TrafficView| view.buckets.iter().map(|at| at.gaps.sum).sum::<u64>();
        assert_eq!(gaps(&traffic.view(at(2 * WINDOW_MS + 1))), WINDOW_MS);
    }

    #[test]
    fn times_are_counted_where_they_end() {
        let mut traffic = Traffic::new(at(0));
        traffic.taken(at(30), Some(at(10)), Some("ann"), one, 1);
        traffic.taken(at(60), None, None, one, 2);
        traffic.served(at(BUCKET_MS), at(30));
        let view = traffic.view(at(BUCKET_MS));
        assert_eq!((view.buckets[0].waits, view.buckets[0].services), (sums(&[20]), sums(&[])));
        assert_eq!(view.buckets[1].services, sums(&[BUCKET_MS - 30]));
    }

    #[test]
    fn workers_are_seen_by_name_or_by_what_they_hold() {
        let mut traffic = Traffic::new(at(0));
        for (millis, worker) in [(0, "ann"), (1, "bob"), (2, "ann"), (BUCKET_MS, "ann")] {
            traffic.taken(at(millis), None, Some(worker), one, 1);
        }
        let view = traffic.view(at(BUCKET_MS));
        assert_eq!(view.buckets.iter().map(|at| at.slots).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(view.workers, 2);
        assert_eq!(traffic.view(at(WINDOW_MS)).workers, 1, "bob has gone");
        traffic.taken(at(BUCKET_MS), None, Some("eve"), |_| 4, 1);
        assert_eq!(traffic.view(at(BUCKET_MS)).workers, 6, "eve has four slots");
        traffic.taken(at(BUCKET_MS), None, None, one, 9);
        assert_eq!(traffic.view(at(BUCKET_MS)).workers, 9);
        assert_eq!(traffic.view(at(3 * WINDOW_MS)).workers, 0);
    }

    #[test]
    fn what_is_old_goes_and_names_are_bounded() {
        let mut traffic = Traffic::new(at(0));
        for number in 0..200 {
            traffic.served(at(number * BUCKET_MS), at(0));
            let names = (0..30).map(|worker| format!("{number}-{worker}"));
            names.for_each(|name| traffic.taken(at(number * BUCKET_MS), None, Some(&name), one, 1));
        }
        let view = traffic.view(at(199 * BUCKET_MS));
        assert_eq!(view.buckets.len() as u64, TrafficView::BUCKETS);
        assert_eq!(view.workers, 20 * 30);
        (0..2 * WORKERS_SEEN_MAX).for_each(|name| {
            traffic.taken(at(199 * BUCKET_MS), None, Some(&name.to_string()), one, 1)
        });
        assert_eq!(traffic.view(at(199 * BUCKET_MS)).workers, WORKERS_SEEN_MAX as u64);
    }
}
