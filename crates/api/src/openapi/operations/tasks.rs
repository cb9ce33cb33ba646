//! Tasks.

use super::{Body, Operation};
use crate::routes;

pub(super) fn operation(path: &str, method: &str) -> Option<Operation> {
    Some(match (path, method) {
        (routes::QUEUE_TASKS, "post") => Operation::write(
            "enqueue",
            "tasks",
            "Enqueues one task, or several with `tasks`: all or none.",
            &["queue", "traceparent"],
            Some(Body::Enqueue),
            &[(201, Some("EnqueueResponse"))],
        ),
        (routes::TASKS, "get") => Operation::read(
            "listTasks",
            "tasks",
            "Browses tasks without taking them.",
            &["of_queue", "state", "key", "worker", "type", "limit", "page_token"],
            &[(200, Some("TaskList"))],
        ),
        (routes::TASK, "get") => Operation::read(
            "getTask",
            "tasks",
            "Shows a task.",
            &["task"],
            &[(200, Some("TaskDocument"))],
        ),
        (routes::TASK, "delete") => Operation::write(
            "cancel",
            "tasks",
            "Calls a task off. Who holds it learns it when it next extends or settles.",
            &["task"],
            None,
            &[(200, Some("TaskDocument"))],
        ),
        (routes::RETRY, "post") => Operation::write(
            "retry",
            "tasks",
            "Makes a dead task ready, at its old place and with all its attempts.",
            &["task"],
            None,
            &[(200, Some("TaskDocument"))],
        ),
        (routes::RUN_NOW, "post") => Operation::write(
            "runNow",
            "tasks",
            "Has a scheduled or retrying task wait no longer.",
            &["task"],
            None,
            &[(200, Some("TaskDocument"))],
        ),
        _ => return None,
    })
}
