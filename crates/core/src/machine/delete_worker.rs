use ferry_types::TaskId;

use super::applying::Applying;
use super::task::TaskState;
use crate::Rejection;
use crate::command::DeleteWorker;
use crate::reply::WorkerDeleted;

impl Applying<'_> {
    /// Removes a worker. Its leases are given back at once.
    pub(crate) fn delete_worker(
        &mut self,
        command: &DeleteWorker,
    ) -> Result<WorkerDeleted, Rejection> {
        let session = self.named_session(&command.worker)?;
        Ok(WorkerDeleted { leases: self.end_session(session, "worker deleted") })
    }

    /// Removes the worker of a session, if there is one, and takes its leases back as if they had
    /// run out: no backoff, and with attempts used up the task is dead. Tells how many these were;
    /// there are at most as many as a worker may have slots.
    pub(crate) fn end_session(&mut self, session: u64, error: &str) -> u64 {
        let Some(worker) = self.machine.queues.workers.of(session) else { return 0 };
        let (name, held): (Box<str>, Vec<TaskId>) =
            (worker.name.clone(), worker.held().iter().copied().collect());
        for id in &held {
            // One that a deleted queue has left behind is on its way out.
            let Some(task) = self.machine.known_task(*id) else { continue };
            match task.state() {
                TaskState::Leased(_) => self.lease_is_over(*id, error),
                TaskState::Cancelled { .. } => self.free_cancelled(*id),
                TaskState::Scheduled
                | TaskState::Blocked
                | TaskState::Ready
                | TaskState::Retrying
                | TaskState::Succeeded { .. }
                | TaskState::Dead { .. }
                | TaskState::Expired { .. } => {}
            }
        }
        self.machine.queues.workers.remove(session);
        self.dirty.room.insert(name.clone());
        self.dirty.workers.insert(name);
        held.len() as u64
    }
}
