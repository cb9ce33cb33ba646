//! Who may be taken next: keys, turns, locks, limits and rates, over all tasks there are.

use std::collections::{BTreeMap, BTreeSet};

use ferry_core::command::{DeleteLimit, LimitScope, LimitSettings, PutLimit, QueueSettings, Rate};
use ferry_core::rejection::LimitNotFound;
use ferry_core::reply::{LimitDeleted, LimitPut};
use ferry_core::{Rejection, Reply, StateName};

use super::workers::{Taker, needs};
use super::{Reference, Task};

const TOKEN: u64 = 1_000_000;

/// Everything that the order needs beside the tasks.
#[derive(Clone, Default)]
pub(crate) struct Order {
    limits: BTreeMap<String, (LimitSettings, Tokens)>,
    /// By queue and key.
    turns: BTreeMap<(String, String), u64>,
    /// Of the tasks without a key, by queue.
    keyless_turns: BTreeMap<String, u64>,
    turns_so_far: u64,
    /// Of the queues' rates.
    tokens: BTreeMap<String, Tokens>,
}

/// How much a bucket lacks, in millionths of a token, and since when.
#[derive(Clone, Copy, Default)]
struct Tokens {
    missing: u64,
    at: u64,
}

impl Tokens {
    /// A thousandth of a token a second is a millionth a millisecond.
    fn missing_at(self, rate: &Rate, now: u64) -> u64 {
        self.missing.saturating_sub((now - self.at) * rate.per_second_milli)
    }

    fn not_before(self, rate: Option<&Rate>, now: u64) -> u64 {
        let Some(rate) = rate else { return 0 };
        let may_miss = (rate.most_at_once() - 1) * TOKEN;
        let has_one = |at: &u64| self.missing_at(rate, *at) <= may_miss;
        (now..).find(has_one).expect("a bucket fills")
    }

    fn draw(&mut self, rate: Option<&Rate>, now: u64) {
        if let Some(rate) = rate {
            *self = Self { missing: self.missing_at(rate, now) + TOKEN, at: now };
        }
    }

    fn change(&mut self, old: Option<&Rate>, new: Option<&Rate>, now: u64) {
        *self = match (old, new) {
            (Some(old), Some(new)) if old != new => {
                let missing = self.missing_at(old, now).min(new.most_at_once() * TOKEN);
                Self { missing, at: now }
            }
            (Some(_), Some(_)) => *self,
            _ => Self::default(),
        };
    }
}

/// Whether a lease holds it.
pub(crate) fn is_held(task: &Task) -> bool {
    task.is(StateName::Leased) || task.row.held
}

impl Reference {
    /// The task of a queue that is next for whoever asks; else when there may be one without anything happening.
    pub(crate) fn next(&self, queue: &str, taker: Taker<'_>) -> Result<u64, Option<u64>> {
        self.next_of(&self.takeable(queue), queue, taker)
    }

    /// The tasks of a queue that only rates can keep back, and until when they do.
    pub(crate) fn takeable(&self, queue: &str) -> Vec<(u64, &Task)> {
        let all = self.tasks.iter().filter(|task| self.may_be_taken(task, queue));
        all.map(|task| (self.not_before(task), task)).collect()
    }

    /// Of what may be taken from a queue, what [`next`](Self::next) says.
    pub(crate) fn next_of(
        &self,
        takeable: &[(u64, &Task)],
        queue: &str,
        taker: Taker<'_>,
    ) -> Result<u64, Option<u64>> {
        let suiting = takeable.iter().filter(|(_, task)| self.suits(task, taker));
        let timed: Vec<(u64, &Task)> = suiting.copied().collect();
        let now = timed.iter().filter(|(at, _)| *at <= self.now).map(|(_, task)| *task);
        let (in_turn, by_priority): (Vec<&Task>, Vec<&Task>) =
            now.partition(|task| self.turn(task).is_some());
        let first = by_priority.iter().min_by_key(|task| (10 - task.row.priority, task.row.id));
        let next = in_turn.iter().min_by_key(|task| self.turn(task));
        match (first, next) {
            (Some(first), Some(next)) => {
                let is_before = self.order.keyless_turns.get(queue) < self.turn(next).as_ref();
                Ok(if is_before { first.row.id } else { next.row.id })
            }
            (Some(one), None) | (None, Some(one)) => Ok(one.row.id),
            (None, None) => Err(timed.iter().map(|(at, _)| *at).min()),
        }
    }

    /// How many tasks of a queue can be taken one after the other, one of each key: with it the next
    /// of its key may be.
    pub(crate) fn taken_in_turn(&self, queue: &str) -> usize {
        let (mut rest, mut taken) = (self.clone(), Vec::new());
        while let Ok(id) = rest.next(queue, Taker::Anybody) {
            rest.is_delivered(id);
            let row = &mut rest.task_mut(id).row;
            row.set_state(StateName::Leased);
            if row.key.is_none() || !taken.contains(&row.key) {
                taken.push(row.key.clone());
            }
        }
        taken.len()
    }

