use std::collections::{BTreeMap, BTreeSet};

use super::id_set::IdSet;
use super::lane::Lane;
use super::line::LineName;
use super::rank::{By, Rank};

/// What a queue chooses from beside its plain tasks: those with a key, a type or locks.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Choice {
    /// All that are ready, whatever keeps them from being taken.
    pub(crate) ready: IdSet,
    pub(crate) lanes: BTreeMap<Box<str>, Lane>,
    /// Those of a line that wait for no lock, in order. None is empty.
    lines: BTreeMap<LineName, BTreeSet<Rank>>,
    /// The first of each line by priority whose tasks need nothing of their worker.
    firsts_by_priority: BTreeSet<Rank>,
    /// Likewise by turn.
    firsts_by_turn: BTreeSet<Rank>,
    /// The first of each line by priority whose tasks need something.
    needing_by_priority: BTreeSet<Rank>,
    /// Likewise by turn.
    needing_by_turn: BTreeSet<Rank>,
    /// How many are held, by type.
    held_of_type: BTreeMap<Box<str>, u64>,
}

impl Choice {
    /// The first task of each class that waits for no lock and needs nothing of its worker, in order.
    pub(crate) const fn firsts(&self, by: By) -> &BTreeSet<Rank> {
        match by {
            By::Priority => &self.firsts_by_priority,
            By::Turn => &self.firsts_by_turn,
        }
    }

    /// The same of the classes that need something.
    pub(crate) const fn needing(&self, by: By) -> &BTreeSet<Rank> {
        match by {
            By::Priority => &self.needing_by_priority,
            By::Turn => &self.needing_by_turn,
        }
    }

    /// The tasks of a line, in order.
    pub(crate) fn line(&self, name: &LineName) -> impl Iterator<Item = Rank> + use<'_> {
        self.lines.get(name).into_iter().flatten().copied()
    }

    /// Whether a task stands in a line.
    pub(crate) fn has_offered(&self, name: &LineName, rank: Rank) -> bool {
        self.lines.get(name).is_some_and(|line| line.contains(&rank))
    }

    /// Changes the lane of a key, which comes with the first change.
    pub(crate) fn change_lane<T>(&mut self, key: &str, change: impl FnOnce(&mut Lane) -> T) -> T {
        if let Some(lane) = self.lanes.get_mut(key) {
            return change(lane);
        }
        let mut lane = Lane::default();
        let changed = change(&mut lane);
        self.lanes.insert(key.into(), lane);
        changed
    }

    /// Lets a task be taken.
    pub(crate) fn offer(&mut self, name: &LineName, rank: Rank) {
        let Some(line) = self.lines.get_mut(name) else {
            self.lines.insert(name.clone(), BTreeSet::from([rank]));
            return self.replace_first(name, None, Some(rank));
        };
        let before = line.first().copied();
        line.insert(rank);
        let after = line.first().copied();
        self.replace_first(name, before, after);
    }

    /// Lets a task not be taken.
    pub(crate) fn retract(&mut self, name: &LineName, rank: Rank) {
        let Some(line) = self.lines.get_mut(name) else { return };
        let before = line.first().copied();
        line.remove(&rank);
        let after = line.first().copied();
        if after.is_none() {
            self.lines.remove(name);
        }
        self.replace_first(name, before, after);
    }

    /// Counts a held task of a type.
    pub(crate) fn hold(&mut self, task_type: &str) {
        match self.held_of_type.get_mut(task_type) {
            Some(count) => *count += 1,
            None => drop(self.held_of_type.insert(task_type.into(), 1)),
        }
    }

    /// Undoes [`hold`](Self::hold).
    pub(crate) fn let_go(&mut self, task_type: &str) {
        if let Some(count) = self.held_of_type.get_mut(task_type) {
            *count -= 1;
            if *count == 0 {
                self.held_of_type.remove(task_type);
            }
        }
    }

    /// How many of a type are held.
    pub(crate) fn held_of_type(&self, task_type: &str) -> u64 {
        self.held_of_type.get(task_type).copied().unwrap_or(0)
    }

    fn replace_first(&mut self, name: &LineName, before: Option<Rank>, after: Option<Rank>) {
        if before == after {
            return;
        }
        let firsts = match (name.by, name.class.needs.is_some()) {
            (By::Priority, false) => &mut self.firsts_by_priority,
            (By::Turn, false) => &mut self.firsts_by_turn,
            (By::Priority, true) => &mut self.needing_by_priority,
            (By::Turn, true) => &mut self.needing_by_turn,
        };
        before.map(|rank| firsts.remove(&rank));
        firsts.extend(after);
    }
}
