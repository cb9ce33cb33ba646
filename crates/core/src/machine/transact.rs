use ferry_types::{LeaseId, LeaseToken, TaskId};

use super::applying::Applying;
use super::named::wrong_state;
use super::settle::accepted;
use super::task::{Task, TaskState};
use crate::Rejection;
use crate::command::{Action, LeaseAck, LeaseNack, Require, Settlement, Step, Transact};
use crate::rejection::OperationRefused;
use crate::reply::{Accepted, Done, OperationResult, Refused, Transacted};

impl Applying<'_> {
    /// Does several things in order, each of which sees the earlier ones. One that is refused undoes
    /// them all.
    pub(crate) fn transact(&mut self, command: Transact) -> Result<Transacted, Rejection> {
        self.begin();
        let mut results = Vec::with_capacity(command.operations.len());
        for (place, operation) in (0..).zip(command.operations) {
            let lease = operation.step.as_ref().and_then(settled);
            match operation.step.map(|step| self.step(step)) {
                Some(Ok(done)) => results.push(OperationResult { done: Some(done) }),
                Some(Err(rejection)) => {
                    self.roll_back();
                    // That much stands: whoever asked has learned it.
                    lease.map(|lease| self.tell_cancelled(lease, None));
                    return Err(refused(place, Some(rejection)));
                }
                None => {
                    self.roll_back();
                    return Err(refused(place, None));
                }
            }
        }
        self.commit();
        Ok(Transacted { results })
    }

    fn step(&mut self, step: Step) -> Result<Done, Rejection> {
        match step {
            Step::Enqueue(enqueue) => self.enqueue(enqueue).map(Done::Enqueued),
            Step::Ack(LeaseAck { task, token, ack }) => {
                self.require_not_acked(TaskId::new(task), token)?;
                let action = Some(Action::Ack(ack));
                self.settle_one(Settlement { task, token, action }).map(Done::Settled)
            }
            Step::Nack(LeaseNack { task, token, nack }) => {
                let action = Some(Action::Nack(nack));
                self.settle_one(Settlement { task, token, action }).map(Done::Settled)
            }
            Step::Cancel(cancel) => self.cancel(cancel).map(Box::new).map(Done::Cancelled),
            Step::Require(require) => self.require(require).map(Done::Met),
        }
    }

    /// Refuses to repeat an ack that won: what stands beside it was done with it.
    fn require_not_acked(&self, id: TaskId, token: u64) -> Result<(), Rejection> {
        let state = self.machine.known_task(id).map(Task::state);
        match state {
            Some(TaskState::Succeeded { token: winner, .. }) if winner.get() == token => {
                Err(self.lost(LeaseId { task: id, token: LeaseToken::new(token) }))
            }
            _ => Ok(()),
        }
    }

    /// A task's state and attempt, if the state is the one that is asked for.
    fn require(&self, require: Require) -> Result<Accepted, Rejection> {
        let id = TaskId::new(require.task);
        let task = self.named_task(id)?;
        let state = task.state().name();
        if state == require.state() {
            Ok(accepted(id, state, task.attempt))
        } else {
            Err(wrong_state(id, state))
        }
    }
}

/// The lease that a step settles.
fn settled(step: &Step) -> Option<LeaseId> {
    let (task, token) = match step {
        Step::Ack(LeaseAck { task, token, .. }) | Step::Nack(LeaseNack { task, token, .. }) => {
            (*task, *token)
        }
        Step::Enqueue(_) | Step::Cancel(_) | Step::Require(_) => return None,
    };
    Some(LeaseId { task: TaskId::new(task), token: LeaseToken::new(token) })
}

fn refused(operation: u32, rejection: Option<Rejection>) -> Rejection {
    let refused = Some(Box::new(Refused { rejection }));
    Rejection::OperationRefused(OperationRefused { operation, refused })
}
