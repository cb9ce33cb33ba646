use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use ferry_types::Timestamp;

use super::bucket::Bucket;
use super::gate::Gate;
use super::line::Class;
use super::task::Task;
use crate::command::{LimitScope, LimitSettings};
use crate::row::LimitRow;

/// Names of limits by something that they name.
type Index = BTreeMap<Box<str>, BTreeSet<Box<str>>>;

/// The named limits, over all queues.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Limits {
    all: BTreeMap<Box<str>, Limit>,
    /// Those that name a key.
    of_key: Index,
    /// Those that name a type and no key.
    of_type: Index,
    /// Those that name a queue and nothing else.
    of_queue: Index,
}

/// A named limit with its counter and its bucket.
#[derive(Debug, PartialEq)]
pub(crate) struct Limit {
    pub(crate) settings: LimitSettings,
    pub(crate) bucket: Bucket,
    /// Leased tasks that it binds.
    pub(crate) held: u64,
}

impl Limits {
    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Limit> {
        self.all.get(name)
    }

    /// The limits after `after`, by name.
    pub(crate) fn after(&self, after: Option<&str>) -> impl Iterator<Item = (&str, &Limit)> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.all.range::<str, _>((start, Bound::Unbounded)).map(|(name, limit)| (&**name, limit))
    }

    /// Puts a limit in the place of the one of this name, if there is one.
    pub(crate) fn insert(&mut self, name: &str, limit: Limit) {
        self.remove(name);
        if let Some((index, named)) = self.index(&limit.settings.scope) {
            index.entry(named).or_default().insert(name.into());
        }
        self.all.insert(name.into(), limit);
    }

    /// The same limits before any task: for tests.
    pub(crate) fn without_tasks(&self) -> Self {
        let mut bare = Self::default();
        for (name, Limit { settings, bucket, .. }) in &self.all {
            bare.insert(name, Limit { settings: settings.clone(), bucket: *bucket, held: 0 });
        }
        bare
    }

    /// Takes a limit away.
    pub(crate) fn remove(&mut self, name: &str) -> Option<Limit> {
        let limit = self.all.remove(name)?;
        if let Some((index, named)) = self.index(&limit.settings.scope)
            && let Some(names) = index.get_mut(&named)
        {
            names.remove(name);
            if names.is_empty() {
                index.remove(&named);
            }
        }
        Some(limit)
    }

    /// The row of a limit.
    pub(crate) fn row(&self, name: &str) -> Option<LimitRow> {
        let limit = self.all.get(name)?;
        Some(LimitRow {
            limit: name.into(),
            settings: limit.settings.clone(),
            full_at_ns: limit.bucket.to_row(),
        })
    }

    /// The class of a task: which limits bind it, within its queue, and what it needs.
    pub(crate) fn class(&self, task: &Task) -> Class {
        let limited_key = task.key().filter(|key| self.of_key.contains_key(*key));
        Class {
            task_type: task.task_type().map(Into::into),
            limited_key: limited_key.map(Into::into),
            needs: task.needs().cloned(),
        }
    }

    /// Whether those that bind a whole queue let its tasks through.
    pub(crate) fn queue_gate(&self, queue: &str, now: Timestamp) -> Gate {
        let names = self.of_queue.get(queue).into_iter().flatten();
        let limits = names.filter_map(|name| self.all.get(name));
        limits.map(|limit| limit.gate(now)).fold(Gate::Open, Gate::and)
    }

    /// Whether those that name a task's key or type let it through.
    pub(crate) fn class_gate(&self, queue: &str, task: &Task, now: Timestamp) -> Gate {
        let of_key = task.key().and_then(|key| self.of_key.get(key));
        let of_type = task.task_type().and_then(|kind| self.of_type.get(kind));
        let names = of_key.into_iter().chain(of_type).flatten();
        let limits = names.filter_map(|name| self.all.get(name));
        let binding = limits.filter(|limit| limit.settings.scope.fits(queue, task));
        binding.map(|limit| limit.gate(now)).fold(Gate::Open, Gate::and)
    }

    /// How many more tasks those that bind a whole queue let through.
    pub(crate) fn queue_room(&self, queue: &str, now: Timestamp) -> u64 {
        let names = self.of_queue.get(queue).into_iter().flatten();
        let limits = names.filter_map(|name| self.all.get(name));
        limits.map(|limit| limit.room(now)).min().unwrap_or(u64::MAX)
    }

    /// How many more tasks like this one all that bind it let through.
    pub(crate) fn room(&self, queue: &str, task: &Task, now: Timestamp) -> u64 {
        let limits = self.binding(queue, task).filter_map(|name| self.all.get(name));
        limits.map(|limit| limit.room(now)).min().unwrap_or(u64::MAX)
    }

    /// The names of all that bind a task.
    pub(crate) fn binding(&self, queue: &str, task: &Task) -> impl Iterator<Item = &str> {
        let of_key = task.key().and_then(|key| self.of_key.get(key));
        let of_type = task.task_type().and_then(|kind| self.of_type.get(kind));
        let names = of_key.into_iter().chain(of_type).chain(self.of_queue.get(queue)).flatten();
        let limits = names.filter_map(|name| Some((&**name, self.all.get(name)?)));
        let binding = limits.filter(move |(_, limit)| limit.settings.scope.fits(queue, task));
        binding.map(|(name, _)| name)
    }

    /// Counts a task that is held.
    pub(crate) fn hold(&mut self, queue: &str, task: &Task) {
        self.each_binding(queue, task, |_, limit| limit.held += 1);
    }

    /// Undoes [`hold`](Self::hold).
    pub(crate) fn let_go(&mut self, queue: &str, task: &Task) {
        self.each_binding(queue, task, |_, limit| limit.held -= 1);
    }

    /// Does something to every limit that binds a task.
    pub(crate) fn each_binding(
        &mut self,
        queue: &str,
        task: &Task,
        mut act: impl FnMut(&str, &mut Limit),
    ) {
        let Self { all, of_key, of_type, of_queue } = self;
        let of_key = task.key().and_then(|key| of_key.get(key));
        let of_type = task.task_type().and_then(|kind| of_type.get(kind));
        let names = of_key.into_iter().chain(of_type).chain(of_queue.get(queue)).flatten();
        for name in names {
            if let Some(limit) = all.get_mut(name)
                && limit.settings.scope.fits(queue, task)
            {
                act(name, limit);
            }
        }
    }

    /// The index that a limit stands in, and under what. None for one that binds no task.
    fn index(&mut self, scope: &LimitScope) -> Option<(&mut Index, Box<str>)> {
        let (index, named) = match (&scope.key, &scope.task_type, &scope.queue) {
            (Some(key), _, _) => (&mut self.of_key, key),
            (None, Some(kind), _) => (&mut self.of_type, kind),
            (None, None, Some(queue)) => (&mut self.of_queue, queue),
            (None, None, None) => return None,
        };
        Some((index, named.as_str().into()))
    }
}

impl Limit {
    /// Whether it lets one more task through.
    fn gate(&self, now: Timestamp) -> Gate {
        if self.settings.max_concurrency.is_some_and(|max| self.held >= max) {
            return Gate::Closed;
        }
        Gate::of_rate(self.bucket.not_before(self.settings.rate.as_ref(), now))
    }

    /// How many more tasks it lets through.
    fn room(&self, now: Timestamp) -> u64 {
        let max = self.settings.max_concurrency.unwrap_or(u64::MAX);
        max.saturating_sub(self.held).min(self.bucket.left(self.settings.rate.as_ref(), now))
    }
}

impl LimitScope {
    /// Whether a limit of this scope binds a task of a queue.
    pub(crate) fn fits(&self, queue: &str, task: &Task) -> bool {
        self.queue.as_deref().is_none_or(|name| name == queue)
            && self.key.as_deref().is_none_or(|key| task.key() == Some(key))
            && self.task_type.as_deref().is_none_or(|kind| task.task_type() == Some(kind))
    }
}
