//! Workers and policies on their way in and out.

use ferry_core::WorkerView;
use ferry_types::{QueueName, WorkerName};

use super::*;

/// What a worker says about itself, for the machine. It is in range.
pub(crate) fn worker_settings(
    settings: api::WorkerSettings,
) -> Result<command::WorkerSettings, api::InvalidField> {
    settings.check()?;
    Ok(command::WorkerSettings {
        queues: settings.queues.into_iter().map(Into::into).collect(),
        slots: settings.slots,
        resources: settings.resources,
        labels: settings.labels,
        session_ms: settings.session_ms,
    })
}

/// A worker as it stands, without its leases; `None` if its name is none, which the border lets no
/// worker have.
pub(crate) fn worker_document(view: WorkerView<'_>) -> Option<api::WorkerDocument> {
    let load = api::WorkerLoad { slots: view.held.len() as u64, resources: view.used.clone() };
    let name = view.name.parse().ok()?;
    let document = worker_said(&name, view.session, view.settings);
    Some(api::WorkerDocument { draining: view.draining, load, ..document })
}

/// A worker of which nothing is known but what it said.
pub(crate) fn worker_said(
    worker: &WorkerName,
    session: u64,
    settings: &command::WorkerSettings,
) -> api::WorkerDocument {
    let queue = |name: &String| name.parse::<QueueName>().ok();
    api::WorkerDocument {
        worker: worker.clone(),
        session,
        queues: settings.queues.iter().filter_map(queue).collect(),
        slots: settings.slots,
        resources: settings.resources.clone(),
        labels: settings.labels.clone(),
        session_ms: settings.session_ms,
        draining: false,
        load: api::WorkerLoad::default(),
        leases: None,
    }
}

/// A lease that a worker has; `None` if the task is held by nobody.
pub(crate) fn worker_lease(view: &TaskView) -> Option<api::WorkerLease> {
    let task = TaskId::new(view.row.id);
    let lease = LeaseId { task, token: LeaseToken::new(view.row.token?) };
    Some(api::WorkerLease { lease, task, queue: view.queue.clone() })
}
