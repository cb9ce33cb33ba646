use ferry_types::TaskId;
use ferry_types::limits::DUE_PER_ENTRY_MAX;

use super::applying::Applying;
use super::named::wrong_state;
use crate::Rejection;
use crate::command::Retry;
use crate::event::EventName;
use crate::reply::TaskChanged;
use crate::state::StateName;

impl Applying<'_> {
    /// Gives a dead task all its attempts again, if its queue has room (I7): it is ready, at its old
    /// place (I6).
    pub(crate) fn retry(&mut self, command: Retry) -> Result<TaskChanged, Rejection> {
        let id = TaskId::new(command.task);
        let task = self.named_task(id)?;
        let (queue, state) = (task.queue, task.state().name());
        if state != StateName::Dead {
            return Err(wrong_state(id, state));
        }
        self.require_room(queue, 1, task.payload_bytes.into())?;
        if !self.tell_all_waiting(id, &mut DUE_PER_ENTRY_MAX.clone()) {
            return Err(wrong_state(id, state));
        }
        self.revive(id, EventName::Retried);
        Ok(self.changed(queue, self.row(id)))
    }

    /// Makes a dead task ready, with all its attempts, by what happened to it.
    pub(crate) fn revive(&mut self, id: TaskId, event: EventName) {
        let now = self.machine.now();
        self.change_task(id, event, |task| {
            task.attempt = 0;
            task.make_due(now);
        });
    }
}
