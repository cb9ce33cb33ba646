//! What readers and the scheduler may ask about workers.

use std::collections::BTreeMap;

use ferry_types::{LeaseId, TaskId};

use super::Machine;
use super::worker::Worker;
use crate::view::{LeaseView, WorkerView};

impl Machine {
    /// A registered worker.
    pub fn worker(&self, name: &str) -> Option<WorkerView<'_>> {
        let session = self.queues.workers.session(name)?;
        self.queues.workers.of(session).map(|worker| worker_view(session, worker))
    }

    /// A lease, if a registered worker has it.
    pub fn lease(&self, id: LeaseId) -> Option<LeaseView<'_>> {
        let task = self.tasks.get(id.task)?;
        task.last_held().filter(|held| held.token == id.token)?;
        let session = self.queues.workers.holding(task)?;
        let worker = self.queues.workers.of(session)?;
        let resources = self.resources(id.task);
        Some(LeaseView { worker: worker_view(session, worker), resources })
    }

    /// What a task needs of its worker's resources, if it needs any.
    pub fn resources(&self, task: TaskId) -> Option<&BTreeMap<String, u64>> {
        self.tasks.get(task)?.needs().map(|needs| &needs.resources)
    }

    /// Registered workers by name, after `after`.
    pub fn workers(&self, after: Option<&str>) -> impl Iterator<Item = WorkerView<'_>> {
        let workers = self.queues.workers.after(after);
        workers.map(|(session, worker)| worker_view(session, worker))
    }

    /// Registered workers that may get a lease more, in the order of their sessions.
    pub fn open_workers(&self) -> impl ExactSizeIterator<Item = WorkerView<'_>> {
        let open = self.queues.workers.open();
        open.map(|(session, worker)| worker_view(session, worker))
    }
}

fn worker_view(session: u64, worker: &Worker) -> WorkerView<'_> {
    WorkerView {
        name: &worker.name,
        session,
        settings: &worker.settings,
        draining: worker.draining,
        used: worker.used(),
        held: worker.held(),
    }
}
