//! Leases.

use super::{Body, Operation};
use crate::routes;

pub(super) fn operation(path: &str, method: &str) -> Option<Operation> {
    Some(match (path, method) {
        (routes::QUEUE_DEQUEUE, "post") => Operation::write(
            "dequeueFromQueue",
            "leases",
            "Leases ready tasks of a queue, and waits for one if asked to.",
            &["queue"],
            Some(Body::Needed("DequeueRequest")),
            &[(200, Some("DequeueResponse"))],
        ),
        (routes::DEQUEUE, "post") => Operation::write(
            "dequeue",
            "leases",
            "Leases ready tasks of several queues, tried in order.",
            &[],
            Some(Body::Needed("DequeueFromRequest")),
            &[(200, Some("DequeueResponse"))],
        ),
        (routes::SETTLE, "post") => Operation::write(
            "settle",
            "leases",
            "Settles leases, each on its own.",
            &[],
            Some(Body::Needed("SettleRequest")),
            &[(200, Some("SettleResponse"))],
        ),
        (routes::ACK, "post") => Operation::write(
            "ack",
            "leases",
            "The task is done. Repeating an ack that won gives the same answer.",
            &["lease"],
            Some(Body::Optional("AckRequest")),
            &[(200, Some("Settled"))],
        ),
        (routes::NACK, "post") => Operation::write(
            "nack",
            "leases",
            "The attempt failed: the task backs off, or is dead after its last attempt.",
            &["lease"],
            Some(Body::Optional("NackRequest")),
            &[(200, Some("Settled"))],
        ),
        (routes::EXTEND, "post") => Operation::write(
            "extend",
            "leases",
            "Keeps a lease longer.",
            &["lease"],
            Some(Body::Optional("ExtendRequest")),
            &[(200, Some("Extended"))],
        ),
        (routes::RELEASE, "post") => Operation::write(
            "release",
            "leases",
            "Gives a task back, to its place; counts as nothing.",
            &["lease"],
            None,
            &[(200, Some("Settled"))],
        ),
        _ => return None,
    })
}
