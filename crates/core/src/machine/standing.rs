use std::sync::Arc;

use super::needs::Needs;
use super::task::{Task, TaskState};

/// What a task means for those that wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It stands in nobody's way and is not to be taken.
    Aside,
    /// It may be taken, as far as others let it.
    Ready,
    /// It backs off: its key waits for it if that runs one at a time.
    Retrying,
    /// A lease holds it, with all that it takes.
    Held,
}

impl Task {
    /// What it means for those that wait.
    pub(crate) fn standing(&self) -> Standing {
        match self.state() {
            _ if self.is_held() => Standing::Held,
            TaskState::Ready => Standing::Ready,
            TaskState::Retrying => Standing::Retrying,
            TaskState::Scheduled
            | TaskState::Blocked
            | TaskState::Leased(_)
            | TaskState::Succeeded { .. }
            | TaskState::Dead { .. }
            | TaskState::Cancelled { .. }
            | TaskState::Expired { .. } => Standing::Aside,
        }
    }

    /// Its ordering key.
    pub(crate) fn key(&self) -> Option<&str> {
        self.wishes().and_then(|wishes| wishes.key.as_deref())
    }

    /// Its producer's word for its kind.
    pub(crate) fn task_type(&self) -> Option<&str> {
        self.wishes().and_then(|wishes| wishes.task_type.as_deref())
    }

    /// The locks that a lease on it takes, in order, each once.
    pub(crate) fn locks(&self) -> &[Box<str>] {
        self.wishes().map_or(&[], |wishes| &wishes.locks)
    }

    /// What it needs of its worker.
    pub(crate) fn needs(&self) -> Option<&Arc<Needs>> {
        self.wishes().and_then(|wishes| wishes.needs.as_ref())
    }

    /// The same, to be shared with other tasks.
    pub(crate) fn needs_mut(&mut self) -> Option<&mut Arc<Needs>> {
        self.story.as_mut()?.wishes.as_mut()?.needs.as_mut()
    }

    /// Whether nothing but its priority and its number decides when it is taken, and no limit nor
    /// worker can tell it from others of its queue.
    pub(crate) fn is_plain(&self) -> bool {
        self.wishes().is_none_or(|wishes| {
            wishes.key.is_none()
                && wishes.task_type.is_none()
                && wishes.locks.is_empty()
                && wishes.needs.is_none()
        })
    }
}
