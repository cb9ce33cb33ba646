//! Unique keys: what one task of a queue has at a time.

use std::time::Duration;

use ferry_types::{TaskId, Timestamp};

use super::applying::Applying;
use super::enqueue::item;
use super::task::{Task, TaskState};
use crate::Rejection;
use crate::command::{NewTask, Unique};
use crate::rejection::AlreadyExists;

impl Applying<'_> {
    /// Refuses tasks whose unique keys others have, of the queue or among themselves.
    pub(crate) fn require_unique(
        &self,
        queue: Option<u32>,
        tasks: &[NewTask],
    ) -> Result<(), Rejection> {
        for (place, task) in tasks.iter().enumerate() {
            let Some(unique) = &task.unique else { continue };
            let is_same = |other: &NewTask| {
                other.unique.as_ref().is_some_and(|other| other.key == unique.key)
            };
            let holder = queue.and_then(|queue| self.has_unique(queue, &unique.key));
            let sibling = || tasks[..place].iter().position(is_same);
            let sibling = if holder.is_none() { sibling() } else { None };
            if holder.is_some() || sibling.is_some() {
                return Err(Rejection::AlreadyExists(AlreadyExists {
                    task: holder.map_or(0, TaskId::get),
                    unique: unique.key.clone(),
                    item: item(tasks, place),
                    sibling: sibling.and_then(|first| item(tasks, first)),
                }));
            }
        }
        Ok(())
    }

    /// The task of a queue that has a unique key now.
    fn has_unique(&self, queue: u32, key: &str) -> Option<TaskId> {
        let id = self.machine.queues.get(queue)?.last_with(key)?;
        let task = self.machine.tasks.get(id)?;
        let until = task.unique_until();
        until.is_none_or(|until| until > self.machine.now()).then_some(id)
    }
}

impl Task {
    /// Its unique key, if it can have it still, but for the time.
    pub(crate) fn may_have_unique(&self) -> Option<&Unique> {
        let unique = self.ties()?.unique.as_ref()?;
        let ends_with_task = unique.until_ms.is_none();
        let has_ended_for_good =
            !self.is_unfinished() && !matches!(self.state(), TaskState::Dead { .. });
        (!ends_with_task || !has_ended_for_good).then_some(unique)
    }

    /// When its unique key is free whatever becomes of it, if time alone frees it.
    pub(crate) fn unique_until(&self) -> Option<Timestamp> {
        let until_ms = self.ties()?.unique.as_ref()?.until_ms?;
        Some(self.enqueued_at + Duration::from_millis(until_ms))
    }
}
