use ferry_types::TaskId;

use super::applying::Applying;
use super::dependencies::Dependencies;
use super::events::told;
use super::measured::Count;
use super::task::{Task, TaskState};
use crate::Rejection;
use crate::command::{Enqueue, NewTask, QueueSettings};
use crate::event::EventName;
use crate::rejection::{QueueFull, QueueNotFound, TaskNotFound};
use crate::reply::Enqueued;
use crate::state::StateName;

impl Applying<'_> {
    /// Adds tasks, all or none, and never past the queue's bounds (I7).
    pub(crate) fn enqueue(&mut self, command: Enqueue) -> Result<Enqueued, Rejection> {
        let Enqueue { queue: name, mut tasks, create_queue } = command;
        let queue = self.machine.queues.number(&name);
        if queue.is_none() && !create_queue {
            return Err(Rejection::QueueNotFound(QueueNotFound { queue: name }));
        }
        for (place, task) in tasks.iter().enumerate() {
            self.dependencies(task).map_err(|missing| {
                Rejection::TaskNotFound(TaskNotFound { item: item(&tasks, place), ..missing })
            })?;
        }
        self.require_unique(queue, &tasks)?;
        let queue = match queue {
            Some(queue) => queue,
            None => self.create_queue(&name, QueueSettings::standard())?,
        };
        let count = tasks.len() as u64;
        let bytes = tasks.iter().map(|task| task.payload.len() as u64).sum();
        self.require_room(queue, count, bytes)?;

        let ttl = self.settings(queue).ttl_ms;
        let ttl_ms = if matches!(&tasks[..], [task] if task.ttl_ms.is_none()) { ttl } else { None };
        if ttl.is_some() {
            tasks.iter_mut().for_each(|task| task.ttl_ms = task.ttl_ms.or(ttl));
        }
        let is_tied = matches!(&tasks[..], [task] if !task.depends_on.is_empty());
        let (now, first_task) = (self.machine.now(), self.machine.counters.next_task);
        self.machine.counters.next_task += count;
        let (mut hopeless, mut ready) = (Vec::new(), 0);
        for (number, new) in (first_task..).zip(tasks) {
            let (id, payload) = (TaskId::new(number), new.payload.clone());
            let dependencies = self.dependencies(&new);
            let Dependencies { waits_for, failed } = dependencies.expect("all were there above");
            let task = Task::new(queue, new, waits_for, now, self.index);
            self.tell(told(id, EventName::Enqueued, &task));
            ready += u64::from(!failed && matches!(task.state(), TaskState::Ready));
            self.insert_task(id, task);
            self.dirty.payloads.push((id, payload));
            hopeless.extend(failed.then_some(id));
        }
        // Only now: an end may push out what others of these depend on.
        hopeless.into_iter().for_each(|id| self.call_off(id));
        self.count(queue, Count::Enqueued { tasks: count, ready });
        let state =
            if is_tied { self.state_of(TaskId::new(first_task)) } else { StateName::Unknown };
        Ok(Enqueued {
            first_task,
            tasks: u32::try_from(count).expect("an entry is far below 4 GiB"),
            at_ms: now.as_millis(),
            index: self.index.get(),
            state: state.into(),
            ttl_ms,
        })
    }

    /// The state of a new task; one whose dependencies failed may be gone.
    fn state_of(&self, id: TaskId) -> StateName {
        let task = self.machine.tasks.get(id);
        task.map_or(StateName::Cancelled, |task| task.state().name())
    }

    /// Refuses what would pass a bound.
    pub(crate) fn require_room(&self, queue: u32, tasks: u64, bytes: u64) -> Result<(), Rejection> {
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

/// The place of a task, if there are others that it could be taken for.
pub(crate) fn item(tasks: &[NewTask], place: usize) -> Option<u32> {
    (tasks.len() > 1).then(|| u32::try_from(place).expect("an entry is far below 4 GiB"))
}
