use ferry_types::LeaseId;

use super::applying::Applying;
use super::settle::accepted;
use super::task::TaskState;
use crate::Rejection;
use crate::event::EventName;
use crate::reply::Accepted;
use crate::state::StateName;

impl Applying<'_> {
    /// Takes a task back to its place, as if it had not been leased: the attempt does not count.
    pub(crate) fn release(&mut self, lease: LeaseId) -> Result<Accepted, Rejection> {
        let attempt = self.leased(lease)?.attempt.saturating_sub(1);
        self.change_task(lease.task, EventName::Released, |task| {
            task.attempt = attempt;
            task.set_state(TaskState::Ready);
        });
        Ok(accepted(lease.task, StateName::Ready, attempt))
    }
}
