//! How tasks end, and how long they are kept.

use std::time::Duration;

use ferry_types::limits::EVICTIONS_PER_INSERT_MAX;
use ferry_types::{LeaseToken, TaskId};

use super::applying::Applying;
use super::task::TaskState;
use crate::command::QueueSettings;

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

    /// Ends a task well. It is kept for as long as its queue says at this moment, and while it is
    /// among the newest that the table may hold (I8); without a retention it is gone at once.
    pub(crate) fn succeed(&mut self, id: TaskId, token: LeaseToken) {
        let task = self.machine.tasks.get(id).expect("the caller has seen the task");
        let (queue, finished_at) = (task.queue, self.machine.now());
        let retention = self.settings(queue).result_retention_ms;
        let kept_until = finished_at + Duration::from_millis(retention);
        self.machine.rates.entry(queue).or_default().acked(finished_at);
        if retention == 0 {
            return self.remove_task(id);
        }
        self.change_task(id, |task| {
            task.set_state(TaskState::Succeeded { token, finished_at, kept_until });
        });
        for _ in 0..EVICTIONS_PER_INSERT_MAX {
            let max = self.limits.finished_tasks_max;
            let Some(oldest) = self.machine.tasks.oldest_finished_above(max) else { break };
            self.remove_task(oldest);
        }
    }

    /// Ends a task badly. It is kept for as long as its queue says at this moment.
    pub(crate) fn bury(&mut self, id: TaskId) {
        let task = self.machine.tasks.get(id).expect("the caller has seen the task");
        let retention = self.settings(task.queue).dead_retention_ms;
        if retention == Some(0) {
            return self.remove_task(id);
        }
        let finished_at = self.machine.now();
        let kept_until = retention.map(|millis| finished_at + Duration::from_millis(millis));
        self.change_task(id, |task| task.set_state(TaskState::Dead { finished_at, kept_until }));
    }
}
