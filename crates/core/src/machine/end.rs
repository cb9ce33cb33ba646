//! How tasks end, and how long they are kept.

use std::time::Duration;

use ferry_types::limits::EVICTIONS_PER_INSERT_MAX;
use ferry_types::{LeaseToken, TaskId, Timestamp};

use super::applying::Applying;
use super::measured::Count;
use super::task::TaskState;
use crate::Effect;
use crate::command::QueueSettings;
use crate::event::EventName;

impl Applying<'_> {
    /// The settings of a task's queue.
    pub(crate) fn settings(&self, queue: u32) -> &QueueSettings {
        &self.machine.queues.get(queue).expect("a queue outlives its tasks").settings
    }

    /// Whether no further attempt is left to a task, which exists.
    pub(crate) fn is_used_up(&self, id: TaskId) -> bool {
        let task = self.machine.tasks.get(id).expect("the caller has seen the task");
        task.is_used_up(self.settings(task.queue))
    }

    /// Ends a task well.
    pub(crate) fn succeed(&mut self, id: TaskId, token: LeaseToken) {
        let task = self.machine.tasks.get(id).expect("the caller has seen the task");
        let started_at = task.last_lease().map(|lease| lease.started_at);
        self.count(task.queue, Count::Acked { started_at });
        self.note_service(id);
        self.end(id, EventName::Acked, |finished_at, kept_until| TaskState::Succeeded {
            token,
            finished_at,
            kept_until,
        });
    }

    /// Notes how long a registered worker took for a task of some kind, which it has done.
    fn note_service(&mut self, id: TaskId) {
        let workers = &self.machine.queues.workers;
        let task = self.machine.tasks.get(id).expect("the caller has seen the task");
        let worker = workers.holding(task).and_then(|session| workers.of(session));
        let Some(worker) = worker else { return };
        if let (Some(task_type), Some(last)) = (task.task_type(), task.last_lease()) {
            let took = self.machine.now().saturating_since(last.started_at);
            let (worker, task_type) = ((&*worker.name).into(), task_type.into());
            self.dirty.served.push(Effect::Served { worker, task_type, took });
        }
    }

    /// Ends a task that was not done in time.
    pub(crate) fn expire(&mut self, id: TaskId) {
        self.end(id, EventName::Expired, |finished_at, kept_until| TaskState::Expired {
            finished_at,
            kept_until,
        });
    }

    /// Ends a task that was called off, and that no lease holds.
    pub(crate) fn call_off(&mut self, id: TaskId) {
        let lease = None;
        self.end(id, EventName::Cancelled, |finished_at, kept_until| TaskState::Cancelled {
            lease,
            finished_at,
            kept_until,
        });
    }

    /// When a task that ends now is to be removed: not while it has its unique key.
    pub(crate) fn kept_until(&self, id: TaskId) -> Timestamp {
        let task = self.machine.tasks.get(id).expect("the caller has seen the task");
        let retention = Duration::from_millis(self.settings(task.queue).result_retention_ms);
        let kept_until = self.machine.now() + retention;
        task.unique_until().map_or(kept_until, |until| until.max(kept_until))
    }

    /// Ends a task. It is kept for as long as its queue says at this moment, and while it is among
    /// the newest that the table may hold (I8); without a retention it is gone at once.
    fn end(
        &mut self,
        id: TaskId,
        event: EventName,
        state: impl FnOnce(Timestamp, Timestamp) -> TaskState,
    ) {
        let (finished_at, kept_until) = (self.machine.now(), self.kept_until(id));
        self.change_task(id, event, |task| task.set_state(state(finished_at, kept_until)));
        if kept_until <= finished_at {
            self.remove_task(id);
        } else {
            self.evict_ended();
        }
    }

    /// Makes room for one more ended task.
    pub(crate) fn evict_ended(&mut self) {
        for _ in 0..EVICTIONS_PER_INSERT_MAX {
            let max = self.limits.finished_tasks_max;
            let Some(oldest) = self.machine.tasks.oldest_finished_above(max) else { break };
            self.remove_task(oldest);
        }
    }

    /// Ends a task badly, by what happened to it and with what its last attempt said. It is kept for
    /// as long as its queue says at this moment, and while it has its unique key.
    pub(crate) fn bury(&mut self, id: TaskId, event: EventName, error: Option<&str>) {
        let task = self.machine.tasks.get(id).expect("the caller has seen the task");
        let retention = self.settings(task.queue).dead_retention_ms;
        let finished_at = self.machine.now();
        let kept_until = retention.map(|millis| {
            let kept_until = finished_at + Duration::from_millis(millis);
            task.unique_until().map_or(kept_until, |until| until.max(kept_until))
        });
        self.change_task(id, event, |task| {
            task.set_error(error);
            task.set_state(TaskState::Dead { finished_at, kept_until });
        });
        if kept_until.is_some_and(|kept_until| kept_until <= finished_at) {
            self.remove_task(id);
        }
    }
}
