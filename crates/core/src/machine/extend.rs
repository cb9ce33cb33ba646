use std::time::Duration;

use ferry_types::LeaseId;

use super::applying::Applying;
use super::settle::accepted;
use crate::Rejection;
use crate::command::Extend;
use crate::event::EventName;
use crate::reply::Accepted;
use crate::state::StateName;

impl Applying<'_> {
    /// Moves a lease's deadline to a length from this moment, later or earlier than it was. Token
    /// and attempt stay.
    pub(crate) fn extend(&mut self, lease: LeaseId, extend: Extend) -> Result<Accepted, Rejection> {
        let id = lease.task;
        let attempt = self.leased(lease)?.attempt;
        let now = self.machine.now();
        let mut deadline = now;
        self.change_task(id, EventName::Extended, |task| {
            if let Some(held) = task.held_mut() {
                held.length_ms = extend.lease_ms.unwrap_or(held.length_ms);
                held.expires_at = now + Duration::from_millis(held.length_ms);
                deadline = held.expires_at;
            }
        });
        let expires_at_ms = Some(deadline.as_millis());
        Ok(Accepted { expires_at_ms, ..accepted(id, StateName::Leased, attempt) })
    }
}
