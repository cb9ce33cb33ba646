use std::collections::BTreeSet;

use ferry_types::TaskId;

use super::id_set::IdSet;
use super::pages::Pages;
use super::rank::{By, Rank};
use super::standing::Standing;
use crate::command::QueueSettings;

/// The tasks of a queue with the same key that may be taken, or that others wait for. There is one
/// as long as it has such tasks. It puts up one of them at a time: the one that was enqueued first.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Lane {
    pub(crate) ready: IdSet,
    pub(crate) held: BTreeSet<TaskId>,
    pub(crate) retrying: u64,
    /// When it is served in a fair queue; the lane with the lowest turn is next.
    pub(crate) turn: Option<u64>,
    /// The task that it has put up.
    pub(crate) nominee: Option<(By, Rank)>,
}

/// What its queue's settings mean for a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeyRule {
    /// How many leases its key may have.
    max_held: Option<u64>,
    /// What its task is ranked by among those of others.
    by: By,
}

/// The task that a lane had put up, and the one that it puts up instead.
pub(crate) struct Handover {
    pub(crate) before: Option<(By, Rank)>,
    pub(crate) after: Option<(By, Rank)>,
}

/// What came to the lane of a key when a task of it moved on.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LaneNews {
    /// Whether the key is to get a turn, or has lost the one that it had.
    pub(crate) turn_is_open: bool,
    /// Whether it puts up another task than before.
    pub(crate) has_next: bool,
}

impl KeyRule {
    /// The rule that a queue's settings make: without a number one, except in a fair queue.
    pub(crate) fn of(settings: &QueueSettings) -> Self {
        let (standard, by) = match settings.fair {
            true => (None, By::Turn),
            false => (Some(1), By::Priority),
        };
        Self { max_held: settings.key_concurrency.or(standard), by }
    }
}

impl Lane {
    /// Follows a task of the key from one standing to another.
    pub(crate) fn restand(&mut self, id: TaskId, before: Standing, after: Standing) {
        match before {
            Standing::Aside => {}
            Standing::Ready => self.ready.remove(id),
            Standing::Retrying => self.retrying -= 1,
            Standing::Held => drop(self.held.remove(&id)),
        }
        match after {
            Standing::Aside => {}
            Standing::Ready => self.ready.insert(id),
            Standing::Retrying => self.retrying += 1,
            Standing::Held => drop(self.held.insert(id)),
        }
    }

    /// Has it put up the task that it should, and no other; tells if that is another than before.
    pub(crate) fn settle(&mut self, rule: KeyRule, table: &Pages) -> Option<Handover> {
        let next = self.next(rule).and_then(|id| match rule.by {
            By::Turn => Some((By::Turn, Rank::by_turn(self.turn?, id))),
            By::Priority => {
                let task = table.get(id).expect("a ready task is in the table");
                Some((By::Priority, Rank::by_priority(task.priority, id)))
            }
        });
        let before = std::mem::replace(&mut self.nominee, next);
        (before != next).then_some(Handover { before, after: next })
    }

    /// Whether it is to get a turn, where keys have them.
    pub(crate) fn lacks_turn(&self) -> bool {
        self.turn.is_none() && self.ready.first().is_some()
    }

    /// Whether nothing is left in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.ready.first().is_none() && self.held.is_empty() && self.retrying == 0
    }

    /// The task that it will put up when those up to `last` are held as well, `more` in number.
    pub(crate) fn next_after(&self, rule: KeyRule, last: TaskId, more: u64) -> Option<TaskId> {
        let has_room = match rule.max_held {
            None => true,
            Some(1) => false,
            Some(max) => self.held.len() as u64 + more < max,
        };
        self.ready.after(Some(last)).next().filter(|_| has_room)
    }

    /// The task that it should put up. One at a time means in order: one that failed and backs off
    /// is waited for as well.
    fn next(&self, rule: KeyRule) -> Option<TaskId> {
        let has_room = match rule.max_held {
            None => true,
            Some(1) => self.held.is_empty() && self.retrying == 0,
            Some(max) => (self.held.len() as u64) < max,
        };
        self.ready.first().filter(|_| has_room)
    }
}
