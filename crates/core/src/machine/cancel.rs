use ferry_types::{LeaseId, TaskId};

use super::applying::Applying;
use super::named::wrong_state;
use super::settle::accepted;
use super::task::{CalledOff, Task, TaskState};
use crate::Rejection;
use crate::command::{Action, Cancel};
use crate::event::EventName;
use crate::reply::{Accepted, TaskChanged};
use crate::state::StateName;

impl Applying<'_> {
    /// Calls a task off. One that is leased is cancelled at once, and the lease stands until its
    /// holder learns it or its time comes, so that nobody else takes what the holder still uses.
    pub(crate) fn cancel(&mut self, command: Cancel) -> Result<TaskChanged, Rejection> {
        let id = TaskId::new(command.task);
        let task = self.named_task(id)?;
        let (queue, state) = (task.queue, task.state().name());
        match state {
            StateName::Scheduled | StateName::Blocked | StateName::Ready | StateName::Retrying => {
                let mut row = self.row(id);
                self.call_off(id);
                match self.machine.tasks.get(id) {
                    Some(task) => row = task.to_row_without_history(id),
                    // Gone at once, because its queue keeps none.
                    None => row.state = StateName::Cancelled.into(),
                }
                Ok(self.changed(queue, row))
            }
            StateName::Leased => {
                let (finished_at, kept_until) = (self.machine.now(), self.kept_until(id));
                self.change_task(id, EventName::Cancelled, |task| {
                    task.call_off(finished_at, kept_until);
                });
                Ok(self.changed(queue, self.row(id)))
            }
            StateName::Unknown
            | StateName::Succeeded
            | StateName::Dead
            | StateName::Cancelled
            | StateName::Expired => Err(wrong_state(id, state)),
        }
    }

    /// What the holder of a cancelled task's lease gets, whatever it asks for; the lease stands no
    /// more after that. `None` if the lease is another.
    pub(crate) fn tell_cancelled(
        &mut self,
        lease: LeaseId,
        action: Option<&Action>,
    ) -> Option<Result<Accepted, Rejection>> {
        let id = lease.task;
        let task = self.machine.known_task(id)?;
        let TaskState::Cancelled { lease: Some(CalledOff { held, stands }), .. } = task.state()
        else {
            return None;
        };
        if held.token != lease.token {
            return None;
        }
        let (attempt, expires_at, stands) = (task.attempt, held.expires_at, *stands);
        if stands {
            self.free_cancelled(id);
        }
        Some(match action {
            Some(Action::Extend(_)) if expires_at > self.machine.now() => {
                let expires_at_ms = Some(expires_at.as_millis());
                Ok(Accepted { expires_at_ms, ..accepted(id, StateName::Cancelled, attempt) })
            }
            _ => Err(wrong_state(id, StateName::Cancelled)),
        })
    }

    /// Ends the lease that stands on a cancelled task, which is kept like any other from here on.
    pub(crate) fn free_cancelled(&mut self, id: TaskId) {
        self.change_task(id, EventName::Released, Task::free);
        self.evict_ended();
    }
}
