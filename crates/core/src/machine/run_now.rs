use ferry_types::TaskId;

use super::applying::Applying;
use super::named::wrong_state;
use crate::Rejection;
use crate::command::RunNow;
use crate::event::EventName;
use crate::reply::TaskChanged;
use crate::state::StateName;

impl Applying<'_> {
    /// Has a scheduled or retrying task wait no longer: it is ready, at its old place (I6). One that
    /// is ready stays so.
    pub(crate) fn run_now(&mut self, command: RunNow) -> Result<TaskChanged, Rejection> {
        let id = TaskId::new(command.task);
        let task = self.named_task(id)?;
        let (queue, state, now) = (task.queue, task.state().name(), self.machine.now());
        match state {
            StateName::Scheduled | StateName::Retrying => {
                self.change_task(id, EventName::RunNow, |task| task.make_due(now));
            }
            StateName::Ready => {}
            StateName::Unknown
            | StateName::Blocked
            | StateName::Leased
            | StateName::Succeeded
            | StateName::Dead
            | StateName::Cancelled
            | StateName::Expired => return Err(wrong_state(id, state)),
        }
        Ok(self.changed(queue, self.row(id)))
    }
}
