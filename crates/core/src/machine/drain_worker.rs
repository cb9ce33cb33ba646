use super::applying::Applying;
use crate::Rejection;
use crate::command::DrainWorker;
use crate::rejection::WorkerNotFound;
use crate::reply::{WorkerDrained, WorkerStatus};

impl Applying<'_> {
    /// Has a worker get nothing new, until it is put again. Its leases stand.
    pub(crate) fn drain_worker(
        &mut self,
        command: DrainWorker,
    ) -> Result<WorkerDrained, Rejection> {
        let session = self.named_session(&command.worker)?;
        let workers = &mut self.machine.queues.workers;
        let worker = workers.of(session).expect("a name leads to a worker");
        let leases = worker.held().len() as u64;
        if !worker.draining {
            workers.change(session, |worker| worker.draining = true);
            self.dirty.workers.insert(command.worker.into());
        }
        Ok(WorkerDrained { leases, status: self.worker_status(session) })
    }

    /// How the worker of a session stands.
    pub(crate) fn worker_status(&self, session: u64) -> Option<Box<WorkerStatus>> {
        let worker = self.machine.queues.workers.of(session)?;
        let (row, leases) = (worker.to_row(session), worker.held().len() as u64);
        Some(Box::new(WorkerStatus { row, leases, used: worker.used().clone() }))
    }

    /// The session of the worker that a command names.
    pub(crate) fn named_session(&self, name: &str) -> Result<u64, Rejection> {
        let not_found = || Rejection::WorkerNotFound(WorkerNotFound { worker: name.into() });
        self.machine.queues.workers.session(name).ok_or_else(not_found)
    }
}
