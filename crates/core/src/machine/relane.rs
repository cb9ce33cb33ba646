//! What changes for the keys of a queue when its settings do, and for all queues when limits do.

use std::collections::BTreeSet;

use super::applying::Applying;
use super::limits::Limits;
use super::pages::Pages;
use super::queues::Queues;
use crate::command::{LimitScope, QueueSettings};

impl Applying<'_> {
    /// Gives a queue other settings. What was drawn from its bucket stays drawn; the keys of a
    /// queue that becomes fair get turns in their order, tasks without a key first.
    pub(crate) fn change_settings(&mut self, number: u32, settings: QueueSettings) {
        let now = self.machine.now();
        let queue = self.machine.queues.any_mut(number);
        queue.bucket.change_rate(queue.settings.rate.as_ref(), settings.rate.as_ref(), now);
        let old = std::mem::replace(&mut queue.settings, settings.clone());
        self.dirty.queues.insert(number);
        if settings.fair != old.fair {
            queue.keyless_turn = settings.fair.then(|| self.machine.counters.take_turn());
        }
        if changes_keys(&old, &settings) {
            self.settle_lanes(number, settings.fair != old.fair);
        }
        self.machine.queues.note_assigning(number);
        if is_chosen_otherwise(&old, &settings) {
            self.stir_all(number);
        }
    }

    /// Has every lane of a queue follow its settings, and with turns gives or takes these.
    fn settle_lanes(&mut self, number: u32, with_turns: bool) {
        let queue = self.machine.queues.any(number);
        let keys: Vec<Box<str>> = queue.choice.lanes.keys().cloned().collect();
        for key in keys {
            if with_turns {
                let queue = self.machine.queues.any_mut(number);
                let (is_fair, counters) = (queue.settings.fair, &mut self.machine.counters);
                queue.choice.change_lane(&key, |lane| {
                    let has_turn = is_fair && lane.ready.first().is_some();
                    lane.turn = has_turn.then(|| counters.take_turn());
                });
                self.dirty.lanes.insert((number, key.clone()));
            }
            let table = self.machine.tasks.table();
            self.machine.queues.change_lane(number, &key, table, |_| {});
        }
    }
}

impl Queues {
    /// Changes the limits while what the lanes of some keys have put up is taken back: a limit that
    /// names a key puts its tasks into a class of their own.
    pub(crate) fn change_limits(
        &mut self,
        keys: &BTreeSet<String>,
        table: &Pages,
        change: impl FnOnce(&mut Limits),
    ) {
        let numbers: Vec<u32> = self.numbers_with_deleted().collect();
        for (number, key) in pairs(&numbers, keys) {
            self.unsettle_lane(number, key, table);
        }
        change(&mut self.limits);
        for (number, key) in pairs(&numbers, keys) {
            self.change_lane(number, key, table, |_| {});
        }
    }

    /// Leased tasks that a limit of this scope binds.
    pub(crate) fn held_within(&self, scope: &LimitScope, table: &Pages) -> u64 {
        let queues = self.living().chain(self.deleted()).map(|(_, queue)| queue);
        let named = queues
            .filter(|queue| scope.queue.as_deref().is_none_or(|name| name == queue.name.as_str()));
        let held = named.map(|queue| match (scope.key.as_deref(), scope.task_type.as_deref()) {
            // One that names nothing binds nothing.
            (None, None) if scope.queue.is_none() => 0,
            (None, None) => queue.held(),
            (None, Some(kind)) => queue.choice.held_of_type(kind),
            (Some(key), _) => {
                let held = queue.choice.lanes.get(key).into_iter().flat_map(|lane| &lane.held);
                let tasks = held.filter_map(|id| table.get(*id));
                tasks.filter(|task| scope.fits(queue.name.as_str(), task)).count() as u64
            }
        });
        held.sum()
    }

    /// The living queues that a limit of this scope may bind tasks of.
    pub(crate) fn bound_by(&self, scope: &LimitScope) -> impl Iterator<Item = u32> {
        let is_bound = |name: &str| scope.queue.as_deref().is_none_or(|queue| queue == name);
        let bound = self.living().filter(move |(_, queue)| is_bound(queue.name.as_str()));
        bound.filter(|(_, queue)| queue.counts().ready > 0).map(|(number, _)| number)
    }
}

/// Whether all keys of a queue have to follow when its settings become others.
pub(crate) fn changes_keys(old: &QueueSettings, new: &QueueSettings) -> bool {
    (new.fair, new.key_concurrency) != (old.fair, old.key_concurrency)
}

fn pairs<'a>(numbers: &[u32], keys: &'a BTreeSet<String>) -> impl Iterator<Item = (u32, &'a str)> {
    numbers.iter().flat_map(|number| keys.iter().map(|key| (*number, key.as_str())))
}

/// Whether one of two settings may let through what the other holds back.
fn is_chosen_otherwise(one: &QueueSettings, other: &QueueSettings) -> bool {
    fn chosen_by(settings: &QueueSettings) -> impl PartialEq + '_ {
        let QueueSettings { max_concurrency, rate, key_concurrency, fair, assign, .. } = settings;
        (max_concurrency, rate, key_concurrency, fair, assign)
    }
    chosen_by(one) != chosen_by(other)
}
