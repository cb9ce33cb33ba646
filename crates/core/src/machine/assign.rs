use ferry_types::TaskId;

use super::applying::Applying;
use super::gate::Gate;
use super::task::{Task, TaskState};
use crate::command::{Assign, Assignment};
use crate::reply::{
    Assigned, AssignedItem, AssignmentOutcome, Lease, NotAssigned, NotAssignedReason,
};

impl Applying<'_> {
    /// Leases tasks to the workers that the leader chose, in order, each on its own. The leader's
    /// choice is a proposal: what the state does not allow is refused, so no worker gets more than
    /// it has room for, whatever the leader knew (I12).
    pub(crate) fn assign(&mut self, command: Assign) -> Assigned {
        let outcome = |assignment| match self.assign_one(&assignment) {
            Ok(lease) => AssignmentOutcome::Leased(lease),
            Err(refused) => AssignmentOutcome::Refused(refused),
        };
        let items = command.items.into_iter().map(outcome);
        Assigned { items: items.map(|outcome| AssignedItem { outcome: Some(outcome) }).collect() }
    }

    fn assign_one(&mut self, assignment: &Assignment) -> Result<Lease, NotAssigned> {
        let Assignment { task, to } = assignment;
        let id = TaskId::new(*task);
        let workers = &self.machine.queues.workers;
        let session = workers.session(&to.worker).filter(|session| *session == to.session);
        let worker = session.and_then(|session| workers.of(session));
        let worker = worker.ok_or_else(|| refused(NotAssignedReason::SessionEnded))?;
        let task = self.machine.known_task(id);
        let task = task.ok_or_else(|| refused(NotAssignedReason::TaskNotFound))?;
        let is_too_late = task.ttl_end().is_some_and(|end| end <= self.machine.now());
        let queue = self.machine.queues.any(task.queue);
        let is_served = worker.settings.queues.iter().any(|name| *name == queue.name.as_str());
        let has = |what: bool, reason| if what { Ok(()) } else { Err(refused(reason)) };

        has(!worker.draining, NotAssignedReason::Draining)?;
        let is_ready = matches!(task.state(), TaskState::Ready) && !is_too_late;
        has(is_ready, NotAssignedReason::NotReady)?;
        has(is_served && queue.settings.assign.is_some(), NotAssignedReason::NotServed)?;
        match self.machine.gate_of(id, task) {
            Gate::Open => {}
            Gate::Closed => return Err(refused(NotAssignedReason::HeldBack)),
            Gate::NotBefore(at) => {
                let not_before_ms = Some(at.as_millis());
                return Err(NotAssigned { not_before_ms, ..refused(NotAssignedReason::HeldBack) });
            }
        }
        has(worker.free_slots() > 0, NotAssignedReason::NoSlot)?;
        let needs = task.needs();
        let is_selected = needs.is_none_or(|needs| worker.is_selected(needs));
        has(is_selected, NotAssignedReason::NotSelected)?;
        let has_resources = needs.is_none_or(|needs| worker.has_resources(needs));
        has(has_resources, NotAssignedReason::NoResources)?;
        Ok(self.lease(id, None, Some(&to.worker)))
    }
}

impl super::Machine {
    /// Whether a ready task may be leased, whoever is before it in its line: what binds its queue,
    /// its limits, its key and its locks let it through.
    fn gate_of(&self, id: TaskId, task: &Task) -> Gate {
        let queue = self.queues.any(task.queue);
        if !self.queues.is_offered(id, task) {
            return Gate::Closed;
        }
        let limits = &self.queues.limits;
        let gate = limits.class_gate(queue.name.as_str(), task, self.now());
        gate.and(self.queue_gate(queue, self.now()))
    }
}

fn refused(reason: NotAssignedReason) -> NotAssigned {
    NotAssigned { reason: reason.into(), not_before_ms: None }
}