    /// The tasks of a queue in the order in which they can be taken now, one after the other.
    pub(crate) fn taken_one_by_one(&self, queue: &str) -> Vec<u64> {
        let (mut rest, mut taken) = (self.clone(), Vec::new());
        while let Ok(id) = rest.next(queue, Taker::Anybody) {
            rest.is_delivered(id);
            rest.task_mut(id).row.set_state(StateName::Leased);
            taken.push(id);
        }
        taken
    }

    /// Whether only rates can keep a task back.
    pub(crate) fn may_be_taken(&self, task: &Task, queue: &str) -> bool {
        let Some(settings) = self.queues.get(queue).map(|queue| &queue.settings) else {
            return false;
        };
        let held = self.tasks.iter().filter(|other| other.queue == queue && is_held(other));
        let has_room = settings.max_concurrency.is_none_or(|max| (held.count() as u64) < max);
        task.queue == queue
            && has_room
            && !self.queues[queue].paused
            && self.is_put_up(task, settings)
            && task.row.locks.iter().all(|lock| self.is_first_for(lock, task, settings))
            && self.binding(task).all(|(limit, _)| self.has_room_under(limit))
    }

    /// Whether its key lets it be taken: a ready task, the first of its key, and the key has room.
    fn is_put_up(&self, task: &Task, settings: &QueueSettings) -> bool {
        let of_key = |other: &&Task| other.queue == task.queue && other.row.key == task.row.key;
        let same_key: Vec<&Task> = self.tasks.iter().filter(of_key).collect();
        let held = same_key.iter().filter(|task| is_held(task)).count() as u64;
        let is_retrying = same_key.iter().any(|task| task.is(StateName::Retrying));
        let first = same_key.iter().find(|task| task.is(StateName::Ready));
        let has_room = match (settings.key_concurrency, settings.fair) {
            (None, true) => true,
            (None | Some(1), _) => held == 0 && !is_retrying,
            (Some(max), _) => held < max,
        };
        let is_next = has_room && first.is_some_and(|first| first.row.id == task.row.id);
        task.is(StateName::Ready) && (task.row.key.is_none() || is_next)
    }

    /// Whether a lock is free, and nobody wants it who comes first among those that the same limits
    /// bind.
    fn is_first_for(&self, lock: &String, task: &Task, settings: &QueueSettings) -> bool {
        let wants = |other: &&Task| other.row.locks.contains(lock);
        let is_held = self.tasks.iter().filter(wants).any(is_held);
        let is_rival = |other: &&Task| {
            other.queue == task.queue
                && self.turn(other).is_some() == self.turn(task).is_some()
                && other.row.task_type == task.row.task_type
                && self.limited_key(other) == self.limited_key(task)
                && needs(other) == needs(task)
                && self.is_put_up(other, settings)
        };
        let rivals = self.tasks.iter().filter(wants).filter(is_rival);
        let rank = |task: &Task| {
            (self.turn(task).unwrap_or(10 - u64::from(task.row.priority)), task.row.id)
        };
        !is_held && rivals.map(rank).min() == Some(rank(task))
    }

