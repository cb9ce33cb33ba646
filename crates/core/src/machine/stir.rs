//! Whom to wake when something else than a task's own readiness lets it be taken: a lease ended, a
//! key, a lock or a limit is free, a setting changed. A wake too many costs a look.

use ferry_types::TaskId;

use super::applying::Applying;
use super::dirty::Dirty;
use super::lane::LaneNews;
use super::queues::Queues;
use super::standing::Standing;
use super::task::Task;

/// How a task moved on.
pub(crate) struct Moved {
    pub(crate) before: Standing,
    pub(crate) after: Standing,
    /// What came to the lane of its key, if it has one.
    pub(crate) lane: LaneNews,
}

impl Applying<'_> {
    /// Follows a task that moved on, and that is still there.
    pub(crate) fn follow_task(&mut self, id: TaskId, moved: &Moved) {
        let queues = &self.machine.queues;
        let task = self.machine.tasks.get(id).expect("the caller has changed the task");
        self.dirty.stir(queues, task, moved);
        if let Some(key) = task.key().filter(|_| moved.lane.turn_is_open) {
            let (number, key) = (task.queue, Box::<str>::from(key));
            self.follow_lane(number, &key);
        }
    }

    /// Notes that a worker has room since a lease of its session ended.
    pub(crate) fn make_room(&mut self, session: Option<u64>) {
        let worker = session.and_then(|session| self.machine.queues.workers.of(session));
        if let Some(worker) = worker {
            self.dirty.room.insert(worker.name.clone());
        }
    }

    /// Notes that all of a queue's tasks may be let through.
    pub(crate) fn stir_all(&mut self, number: u32) {
        if let Some(queue) = self.machine.queues.get(number) {
            *self.dirty.stirred.entry(number).or_default() += queue.counts().ready;
        }
    }

    /// Passes on to the queues what limits that were used up have let go of.
    pub(crate) fn stir_limited(&mut self) {
        for (name, count) in std::mem::take(&mut self.dirty.freed_limits) {
            let Some(limit) = self.machine.queues.limits.get(&name) else { continue };
            let max = limit.settings.max_concurrency;
            if max.is_none_or(|max| limit.held + count < max) {
                continue;
            }
            for number in self.machine.queues.bound_by(&limit.settings.scope) {
                *self.dirty.stirred.entry(number).or_default() += count;
            }
        }
    }
}

impl Dirty {
    /// Notes who may be let through by a task that moved on.
    pub(crate) fn stir(&mut self, queues: &Queues, task: &Task, moved: &Moved) {
        let frees = match (moved.before, moved.after) {
            (Standing::Aside, _) => false,
            // Its key may have held back the next with it, for which nobody was woken.
            (Standing::Ready, Standing::Held) => {
                if moved.lane.has_next {
                    *self.stirred.entry(task.queue).or_default() += 1;
                }
                false
            }
            (before, after) => before != after,
        };
        if !frees {
            return;
        }
        let is_freed = moved.before == Standing::Held;
        let has_bound = queues.any(task.queue).settings.max_concurrency.is_some();
        if !task.is_plain() || (is_freed && has_bound) {
            *self.stirred.entry(task.queue).or_default() += 1;
        }
        // Who waits for a lock may have waited behind it as well.
        for place in task.locks().iter().flat_map(|lock| queues.locks.wanted(lock)) {
            *self.stirred.entry(place.queue).or_default() += 1;
        }
        if is_freed && !queues.limits.is_empty() {
            let queue = queues.any(task.queue).name.as_str();
            for name in queues.limits.binding(queue, task) {
                match self.freed_limits.get_mut(name) {
                    Some(count) => *count += 1,
                    None => drop(self.freed_limits.insert(name.into(), 1)),
                }
            }
        }
    }
}
