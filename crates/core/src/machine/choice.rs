use std::collections::{BTreeMap, BTreeSet};

use super::id_set::IdSet;
use super::lane::Lane;
use super::line::{Line, LineName};
use super::rank::{By, Rank};

/// What a queue chooses from beside its plain tasks: those with a key, a type or locks.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Choice {
    /// All that are ready, whatever keeps them from being taken.
    pub(crate) ready: IdSet,
    pub(crate) lanes: BTreeMap<Box<str>, Lane>,
    lines: BTreeMap<LineName, Line>,
    /// The first of each line by priority.
    firsts_by_priority: BTreeSet<Rank>,
    /// The first of each line by turn.
    firsts_by_turn: BTreeSet<Rank>,
    /// How many are held, by type.
    held_of_type: BTreeMap<Box<str>, u64>,
}

impl Choice {
    /// The first task of each class that waits for no lock, in order.
    pub(crate) const fn firsts(&self, by: By) -> &BTreeSet<Rank> {
        match by {
            By::Priority => &self.firsts_by_priority,
            By::Turn => &self.firsts_by_turn,
        }
    }

    /// The lane of a key, which comes with its first task.
    pub(crate) fn lane_mut(&mut self, key: &str) -> &mut Lane {
        if !self.lanes.contains_key(key) {
            self.lanes.insert(key.into(), Lane::default());
        }
        self.lanes.get_mut(key).expect("it has just been put there")
    }

    /// Who is first of those in a line that want a lock.
    pub(crate) fn first_wanting(&self, line: &LineName, lock: &str) -> Option<Rank> {
        self.lines.get(line)?.first_wanting(lock)
    }

    /// Lets a task be taken.
    pub(crate) fn offer(&mut self, line: &LineName, rank: Rank) {
        self.change(line, |line| line.offer(rank));
    }

    /// Lets a task not be taken.
    pub(crate) fn retract(&mut self, line: &LineName, rank: Rank) {
        self.change(line, |line| line.retract(rank));
    }

    /// Adds a task that wants a lock.
    pub(crate) fn want(&mut self, line: &LineName, lock: &str, rank: Rank) {
        self.change(line, |line| line.want(lock, rank));
    }

    /// Takes a task away that wanted a lock; tells who wants it first now.
    pub(crate) fn unwant(&mut self, line: &LineName, lock: &str, rank: Rank) -> Option<Rank> {
        self.change(line, |line| line.unwant(lock, rank))
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

    /// Changes a line and keeps the firsts in step. Lines come with their first task and go with
    /// their last.
    fn change<T>(&mut self, name: &LineName, change: impl FnOnce(&mut Line) -> T) -> T {
        if !self.lines.contains_key(name) {
            self.lines.insert(name.clone(), Line::default());
        }
        let line = self.lines.get_mut(name).expect("it has just been put there");
        let before = line.first();
        let changed = change(line);
        let (after, is_empty) = (line.first(), line.is_empty());
        if before != after {
            let firsts = match name.by {
                By::Priority => &mut self.firsts_by_priority,
                By::Turn => &mut self.firsts_by_turn,
            };
            before.map(|rank| firsts.remove(&rank));
            firsts.extend(after);
        }
        if is_empty {
            self.lines.remove(name);
        }
        changed
    }
}
