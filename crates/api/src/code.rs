use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a request was refused, for programs. Each doc says what the caller should do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// Correct the body: it is not JSON; the detail tells line and column.
    MalformedJson,
    /// Correct the value: the detail names the field and what it may be.
    InvalidArgument,
    /// Correct the name: the detail names the nearest known one.
    UnknownField,
    /// Correct the path: there is no such route.
    NotFound,
    /// Create the queue, or correct its name.
    QueueNotFound,
    /// Check the id: the task never existed or is no longer kept.
    TaskNotFound,
    /// Drop the work: no such lease was granted, or its task is no longer kept.
    LeaseNotFound,
    /// Check the id: the cluster has no such node.
    NodeNotFound,
    /// Put the limit, or correct its name.
    LimitNotFound,
    /// Register the worker: there is none of this name, or its session has ended.
    WorkerNotFound,
    /// Check the id: the workflow never existed, or none of its tasks is kept any longer.
    WorkflowNotFound,
    /// Put the schedule, or correct its name.
    ScheduleNotFound,
    /// Use one of the methods in `Allow`.
    MethodNotAllowed,
    /// Accept `application/json`.
    NotAcceptable,
    /// Send the whole request sooner.
    RequestTimeout,
    /// Read the present state, then follow what comes after it: what was asked for is not kept.
    EventsExpired,
    /// Send less: the body is above the cap.
    BodyTooLarge,
    /// Shorten the URI.
    UriTooLong,
    /// Send `application/json` without a content encoding.
    UnsupportedMediaType,
    /// Send fewer or shorter headers.
    HeadersTooLarge,
    /// Drop the work: the lease ran out or was settled, and the task may be someone else's.
    LeaseLost,
    /// Look at the facts: what is asked does not fit the present state.
    WrongState,
    /// Choose another id: this one is taken.
    AlreadyExists,
    /// Drain the queue first, or force the deletion.
    NotEmpty,
    /// Do first what the detail says: the state does not allow it yet.
    PreconditionFailed,
    /// Use a new key: this one belongs to another request.
    IdempotencyMismatch,
    /// Break the cycle: tasks of the workflow would wait for one another for ever.
    DependencyCycle,
    /// Enqueue later, or raise the queue's bound.
    QueueFull,
    /// Delete something first: the cluster has as many as it may.
    QuotaExceeded,
    /// Wait with fewer dequeues at a time.
    TooManyWaiters,
    /// Repeat, here or at another node: nothing was written.
    NoLeader,
    /// Repeat at another node: nothing was written.
    ShuttingDown,
    /// Repeat later, or ask for a smaller index.
    IndexNotReached,
    /// Correct the nodes' advertised addresses: a request came back to a node that forwarded it.
    ForwardingLoop,
    /// Repeat later with fewer connections.
    TooManyConnections,
    /// Repeat under the same idempotency key: whether it was written is not known.
    OutcomeUnknown,
    /// Free disk space on the nodes; settling goes on meanwhile.
    DiskFull,
    /// Read the detail: the node is newer than this library, which does not know the code.
    #[serde(other)]
    Unrecognized,
}

impl Code {
    /// Every code that a node sends.
    pub const ALL: [Self; 37] = [
        Self::MalformedJson,
        Self::InvalidArgument,
        Self::UnknownField,
        Self::NotFound,
        Self::QueueNotFound,
        Self::TaskNotFound,
        Self::LeaseNotFound,
        Self::NodeNotFound,
        Self::LimitNotFound,
        Self::WorkerNotFound,
        Self::WorkflowNotFound,
        Self::ScheduleNotFound,
        Self::MethodNotAllowed,
        Self::NotAcceptable,
        Self::RequestTimeout,
        Self::EventsExpired,
        Self::BodyTooLarge,
        Self::UriTooLong,
        Self::UnsupportedMediaType,
        Self::HeadersTooLarge,
        Self::LeaseLost,
        Self::WrongState,
        Self::AlreadyExists,
        Self::NotEmpty,
        Self::PreconditionFailed,
        Self::IdempotencyMismatch,
        Self::DependencyCycle,
        Self::QueueFull,
        Self::QuotaExceeded,
        Self::TooManyWaiters,
        Self::NoLeader,
        Self::ShuttingDown,
        Self::IndexNotReached,
        Self::ForwardingLoop,
        Self::TooManyConnections,
        Self::OutcomeUnknown,
        Self::DiskFull,
    ];

