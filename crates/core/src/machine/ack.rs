use ferry_types::LeaseId;

use super::applying::Applying;
use super::settle::accepted;
use super::task::TaskState;
use crate::Rejection;
use crate::command::Ack;
use crate::reply::Accepted;
use crate::state::StateName;

impl Applying<'_> {
    /// Ends a task well. Repeating the ack that won gives its answer again for as long as the task
    /// is kept (I5).
    pub(crate) fn ack(&mut self, lease: LeaseId, ack: Ack) -> Result<Accepted, Rejection> {
        let id = lease.task;
        if let Some(task) = self.machine.known_task(id)
            && matches!(task.state(), TaskState::Succeeded { token, .. } if *token == lease.token)
        {
            return Ok(accepted(id, StateName::Succeeded, task.attempt));
        }
        let attempt = self.leased(lease)?.attempt;
        self.succeed(id, lease.token);
        if !ack.result.is_empty() {
            self.dirty.results.push((id, ack.result));
        }
        Ok(accepted(id, StateName::Succeeded, attempt))
    }
}
