use ferry_core::command::{DeleteQueue, PutQueue};
use ferry_core::rejection::QueueNotEmpty;
use ferry_core::reply::{QueueDeleted, QueuePut, QueueStatus};
use ferry_core::{Rejection, Reply, StateName};

use super::{Queue, Reference, Task, not_found};

impl Reference {
    pub(crate) fn put(&mut self, PutQueue { queue, settings }: PutQueue) -> Reply {
        let created = !self.queues.contains_key(&queue);
        self.queues_so_far += u32::from(created);
        let number = self.queues.get(&queue).map_or(self.queues_so_far, |queue| queue.number);
        let paused = self.queues.get(&queue).is_some_and(|queue| queue.paused);
        let resumed = self.queues.get(&queue).and_then(|queue| queue.resumed);
        let old = self.queues.get(&queue).map(|queue| queue.settings.clone());
        self.queues.insert(queue.clone(), Queue { number, settings, paused, resumed });
        self.settings_change(&queue, old);
        let status = Some(Box::new(self.status(&queue)));
        Reply::QueuePut(QueuePut { created, status })
    }

    /// A queue as it stands.
    pub(crate) fn status(&self, name: &str) -> QueueStatus {
        let is_ready = |task: &&Task| task.queue == name && task.is(StateName::Ready);
        let oldest = self.tasks.iter().filter(is_ready).map(|task| task.row.enqueued_at_ms).min();
        QueueStatus {
            settings: self.queues[name].settings.clone(),
            paused: self.queues[name].paused,
            counts: self.counts(name),
            bytes: self.bytes(name),
            oldest_ready_age_ms: oldest.map(|at| self.now - at),
        }
    }

    pub(crate) fn delete(
        &mut self,
        DeleteQueue { queue, force }: &DeleteQueue,
    ) -> Result<Reply, Rejection> {
        if !self.queues.contains_key(queue) {
            return Err(not_found(queue));
        }
        let in_it = |task: &Task| task.queue == *queue;
        let hinders = |task: &Task| task.is_unfinished() || task.is(StateName::Dead);
        if !force && self.tasks.iter().any(|task| in_it(task) && hinders(task)) {
            let counts = self.counts(queue);
            let queue = queue.clone();
            return Err(Rejection::QueueNotEmpty(QueueNotEmpty { queue, counts }));
        }
        for task in self.tasks.iter_mut().filter(|task| in_it(task)) {
            task.queue.clear();
        }
        self.queues.remove(queue);
        self.forget_order(queue);
        Ok(Reply::QueueDeleted(QueueDeleted {}))
    }
}
