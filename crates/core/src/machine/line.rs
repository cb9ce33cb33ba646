use std::collections::{BTreeMap, BTreeSet};

use super::rank::{By, Rank};

/// Tasks that the same limits bind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Class {
    pub(crate) task_type: Option<Box<str>>,
    /// Their key, if a limit names it.
    pub(crate) limited_key: Option<Box<str>>,
}

/// Which line of a queue.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LineName {
    pub(crate) by: By,
    pub(crate) class: Class,
}

/// Tasks of a class that may be taken, in order. Of those that want a lock only the first may.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Line {
    /// Those that wait for no lock.
    offered: BTreeSet<Rank>,
    /// All that want a lock, by lock.
    wanting: BTreeMap<Box<str>, BTreeSet<Rank>>,
}

impl Line {
    /// The first that waits for no lock.
    pub(crate) fn first(&self) -> Option<Rank> {
        self.offered.first().copied()
    }

    /// Adds one that waits for no lock.
    pub(crate) fn offer(&mut self, rank: Rank) {
        self.offered.insert(rank);
    }

    /// Takes one away that is not to be taken, or not any more.
    pub(crate) fn retract(&mut self, rank: Rank) {
        self.offered.remove(&rank);
    }

    /// The first of those that want a lock.
    pub(crate) fn first_wanting(&self, lock: &str) -> Option<Rank> {
        self.wanting.get(lock)?.first().copied()
    }

    /// Adds one that wants a lock.
    pub(crate) fn want(&mut self, lock: &str, rank: Rank) {
        match self.wanting.get_mut(lock) {
            Some(ranks) => drop(ranks.insert(rank)),
            None => drop(self.wanting.insert(lock.into(), BTreeSet::from([rank]))),
        }
    }

    /// Takes one away that wanted a lock; tells who wants it first now.
    pub(crate) fn unwant(&mut self, lock: &str, rank: Rank) -> Option<Rank> {
        let ranks = self.wanting.get_mut(lock)?;
        ranks.remove(&rank);
        let first = ranks.first().copied();
        if first.is_none() {
            self.wanting.remove(lock);
        }
        first
    }

    /// Whether nothing is left in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.offered.is_empty() && self.wanting.is_empty()
    }
}