    /// The HTTP status that goes with it, or `None` for a code that this library does not know.
    pub const fn status(self) -> Option<u16> {
        Some(match self {
            Self::MalformedJson | Self::InvalidArgument | Self::UnknownField => 400,
            Self::NotFound
            | Self::QueueNotFound
            | Self::TaskNotFound
            | Self::LeaseNotFound
            | Self::NodeNotFound
            | Self::LimitNotFound
            | Self::WorkerNotFound
            | Self::WorkflowNotFound
            | Self::ScheduleNotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::NotAcceptable => 406,
            Self::RequestTimeout => 408,
            Self::LeaseLost | Self::WrongState | Self::AlreadyExists | Self::NotEmpty => 409,
            Self::EventsExpired => 410,
            Self::BodyTooLarge => 413,
            Self::UriTooLong => 414,
            Self::UnsupportedMediaType => 415,
            Self::PreconditionFailed => 412,
            Self::IdempotencyMismatch | Self::DependencyCycle => 422,
            Self::QueueFull | Self::QuotaExceeded | Self::TooManyWaiters => 429,
            Self::HeadersTooLarge => 431,
            Self::NoLeader
            | Self::ShuttingDown
            | Self::IndexNotReached
            | Self::ForwardingLoop
            | Self::TooManyConnections => 503,
            Self::OutcomeUnknown => 504,
            Self::DiskFull => 507,
            Self::Unrecognized => return None,
        })
    }

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MalformedJson => "malformed_json",
            Self::InvalidArgument => "invalid_argument",
            Self::UnknownField => "unknown_field",
            Self::NotFound => "not_found",
            Self::QueueNotFound => "queue_not_found",
            Self::TaskNotFound => "task_not_found",
            Self::LeaseNotFound => "lease_not_found",
            Self::NodeNotFound => "node_not_found",
            Self::LimitNotFound => "limit_not_found",
            Self::WorkerNotFound => "worker_not_found",
            Self::WorkflowNotFound => "workflow_not_found",
            Self::ScheduleNotFound => "schedule_not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::NotAcceptable => "not_acceptable",
            Self::RequestTimeout => "request_timeout",
            Self::EventsExpired => "events_expired",
            Self::BodyTooLarge => "body_too_large",
            Self::UriTooLong => "uri_too_long",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::HeadersTooLarge => "headers_too_large",
            Self::LeaseLost => "lease_lost",
            Self::WrongState => "wrong_state",
            Self::AlreadyExists => "already_exists",
            Self::NotEmpty => "not_empty",
            Self::PreconditionFailed => "precondition_failed",
            Self::IdempotencyMismatch => "idempotency_mismatch",
            Self::DependencyCycle => "dependency_cycle",
            Self::QueueFull => "queue_full",
            Self::QuotaExceeded => "quota_exceeded",
            Self::TooManyWaiters => "too_many_waiters",
            Self::NoLeader => "no_leader",
            Self::ShuttingDown => "shutting_down",
            Self::IndexNotReached => "index_not_reached",
            Self::ForwardingLoop => "forwarding_loop",
            Self::TooManyConnections => "too_many_connections",
            Self::OutcomeUnknown => "outcome_unknown",
            Self::DiskFull => "disk_full",
            Self::Unrecognized => "unrecognized",
        }
    }

    /// What went wrong, in a few words that are the same for every request.
    pub const fn title(self) -> &'static str {
        match self {
            Self::MalformedJson => "the body is not valid JSON",
            Self::InvalidArgument => "a value is not valid",
            Self::UnknownField => "a field is not known",
            Self::NotFound => "there is no such route",
            Self::QueueNotFound => "the queue does not exist",
            Self::TaskNotFound => "the task does not exist",
            Self::LeaseNotFound => "the lease does not exist",
            Self::NodeNotFound => "the node does not exist",
            Self::LimitNotFound => "the limit does not exist",
            Self::WorkerNotFound => "the worker is not registered",
            Self::WorkflowNotFound => "the workflow does not exist",
            Self::ScheduleNotFound => "the schedule does not exist",
            Self::MethodNotAllowed => "the route does not have this method",
            Self::NotAcceptable => "the answer has no form that is accepted",
            Self::RequestTimeout => "the request did not come in time",
            Self::EventsExpired => "the events are no longer kept",
            Self::BodyTooLarge => "the body is too large",
            Self::UriTooLong => "the URI is too long",
            Self::UnsupportedMediaType => "the body has an unsupported form",
            Self::HeadersTooLarge => "the headers are too large",
            Self::LeaseLost => "the lease is lost",
            Self::WrongState => "the state does not allow this",
            Self::AlreadyExists => "it exists already",
            Self::NotEmpty => "the queue is not empty",
            Self::PreconditionFailed => "the time for it is another",
            Self::IdempotencyMismatch => "the key belongs to another request",
            Self::DependencyCycle => "tasks depend on one another",
            Self::QueueFull => "the queue is full",
            Self::QuotaExceeded => "the cluster has its limit of these",
            Self::TooManyWaiters => "too many dequeues wait",
            Self::NoLeader => "the cluster has no leader",
            Self::ShuttingDown => "the node is shutting down",
            Self::IndexNotReached => "the index was not reached in time",
            Self::ForwardingLoop => "the request went in a circle",
            Self::TooManyConnections => "the node has too many connections",
            Self::OutcomeUnknown => "the outcome is not known",
            Self::DiskFull => "the disk is full",
            Self::Unrecognized => "the code is not known to this library",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_is_the_same_everywhere() {
        for code in Code::ALL {
            let json = serde_json::to_string(&code).expect("a code has a JSON form");
            assert_eq!(json, format!("\"{code}\""));
            assert!(code.status().is_some(), "{code} has no status");
        }
        let newer: Code = serde_json::from_str(r#""too_purple""#).expect("any word is read");
        assert_eq!(newer, Code::Unrecognized);
    }
}
