//! What time alone brings about: delays end, leases and retentions run out, and what a deleted
//! queue has left is removed.

use ferry_types::TaskId;
use ferry_types::limits::DUE_PER_ENTRY_MAX;

use super::applying::Applying;
use super::task::TaskState;
use crate::event::EventName;

impl Applying<'_> {
    /// Moves what is due, the earliest deadline first, then removes tasks of deleted queues, and
    /// only so much of it all (I11).
    pub(crate) fn move_due(&mut self) {
        self.go_on(&mut DUE_PER_ENTRY_MAX.clone(), Self::move_next);
    }

    /// Moves one of those; false if there is none.
    fn move_next(&mut self) -> bool {
        let now = self.machine.now();
        let task = self.machine.tasks.next_deadline().filter(|(at, _)| *at <= now);
        let answer = self.machine.answers.next_expiry().filter(|at| *at <= now);
        match (task, answer) {
            (Some((at, id)), other) if other.is_none_or(|other| at <= other) => {
                self.task_is_due(id);
            }
            (_, Some(_)) => self.dirty.answers.extend(self.machine.answers.forget_next()),
            (_, None) => match self.machine.queues.next_leftover() {
                Some(leftover) => self.remove_task(leftover),
                None => return self.tell_one_waiting(),
            },
        }
        true
    }

    fn task_is_due(&mut self, id: TaskId) {
        self.note_lapse(id);
        let Some(task) = self.machine.known_task(id) else { return self.remove_task(id) };
        let is_too_late = task.ttl_end().is_some_and(|end| end <= self.machine.now());
        match task.state() {
            TaskState::Scheduled | TaskState::Blocked | TaskState::Ready | TaskState::Retrying
                if is_too_late =>
            {
                self.expire(id);
            }
            // Only the end of its time moves it.
            TaskState::Blocked => {}
            TaskState::Scheduled | TaskState::Ready | TaskState::Retrying => {
                self.change_task(id, EventName::Due, |task| task.set_state(TaskState::Ready));
            }
            TaskState::Leased(_) => self.lease_is_over(id, "lease expired"),
            TaskState::Cancelled { .. } if task.is_held() => self.free_cancelled(id),
            TaskState::Succeeded { .. }
            | TaskState::Dead { .. }
            | TaskState::Cancelled { .. }
            | TaskState::Expired { .. } => self.remove_task(id),
        }
    }

    /// Notes whose lease runs out, if a registered worker has it.
    fn note_lapse(&mut self, id: TaskId) {
        let workers = &self.machine.queues.workers;
        let session = self.machine.tasks.get(id).and_then(|task| workers.holding(task));
        if let Some(worker) = session.and_then(|session| workers.of(session)) {
            self.dirty.lapsed.insert(worker.name.clone());
        }
    }

    /// Takes a lease back that ran out, or whose worker is gone: no backoff, because nobody said
    /// that the task failed (I4).
    pub(crate) fn lease_is_over(&mut self, id: TaskId, error: &str) {
        let error = Some(error);
        if self.is_used_up(id) {
            return self.bury(id, EventName::LeaseExpired, error);
        }
        self.change_task(id, EventName::LeaseExpired, |task| {
            task.set_error(error);
            task.set_state(TaskState::Ready);
        });
    }
}
