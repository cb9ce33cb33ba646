use ferry_types::limits::WORKERS_MAX;

use super::applying::Applying;
use super::worker::Worker;
use crate::Rejection;
use crate::command::PutWorker;
use crate::rejection::WorkerLimit;
use crate::reply::WorkerPut;

impl Applying<'_> {
    /// Registers a worker, or replaces what it says about itself: in the session that it has, with
    /// the leases that it has. Less room than these use drops none of them.
    pub(crate) fn put_worker(&mut self, command: PutWorker) -> Result<WorkerPut, Rejection> {
        let PutWorker { worker: name, settings } = command;
        let workers = &mut self.machine.queues.workers;
        let (created, session) = match workers.session(&name) {
            Some(session) => (false, session),
            None if workers.len() >= WORKERS_MAX => {
                return Err(Rejection::WorkerLimit(WorkerLimit { limit: WORKERS_MAX as u64 }));
            }
            None => {
                let session = self.machine.counters.next_token;
                self.machine.counters.next_token += 1;
                (true, session)
            }
        };
        if created {
            workers.insert(session, Worker::new(&name, settings));
        } else {
            workers.change(session, |worker| {
                (worker.settings, worker.draining) = (settings, false);
            });
        }
        self.dirty.room.insert(name.as_str().into());
        self.dirty.workers.insert(name.into());
        Ok(WorkerPut { created, session, status: self.worker_status(session) })
    }
}
