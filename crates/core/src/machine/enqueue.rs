use ferry_types::TaskId;

use super::applying::Applying;
use super::task::Task;
use crate::Rejection;
use crate::command::{Enqueue, QueueSettings};
use crate::rejection::{QueueFull, QueueNotFound};
use crate::reply::Enqueued;

impl Applying<'_> {
    /// Adds tasks, all or none, and never past the queue's bounds (I7).
    pub(crate) fn enqueue(&mut self, command: Enqueue) -> Result<Enqueued, Rejection> {
        let Enqueue { queue: name, tasks, create_queue } = command;
        let queue = match self.machine.queues.number(&name) {
            Some(queue) => queue,
            None if create_queue => self.create_queue(&name, QueueSettings::standard())?,
            None => return Err(Rejection::QueueNotFound(QueueNotFound { queue: name })),
        };
        let count = tasks.len() as u64;
        let bytes = tasks.iter().map(|task| task.payload.len() as u64).sum();
        self.require_room(queue, count, bytes)?;

        let (now, first_task) = (self.machine.now(), self.machine.counters.next_task);
        self.machine.counters.next_task += count;
        for (number, new) in (first_task..).zip(tasks) {
            let (id, payload) = (TaskId::new(number), new.payload.clone());
            let task = Task::new(queue, new, now, self.index);
            self.machine.tasks.insert(id, task, &mut self.machine.queues);
            self.dirty.tasks.push(id);
            self.dirty.payloads.push((id, payload));
        }
        self.machine.rates.entry(queue).or_default().enqueued(now, count);
        let tasks = u32::try_from(count).expect("an entry is far below 4 GiB");
        Ok(Enqueued { first_task, tasks, at_ms: now.as_millis(), index: self.index.get() })
    }

    /// Refuses what would pass a bound.
    fn require_room(&self, queue: u32, tasks: u64, bytes: u64) -> Result<(), Rejection> {
        let queue = self.machine.queues.get(queue).expect("the caller has found the queue");
        let full = |limit, bytes| {
            let queue = queue.name.as_str().into();
            Err(Rejection::QueueFull(QueueFull { queue, limit, bytes }))
        };
        let passes = |bound: Option<u64>, sum: u64| bound.filter(|bound| sum > *bound);
        if let Some(limit) = passes(queue.settings.max_tasks, queue.counts().unfinished() + tasks) {
            return full(limit, false);
        }
        if let Some(limit) = passes(queue.settings.max_bytes, queue.bytes() + bytes) {
            return full(limit, true);
        }
        Ok(())
    }
}
