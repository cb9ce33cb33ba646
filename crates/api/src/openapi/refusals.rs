//! With which codes each operation refuses.

use std::collections::BTreeMap;

use super::operations::Kind;
use crate::{Code, routes};

/// What any request may be refused with, whatever it is for: it is not told for each operation.
pub(super) const OF_ANY_REQUEST: [Code; 7] = [
    Code::NotFound,
    Code::MethodNotAllowed,
    Code::RequestTimeout,
    Code::UriTooLong,
    Code::HeadersTooLarge,
    Code::TooManyConnections,
    Code::ForwardingLoop,
];

/// The codes of an operation by their statuses, in the order of `Code`.
pub(super) fn of(path: &str, method: &str, kind: Kind) -> BTreeMap<u16, Vec<Code>> {
    let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    let (own, of_kind) = (own(path, method), of_kind(kind));
    let takes_body = method != "get";
    let is_given = |code: &Code| {
        OF_EACH.contains(code)
            || takes_body && *code == Code::MalformedJson
            || of_kind.contains(code)
            || own.iter().any(|of| of.contains(code))
    };
    for code in Code::ALL.into_iter().filter(is_given) {
        by_status.entry(code.status().unwrap_or_default()).or_default().push(code);
    }
    by_status
}

/// A body that nobody reads is refused by its form and size all the same.
const OF_EACH: [Code; 5] = [
    Code::InvalidArgument,
    Code::UnknownField,
    Code::NotAcceptable,
    Code::BodyTooLarge,
    Code::UnsupportedMediaType,
];

fn of_kind(kind: Kind) -> &'static [Code] {
    match kind {
        Kind::Read => &[Code::NoLeader, Code::ShuttingDown, Code::IndexNotReached],
        Kind::Write => {
            &[Code::IdempotencyMismatch, Code::NoLeader, Code::ShuttingDown, Code::OutcomeUnknown]
        }
        Kind::Admin => &[Code::NoLeader, Code::ShuttingDown, Code::OutcomeUnknown],
        Kind::Stream => &[Code::NoLeader, Code::ShuttingDown],
        Kind::Local => &[],
    }
}

/// What enqueues a task may find no room for it, or none of what it names.
const ENQUEUE: &[Code] = &[
    Code::QueueNotFound,
    Code::TaskNotFound,
    Code::AlreadyExists,
    Code::QueueFull,
    Code::QuotaExceeded,
    Code::DiskFull,
];
const LEASE: &[Code] = &[Code::LeaseNotFound, Code::LeaseLost, Code::WrongState];
const QUEUE: &[Code] = &[Code::QueueNotFound];
const TASK: &[Code] = &[Code::TaskNotFound];
const STATE: &[Code] = &[Code::WrongState];
const QUOTA: &[Code] = &[Code::QuotaExceeded];
const WAITERS: &[Code] = &[Code::TooManyWaiters];

fn own(path: &str, method: &str) -> &'static [&'static [Code]] {
    match (path, method) {
        (routes::QUEUE, "put") => &[QUOTA, &[Code::PreconditionFailed]],
        (routes::QUEUE, "delete") => &[QUEUE, &[Code::NotEmpty]],
        (routes::QUEUE | routes::PAUSE | routes::RESUME | routes::PURGE | routes::FORECAST, _) => {
            &[QUEUE]
        }
        (routes::REDRIVE, _) => &[QUEUE, &[Code::QueueFull]],
        (routes::QUEUE_TASKS, _) => &[ENQUEUE],
        (routes::QUEUE_DEQUEUE | routes::DEQUEUE, _) => &[QUEUE, WAITERS],
        (routes::TASK, "delete") | (routes::RUN_NOW, _) => &[TASK, STATE],
        (routes::RETRY, _) => &[TASK, STATE, &[Code::QueueFull]],
        (routes::TASK | routes::HISTORY, _) => &[TASK],
        (routes::RESULT, _) => &[TASK, WAITERS],
        (routes::ACK | routes::NACK | routes::EXTEND | routes::RELEASE, _) => &[LEASE],
        (routes::EVENTS, _) => {
            &[&[Code::EventsExpired, Code::NoLeader, Code::ShuttingDown, Code::IndexNotReached]]
        }
        (routes::TRANSACTIONS, _) => &[ENQUEUE, LEASE],
        (routes::WORKFLOWS, _) => &[ENQUEUE, &[Code::DependencyCycle]],
        (routes::WORKFLOW, _) => &[&[Code::WorkflowNotFound]],
        (routes::LIMIT | routes::WORKER | routes::SCHEDULE, "put") => &[QUOTA],
        (routes::LIMIT, _) => &[&[Code::LimitNotFound]],
        (routes::WORKER | routes::HEARTBEAT | routes::DRAIN | routes::ASSIGNMENTS, _) => {
            &[&[Code::WorkerNotFound]]
        }
        (routes::SCHEDULE, _) => &[&[Code::ScheduleNotFound]],
        (routes::NODES, _) => &[STATE, &[Code::AlreadyExists]],
        (routes::NODE | routes::TRANSFER_LEADER, _) => &[STATE, &[Code::NodeNotFound]],
        (routes::SNAPSHOT, _) => &[&[Code::ShuttingDown, Code::OutcomeUnknown]],
        (routes::READYZ, _) => &[&[Code::NoLeader]],
        (routes::DIGEST, _) => &[WAITERS, &[Code::ShuttingDown, Code::IndexNotReached]],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_of_some_operation_or_of_any_request() {
        let kinds = [Kind::Read, Kind::Write, Kind::Admin, Kind::Stream, Kind::Local];
        for code in Code::ALL {
            let mut routes = routes::ALL.iter().flat_map(|(path, methods)| {
                methods.iter().map(move |method| own(path, method).concat())
            });
            let is_given = OF_EACH.contains(&code)
                || code == Code::MalformedJson
                || kinds.into_iter().any(|kind| of_kind(kind).contains(&code))
                || routes.any(|codes| codes.contains(&code));
            assert!(is_given != OF_ANY_REQUEST.contains(&code), "{code:?}");
        }
    }
}
