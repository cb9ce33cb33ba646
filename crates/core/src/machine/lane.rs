use std::collections::BTreeSet;

use ferry_types::TaskId;

use super::id_set::IdSet;
use super::rank::{By, Rank};
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

/// How many leases a key may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeyRule {
    max_held: Option<u64>,
}

impl KeyRule {
    /// The rule that a queue's settings make: without a number one, except in a fair queue.
    pub(crate) fn of(settings: &QueueSettings) -> Self {
        let standard = if settings.fair { None } else { Some(1) };
        Self { max_held: settings.key_concurrency.or(standard) }
    }
}

impl Lane {
    /// The task that it should put up. One at a time means in order: one that failed and backs off
    /// is waited for as well.
    pub(crate) fn next(&self, rule: KeyRule) -> Option<TaskId> {
        let has_room = match rule.max_held {
            None => true,
            Some(1) => self.held.is_empty() && self.retrying == 0,
            Some(max) => (self.held.len() as u64) < max,
        };
        self.ready.first().filter(|_| has_room)
    }

    /// Whether nothing is left in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.ready.first().is_none() && self.held.is_empty() && self.retrying == 0
    }
}
