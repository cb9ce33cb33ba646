//! Workers and policies on their way in and out.

use ferry_core::WorkerView;
use ferry_core::reply::WorkerStatus;
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
    let name = view.name.parse().ok()?;
    let load = api::WorkerLoad { slots: view.held.len() as u64, resources: view.used.clone() };
    let document = worker_said(name, view.session, view.settings.clone());
    Some(api::WorkerDocument { draining: view.draining, load, ..document })
}

/// A worker as a command left it, without its leases.
pub(crate) fn worker_left(name: WorkerName, status: WorkerStatus) -> api::WorkerDocument {
    let WorkerStatus { row, leases, used } = status;
    let load = api::WorkerLoad { slots: leases, resources: used };
    let document = worker_said(name, row.session, row.settings);
    api::WorkerDocument { draining: row.draining, load, ..document }
}

/// A worker of which nothing is known but what it said.
fn worker_said(
    worker: WorkerName,
    session: u64,
    settings: command::WorkerSettings,
) -> api::WorkerDocument {
    let queue = |name: String| name.parse::<QueueName>().ok();
    api::WorkerDocument {
        worker,
        session,
        queues: settings.queues.into_iter().filter_map(queue).collect(),
        slots: settings.slots,
        resources: settings.resources,
        labels: settings.labels,
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
