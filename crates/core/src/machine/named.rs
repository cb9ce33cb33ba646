//! Commands that name a task or a queue: how they find it, and what they answer.

use ferry_types::TaskId;

use super::applying::Applying;
use super::task::Task;
use crate::Rejection;
use crate::rejection::{QueueNotFound, TaskNotFound, WrongState};
use crate::reply::{QueueStatus, TaskChanged};
use crate::row::TaskRow;
use crate::state::StateName;

impl Applying<'_> {
    /// The task that a command names.
    pub(crate) fn named_task(&self, id: TaskId) -> Result<&Task, Rejection> {
        let not_found = || Rejection::TaskNotFound(TaskNotFound { task: id.get(), item: None });
        self.machine.known_task(id).ok_or_else(not_found)
    }

    /// The number of the queue that a command names.
    pub(crate) fn named_queue(&self, name: &str) -> Result<u32, Rejection> {
        let not_found = || Rejection::QueueNotFound(QueueNotFound { queue: name.into() });
        self.machine.queues.number(name).ok_or_else(not_found)
    }

    /// How a queue stands.
    pub(crate) fn queue_status(&self, number: u32) -> Option<Box<QueueStatus>> {
        let queue = self.machine.queues.get(number)?;
        let oldest_ready = queue.oldest_ready().and_then(|id| self.machine.tasks.get(id));
        let age = |task: &Task| self.machine.now().saturating_since(task.enqueued_at).as_millis();
        Some(Box::new(QueueStatus {
            settings: queue.settings.clone(),
            paused: queue.paused,
            counts: queue.counts(),
            bytes: queue.bytes(),
            oldest_ready_age_ms: oldest_ready
                .map(|task| u64::try_from(age(task)).unwrap_or(u64::MAX)),
        }))
    }

    /// A task as it is now, which exists, without its history.
    pub(crate) fn row(&self, id: TaskId) -> TaskRow {
        self.machine.tasks.get(id).expect("the caller has seen the task").to_row_without_history(id)
    }

    /// The answer with a task, whose queue is the one with this number.
    pub(crate) fn changed(&self, queue: u32, row: TaskRow) -> TaskChanged {
        let queue = self.machine.queues.get(queue).map_or("", |queue| queue.name.as_str());
        TaskChanged { queue: queue.into(), row }
    }
}

/// The refusal of what does not fit a task's state.
pub(crate) fn wrong_state(id: TaskId, state: StateName) -> Rejection {
    Rejection::WrongState(WrongState { task: id.get(), state: state.into() })
}
