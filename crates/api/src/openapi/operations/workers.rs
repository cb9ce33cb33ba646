//! Registered workers.

use super::{Body, Operation};
use crate::routes;

pub(super) fn operation(path: &str, method: &str) -> Option<Operation> {
    Some(match (path, method) {
        (routes::WORKERS, "get") => Operation::read(
            "listWorkers",
            "workers",
            "Lists the registered workers by name.",
            &["limit", "page_token"],
            &[(200, Some("WorkerList"))],
        ),
        (routes::WORKER, "get") => Operation::read(
            "getWorker",
            "workers",
            "Shows a registered worker with its load and its leases.",
            &["of_worker"],
            &[(200, Some("WorkerDocument"))],
        ),
        (routes::WORKER, "put") => Operation::write(
            "putWorker",
            "workers",
            "Registers a worker in a new session (201), or replaces what it says about itself in \
             the session that it has (200). A sign of life. One that drains takes tasks again.",
            &["of_worker"],
            Some(Body::Optional("WorkerSettings")),
            &[(200, Some("WorkerDocument")), (201, Some("WorkerDocument"))],
        ),
        (routes::WORKER, "delete") => Operation::write(
            "deleteWorker",
            "workers",
            "Removes a worker. Its leases go back at once, to their places and without backoff.",
            &["of_worker"],
            None,
            &[(204, None)],
        ),
        (routes::HEARTBEAT, "post") => Operation::write(
            "heartbeat",
            "workers",
            "A sign of life, which the leader keeps in memory: nothing is written to the log. An \
             open stream of assignments, a dequeue and a settlement are others.",
            &["of_worker"],
            None,
            &[(200, Some("Heartbeat"))],
        ),
        (routes::DRAIN, "post") => Operation::write(
            "drainWorker",
            "workers",
            "Has a worker get nothing new. Its leases stand.",
            &["of_worker"],
            None,
            &[(200, Some("WorkerDocument"))],
        ),
        (routes::ASSIGNMENTS, "get") => Operation::stream(
            "assignments",
            "workers",
            "The tasks that are assigned to a worker, each with its lease, as the leader assigns \
             them: the live leases of the worker first, then what comes. A task a line of NDJSON \
             with empty lines to keep the connection alive, or server-sent events if `Accept` asks \
             for these. It ends with leadership, with the session, and when the worker opens a \
             newer one; connect again, and know assignments by their leases: one may come again, even \
             one that was settled just now.",
            &["of_worker"],
            &[(200, Some("assignments"))],
        ),
        _ => return None,
    })
}
