//! Queues.

use super::{Body, Operation};
use crate::routes;

pub(super) fn operation(path: &str, method: &str) -> Option<Operation> {
    Some(match (path, method) {
        (routes::QUEUES, "get") => Operation::read(
            "listQueues",
            "queues",
            "Lists the queues by name.",
            &["limit", "page_token"],
            &[(200, Some("QueueList"))],
        ),
        (routes::QUEUE, "get") => Operation::read(
            "getQueue",
            "queues",
            "Shows a queue.",
            &["queue"],
            &[(200, Some("QueueDocument"))],
        ),
        (routes::QUEUE, "put") => Operation::write(
            "putQueue",
            "queues",
            "Creates a queue (201) or replaces its settings (200).",
            &["queue"],
            Some(Body::Needed("QueueSettings")),
            &[(200, Some("QueueDocument")), (201, Some("QueueDocument"))],
        ),
        (routes::QUEUE, "delete") => Operation::write(
            "deleteQueue",
            "queues",
            "Deletes a queue without unfinished or dead tasks, or any with `force`.",
            &["queue", "force"],
            None,
            &[(204, None)],
        ),
        (routes::PAUSE, "post") => Operation::write(
            "pauseQueue",
            "queues",
            "The queue gives no tasks until it is resumed; everything else goes on.",
            &["queue"],
            None,
            &[(200, Some("QueueDocument"))],
        ),
        (routes::RESUME, "post") => Operation::write(
            "resumeQueue",
            "queues",
            "The queue gives tasks again.",
            &["queue"],
            None,
            &[(200, Some("QueueDocument"))],
        ),
        (routes::PURGE, "post") => Operation::write(
            "purge",
            "queues",
            "Removes the tasks that are there when it begins; leased ones stay.",
            &["queue"],
            Some(Body::Needed("PurgeRequest")),
            &[(200, Some("Purged"))],
        ),
        (routes::REDRIVE, "post") => Operation::write(
            "redrive",
            "queues",
            "Makes dead tasks ready, at their old places and with all their attempts.",
            &["queue"],
            Some(Body::Optional("RedriveRequest")),
            &[(200, Some("Redriven"))],
        ),
        _ => return None,
    })
}
