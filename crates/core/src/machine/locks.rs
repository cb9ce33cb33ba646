use std::collections::{BTreeMap, BTreeSet};

use ferry_types::TaskId;

use super::line::LineName;
use super::rank::Rank;

/// Who holds which lock, and who wants one, over all queues.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Locks {
    by_name: BTreeMap<Box<str>, Lock>,
}

/// A lock that is held or wanted.
#[derive(Debug, Default, PartialEq)]
struct Lock {
    holder: Option<TaskId>,
    /// The tasks that want it, by the line that they stand in.
    wanting: BTreeMap<Place, BTreeSet<Rank>>,
}

/// A line, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) queue: u32,
    pub(crate) line: LineName,
}

impl Locks {
    /// Whether a leased task holds a lock.
    pub(crate) fn is_held(&self, name: &str) -> bool {
        self.by_name.get(name).is_some_and(|lock| lock.holder.is_some())
    }

    /// Whether a lock is free, and a task is first in its place of those that want it.
    pub(crate) fn is_for(&self, name: &str, place: &Place, rank: Rank) -> bool {
        let lock = self.by_name.get(name).filter(|lock| lock.holder.is_none());
        lock.and_then(|lock| lock.wanting.get(place)?.first()) == Some(&rank)
    }

    /// The places in which a lock is wanted.
    pub(crate) fn wanted(&self, name: &str) -> impl Iterator<Item = &Place> {
        self.by_name.get(name).into_iter().flat_map(|lock| lock.wanting.keys())
    }

    /// Gives a lock, which is free, to a task. Tells who was first to want it, place by place.
    pub(crate) fn take(&mut self, name: &str, id: TaskId) -> Vec<(Place, Rank)> {
        self.change(name, |lock| {
            let before = lock.holder.replace(id);
            assert_eq!(before, None, "the lock {name} goes to {id} while another task holds it");
            lock.firsts()
        })
    }

    /// Takes a lock back. Tells who is first to want it, place by place.
    pub(crate) fn free(&mut self, name: &str) -> Vec<(Place, Rank)> {
        let Some(lock) = self.by_name.get_mut(name) else { return Vec::new() };
        lock.holder = None;
        let firsts = lock.firsts();
        if firsts.is_empty() {
            self.by_name.remove(name);
        }
        firsts
    }

    /// Notes that a task in a place wants a lock. Tells who was first there and is not any more.
    pub(crate) fn want(&mut self, name: &str, place: &Place, rank: Rank) -> Option<Rank> {
        self.change(name, |lock| {
            let Some(ranks) = lock.wanting.get_mut(place) else {
                lock.wanting.insert(place.clone(), BTreeSet::from([rank]));
                return None;
            };
            let first = ranks.first().copied();
            ranks.insert(rank);
            first.filter(|first| rank < *first)
        })
    }

    /// Notes that a task in a place wants a lock no longer. Tells who is first there since, if the
    /// lock is free.
    pub(crate) fn unwant(&mut self, name: &str, place: &Place, rank: Rank) -> Option<Rank> {
        let lock = self.by_name.get_mut(name)?;
        let ranks = lock.wanting.get_mut(place)?;
        ranks.remove(&rank);
        let first = ranks.first().copied();
        if first.is_none() {
            lock.wanting.remove(place);
        }
        let is_free = lock.holder.is_none();
        if is_free && lock.wanting.is_empty() {
            self.by_name.remove(name);
        }
        first.filter(|first| is_free && rank < *first)
    }

    /// Changes a lock, which comes with the first that wants or takes it.
    fn change<T>(&mut self, name: &str, change: impl FnOnce(&mut Lock) -> T) -> T {
        if let Some(lock) = self.by_name.get_mut(name) {
            return change(lock);
        }
        let mut lock = Lock::default();
        let changed = change(&mut lock);
        self.by_name.insert(name.into(), lock);
        changed
    }
}

impl Lock {
    fn firsts(&self) -> Vec<(Place, Rank)> {
        let first = |(place, ranks): (&Place, &BTreeSet<Rank>)| {
            ranks.first().map(|rank| (place.clone(), *rank))
        };
        self.wanting.iter().filter_map(first).collect()
    }
}
