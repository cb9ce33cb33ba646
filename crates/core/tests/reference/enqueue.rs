use std::collections::BTreeSet;

use bytes::Bytes;
use ferry_core::command::{Enqueue, NewTask, PutQueue, QueueSettings};
use ferry_core::rejection::{QueueFull, TaskNotFound};
use ferry_core::reply::Enqueued;
use ferry_core::row::TaskRow;
use ferry_core::{EventName, Rejection, Reply, StateName};

use super::{Reference, Task, not_found};

impl Reference {
    pub(crate) fn enqueue(
        &mut self,
        Enqueue { queue, tasks, create_queue }: Enqueue,
    ) -> Result<Reply, Rejection> {
        if !self.queues.contains_key(&queue) && !create_queue {
            return Err(not_found(&queue));
        }
        for (item, task) in tasks.iter().enumerate() {
            for id in task.depends_on.iter().copied() {
                let item = (tasks.len() > 1).then_some(item as u32);
                let missing = Rejection::TaskNotFound(TaskNotFound { task: id, item });
                self.known(id).map_err(|_| missing)?;
            }
        }
        self.are_unique(&queue, &tasks)?;
        if !self.queues.contains_key(&queue) {
            self.put(PutQueue { queue: queue.clone(), settings: QueueSettings::standard() });
        }
        let count = tasks.len() as u64;
        let bytes: u64 = tasks.iter().map(|task| task.payload.len() as u64).sum();
        self.has_room(&queue, count, bytes)?;
        let first_task = self.tasks_so_far + 1;
        let is_tied = matches!(&tasks[..], [task] if !task.depends_on.is_empty());
        let ttl_ms = match &tasks[..] {
            [NewTask { ttl_ms: None, .. }] => self.queues[&queue].settings.ttl_ms,
            _ => None,
        };
        let mut hopeless = Vec::new();
        for new in tasks {
            self.tasks_so_far += 1;
            let (waits_for, failed) = self.dependencies(&new);
            let mut row = self.new_row(&queue, new);
            if !waits_for.is_empty() {
                row.state = StateName::Blocked.into();
            }
            row.waits_for = waits_for;
            let (id, result, history) = (row.id, Bytes::new(), Vec::new());
            let (queue, home) = (queue.clone(), queue.clone());
            let waits = Vec::new();
            self.tasks.push(Task { queue, home, row, waits, result, history, jitter: 0 });
            self.tell(id, EventName::Enqueued, None);
            self.turns_follow();
            hopeless.extend(failed.then_some(self.tasks_so_far));
        }
        hopeless.into_iter().for_each(|id| self.ends(id, StateName::Cancelled));
        let (at_ms, index) = (self.now, self.index);
        let state = match is_tied {
            true => self.known(first_task).map_or(StateName::Cancelled, |task| task.row.state()),
            false => StateName::Unknown,
        };
        let (tasks, state) = (count as u32, state.into());
        Ok(Reply::Enqueued(Enqueued { first_task, tasks, at_ms, index, state, ttl_ms }))
    }

    pub(crate) fn has_room(&self, queue: &str, count: u64, bytes: u64) -> Result<(), Rejection> {
        let settings = &self.queues[queue].settings;
        let unfinished =
            self.tasks.iter().filter(|task| task.queue == queue && task.is_unfinished());
        let unfinished = unfinished.count() as u64;
        let full =
            |limit, bytes| Rejection::QueueFull(QueueFull { queue: queue.into(), limit, bytes });
        if let Some(limit) = settings.max_tasks.filter(|max| unfinished + count > *max) {
            return Err(full(limit, false));
        }
        if let Some(limit) = settings.max_bytes.filter(|max| self.bytes(queue) + bytes > *max) {
            return Err(full(limit, true));
        }
        Ok(())
    }

    pub(crate) fn new_row(&self, queue: &str, new: NewTask) -> TaskRow {
        let due = new.run_at_ms.unwrap_or(self.now + new.delay_ms);
        let state = if due <= self.now { StateName::Ready } else { StateName::Scheduled };
        let ttl_ms = new.ttl_ms.or(self.queues[queue].settings.ttl_ms);
        TaskRow {
            id: self.tasks_so_far,
            queue: self.queues[queue].number,
            state: state.into(),
            priority: new.priority,
            payload_bytes: new.payload.len() as u64,
            payload_is_bytes: new.payload_is_bytes,
            enqueued_at_ms: self.now,
            index: self.index,
            run_at_ms: (due != self.now).then_some(due),
            max_attempts: new.max_attempts,
            lease_ms: new.lease_ms,
            retry: new.retry,
            task_type: new.task_type,
            labels: new.labels,
            traceparent: new.traceparent,
            key: new.key,
            locks: BTreeSet::from_iter(new.locks).into_iter().collect(),
            ttl_ms,
            ttl_ends_at_ms: ttl_ms.map(|ttl| due.max(self.now) + ttl),
            unique: new.unique,
            depends_on: new.depends_on,
            run_on_dependency_failure: new.run_on_dependency_failure,
            resources: new.resources,
            selector: new.selector,
            firing: new.firing,
            ..TaskRow::default()
        }
    }
}
