//! What tells what has happened.

use super::Operation;
use crate::routes;

pub(super) fn operation(path: &str, method: &str) -> Option<Operation> {
    Some(match (path, method) {
        (routes::HISTORY, "get") => Operation::read(
            "getTaskHistory",
            "tasks",
            "Tells what has happened to a task: its enqueue, then up to 99 changes, the newest. \
             Leases that were extended are not told.",
            &["task"],
            &[(200, Some("TaskHistory"))],
        ),
        (routes::RESULT, "get") => Operation::read(
            "getTaskResult",
            "tasks",
            "Shows a task that has ended (200), or one that has not (202), after waiting for its \
             end if asked to. Any node waits by itself; a task whose result is not kept is 404.",
            &["task", "Prefer"],
            &[(200, Some("TaskDocument")), (202, Some("TaskDocument"))],
        ),
        (routes::EVENTS, "get") => Operation {
            parameters: &["after_index", "of_queue", "Last-Event-ID"],
            ..Operation::local(
                "followEvents",
                "tasks",
                "Streams what each log entry does to tasks, as server-sent events whose data is an \
                 `EventDocument` and whose id is its log index: those after `Last-Event-ID`, else \
                 after `after_index`, else those to come. Any node serves its own; 410 if they are \
                 no longer kept.",
                &[(200, Some("events"))],
            )
        },
        (routes::DIGEST, "get") => Operation {
            parameters: &["index", "Ferry-Timeout-Ms"],
            ..Operation::local(
                "getDigest",
                "cluster",
                "Hashes the state of this node at `index`, which may be yet to come, or as it is. \
                 Two nodes have the same digest at the same index.",
                &[(200, Some("Digest"))],
            )
        },
        _ => return None,
    })
}