    fn limited_key<'a>(&self, task: &'a Task) -> Option<&'a String> {
        let key = task.row.key.as_ref()?;
        let mut limits = self.order.limits.values();
        limits.any(|(limit, _)| limit.scope.key.as_ref() == Some(key)).then_some(key)
    }

    /// The turn of a task's key.
    fn turn(&self, task: &Task) -> Option<u64> {
        let key = task.row.key.clone()?;
        self.order.turns.get(&(task.queue.clone(), key)).copied()
    }

    fn binding(&self, task: &Task) -> impl Iterator<Item = &(LimitSettings, Tokens)> {
        self.order.limits.values().filter(move |(limit, _)| binds(&limit.scope, task))
    }

    /// Whether no named limit counts a task.
    pub(crate) fn is_unbound(&self, task: &Task) -> bool {
        self.binding(task).next().is_none()
    }

    fn has_room_under(&self, limit: &LimitSettings) -> bool {
        let held = self.tasks.iter().filter(|task| is_held(task) && binds(&limit.scope, task));
        limit.max_concurrency.is_none_or(|max| (held.count() as u64) < max)
    }

    pub(crate) fn not_before(&self, task: &Task) -> u64 {
        let rate = self.queues[&task.queue].settings.rate;
        let tokens = self.order.tokens.get(&task.queue).copied().unwrap_or_default();
        let of_queue = tokens.not_before(rate.as_ref(), self.now);
        let limits = self.binding(task);
        let of_limits =
            limits.map(|(limit, tokens)| tokens.not_before(limit.rate.as_ref(), self.now));
        of_limits.max().unwrap_or(0).max(of_queue)
    }

    /// Draws a token from every bucket, and sends the key to the back.
    pub(crate) fn is_delivered(&mut self, id: u64) {
        let task = self.tasks.iter().find(|task| task.row.id == id).expect("it was found");
        let (queue, key) = (task.queue.clone(), task.row.key.clone());
        let settings = self.queues[&queue].settings.clone();
        let order = &mut self.order;
        order.tokens.entry(queue.clone()).or_default().draw(settings.rate.as_ref(), self.now);
        for (limit, tokens) in order.limits.values_mut() {
            if binds(&limit.scope, task) {
                tokens.draw(limit.rate.as_ref(), self.now);
            }
        }
        if settings.fair {
            order.turns_so_far += 1;
            match key {
                Some(key) => order.turns.insert((queue, key), order.turns_so_far),
                None => order.keyless_turns.insert(queue, order.turns_so_far),
            };
        }
    }

    /// Keys whose last task is gone lose their turns; those that get their first ready one join at
    /// the back.
    pub(crate) fn turns_follow(&mut self) {
        let is_of = |task: &&Task, queue: &str, key: &str| {
            let counts = task.is(StateName::Ready) || task.is(StateName::Retrying) || is_held(task);
            task.queue == queue && task.row.key.as_deref() == Some(key) && counts
        };
        let tasks = &self.tasks;
        self.order
            .turns
            .retain(|(queue, key), _| tasks.iter().any(|task| is_of(&task, queue, key)));
        for task in self.tasks.iter().filter(|task| task.is(StateName::Ready)) {
            let is_fair = self.queues.get(&task.queue).is_some_and(|queue| queue.settings.fair);
            let Some(key) = task.row.key.clone().filter(|_| is_fair) else { continue };
            let place = (task.queue.clone(), key);
            if !self.order.turns.contains_key(&place) {
                self.order.turns_so_far += 1;
                self.order.turns.insert(place, self.order.turns_so_far);
            }
        }
    }

    /// What a change of a queue's settings means for the order.
    pub(crate) fn settings_change(&mut self, queue: &str, old: Option<QueueSettings>) {
        let new = self.queues[queue].settings.clone();
        let tokens = self.order.tokens.entry(queue.into()).or_default();
        tokens.change(old.as_ref().and_then(|old| old.rate).as_ref(), new.rate.as_ref(), self.now);
        if old.is_some_and(|old| old.fair) == new.fair {
            return;
        }
        self.order.turns.retain(|(of, _), _| of != queue);
        self.order.keyless_turns.remove(queue);
        if new.fair {
            self.order.turns_so_far += 1;
            self.order.keyless_turns.insert(queue.into(), self.order.turns_so_far);
            let ready = self.tasks.iter().filter(|task| task.queue == queue);
            let ready = ready.filter(|task| task.is(StateName::Ready));
            let keys: BTreeSet<String> = ready.filter_map(|task| task.row.key.clone()).collect();
            for key in keys {
                self.order.turns_so_far += 1;
                self.order.turns.insert((queue.into(), key), self.order.turns_so_far);
            }
        }
    }

    /// A queue that is gone takes its turns and its bucket along.
    pub(crate) fn forget_order(&mut self, queue: &str) {
        self.order.turns.retain(|(of, _), _| of != queue);
        self.order.keyless_turns.remove(queue);
        self.order.tokens.remove(queue);
    }

    pub(crate) fn put_limit(&mut self, PutLimit { limit, settings }: PutLimit) -> Reply {
        let old = self.order.limits.get(&limit).cloned();
        let created = old.is_none();
        let (old, mut tokens) = old.unzip();
        if let (Some(old), Some(tokens)) = (&old, &mut tokens) {
            tokens.change(old.rate.as_ref(), settings.rate.as_ref(), self.now);
        }
        let held = self.held_within(&settings.scope);
        self.order.limits.insert(limit, (settings, tokens.unwrap_or_default()));
        Reply::LimitPut(LimitPut { created, leased: held })
    }

    pub(crate) fn delete_limit(&mut self, delete: DeleteLimit) -> Result<Reply, Rejection> {
        let limit = delete.limit;
        match self.order.limits.remove(&limit) {
            Some(_) => Ok(Reply::LimitDeleted(LimitDeleted {})),
            None => Err(Rejection::LimitNotFound(LimitNotFound { limit })),
        }
    }

    /// The named limits, and how many leased tasks each binds.
    pub(crate) fn limits_in_use(&self) -> Vec<(String, u64)> {
        let limits = self.order.limits.iter();
        limits.map(|(name, (limit, _))| (name.clone(), self.held_within(&limit.scope))).collect()
    }

    fn held_within(&self, scope: &LimitScope) -> u64 {
        let held = self.tasks.iter().filter(|task| is_held(task) && binds(scope, task));
        held.count() as u64
    }
}

fn binds(scope: &LimitScope, task: &Task) -> bool {
    let LimitScope { queue, key, task_type } = scope;
    queue.as_ref().is_none_or(|queue| *queue == task.home)
        && key.as_ref().is_none_or(|key| task.row.key.as_ref() == Some(key))
        && task_type.as_ref().is_none_or(|kind| task.row.task_type.as_ref() == Some(kind))
        && (queue.is_some() || key.is_some() || task_type.is_some())
}
