use ferry_types::{LeaseId, LeaseToken, TaskId};

use super::applying::Applying;
use super::task::{Task, TaskState};
use crate::Rejection;
use crate::command::{Action, Settle, Settlement};
use crate::rejection::{LeaseLost, LeaseNotFound};
use crate::reply::{Accepted, Refused, SettleOutcome, Settled, SettledItem};
use crate::state::StateName;

impl Applying<'_> {
    /// Settles leases in order, each on its own: a refused one does not stop the next.
    pub(crate) fn settle(&mut self, command: Settle) -> Settled {
        Settled { items: self.settle_all(command.items) }
    }

    /// An outcome per settlement, in order.
    pub(crate) fn settle_all(&mut self, items: Vec<Settlement>) -> Vec<SettledItem> {
        let outcome = |item| match self.settle_one(item) {
            Ok(accepted) => SettleOutcome::Accepted(accepted),
            Err(rejection) => SettleOutcome::Refused(Refused { rejection: Some(rejection) }),
        };
        items
            .into_iter()
            .map(outcome)
            .map(|outcome| SettledItem { outcome: Some(outcome) })
            .collect()
    }

    pub(crate) fn settle_one(&mut self, settlement: Settlement) -> Result<Accepted, Rejection> {
        let Settlement { task, token, action } = settlement;
        let lease = LeaseId { task: TaskId::new(task), token: LeaseToken::new(token) };
        if let Some(outcome) = self.tell_cancelled(lease, action.as_ref()) {
            return outcome;
        }
        match action {
            Some(Action::Ack(ack)) => self.ack(lease, ack),
            Some(Action::Nack(nack)) => self.nack(lease, nack),
            Some(Action::Extend(extend)) => self.extend(lease, extend),
            Some(Action::Release(_)) => self.release(lease),
            None => Err(self.lost(lease)),
        }
    }

    /// The task, if the lease is its live one: of this token, and not run out, whether or not its
    /// expiry has been moved yet (I2, I4).
    pub(crate) fn leased(&self, lease: LeaseId) -> Result<&Task, Rejection> {
        let task = self.machine.known_task(lease.task);
        let is_live = |task: &&Task| {
            matches!(task.state(), TaskState::Leased(held)
                if held.token == lease.token && held.expires_at > self.machine.now())
        };
        task.filter(is_live).ok_or_else(|| self.lost(lease))
    }

    /// Why a lease is refused: its task goes on without it, or is gone. A token that was never
    /// granted is lost as well while there is such a task, because its caller should learn the
    /// same: where the task stands.
    pub(crate) fn lost(&self, lease: LeaseId) -> Rejection {
        let LeaseId { task: id, token } = lease;
        match self.machine.known_task(id) {
            Some(task) => Rejection::LeaseLost(LeaseLost {
                task: id.get(),
                token: token.get(),
                state: task.state().name().into(),
                attempt: task.attempt,
            }),
            None => Rejection::LeaseNotFound(LeaseNotFound { task: id.get(), token: token.get() }),
        }
    }
}

/// What a settled task answers; its lease, if it keeps one, is told apart.
pub(crate) fn accepted(id: TaskId, state: StateName, attempt: u32) -> Accepted {
    Accepted { task: id.get(), state: state.into(), attempt, expires_at_ms: None }
}
