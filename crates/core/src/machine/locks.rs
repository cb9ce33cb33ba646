use std::collections::{BTreeMap, BTreeSet};

use ferry_types::TaskId;

use super::line::LineName;

/// Who holds which lock, and who wants one, over all queues.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Locks {
    holders: BTreeMap<Box<str>, TaskId>,
    /// The lines in which a task wants the lock.
    wanted: BTreeMap<Box<str>, BTreeSet<Place>>,
}

/// A line, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) queue: u32,
    pub(crate) line: LineName,
}

impl Locks {
    /// Whether a leased task holds a lock.
    pub(crate) fn is_held(&self, lock: &str) -> bool {
        self.holders.contains_key(lock)
    }

    /// Gives a lock, which is free, to a task.
    pub(crate) fn take(&mut self, lock: &str, id: TaskId) {
        let before = self.holders.insert(lock.into(), id);
        assert_eq!(before, None, "the lock {lock} is given to {id} while another task holds it");
    }

    /// Takes a lock back.
    pub(crate) fn free(&mut self, lock: &str) {
        self.holders.remove(lock);
    }

    /// Where the lock is wanted.
    pub(crate) fn wanted(&self, lock: &str) -> impl Iterator<Item = &Place> {
        self.wanted.get(lock).into_iter().flatten()
    }

    /// Notes that a lock is wanted in a place.
    pub(crate) fn want(&mut self, lock: &str, place: &Place) {
        match self.wanted.get_mut(lock) {
            Some(places) if places.contains(place) => {}
            Some(places) => drop(places.insert(place.clone())),
            None => drop(self.wanted.insert(lock.into(), BTreeSet::from([place.clone()]))),
        }
    }

    /// Notes that nobody in a place wants a lock any more.
    pub(crate) fn unwant(&mut self, lock: &str, place: &Place) {
        if let Some(places) = self.wanted.get_mut(lock) {
            places.remove(place);
            if places.is_empty() {
                self.wanted.remove(lock);
            }
        }
    }
}
