//! Tasks on their way in and out.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use ferry_api::{
    CheckedTask, Due, LeaseDocument, OnDependencyFailure, Payload, TaskDocument, Unique,
    UniqueUntil,
};
use ferry_types::{WorkerName, WorkflowId};

use super::*;

/// JSON text as the machine carries it.
pub(crate) fn from_json(json: Box<RawValue>) -> Bytes {
    let text: Box<str> = json.into();
    Bytes::from(String::from(text))
}

/// A task for the machine.
pub(crate) fn new_task(task: CheckedTask, traceparent: Option<String>) -> command::NewTask {
    let (payload, payload_is_bytes) = match task.payload {
        Payload::Json(json) => (from_json(json), false),
        Payload::Bytes(bytes) => (Bytes::from(bytes), true),
    };
    let (run_at_ms, delay_ms) = match task.due {
        Due::At(at) => (Some(at.as_millis()), 0),
        Due::After(delay) => (None, u64::try_from(delay.as_millis()).unwrap_or(u64::MAX)),
    };
    command::NewTask {
        payload,
        payload_is_bytes,
        priority: task.priority.get().into(),
        run_at_ms,
        delay_ms,
        max_attempts: task.max_attempts,
        lease_ms: task.lease_ms,
        ttl_ms: task.ttl_ms,
        retry: task.retry.map(retry),
        task_type: task.task_type,
        labels: task.labels,
        traceparent,
        key: task.key,
        locks: task.locks,
        unique: task.unique.map(unique),
        depends_on: task.depends_on.into_iter().map(TaskId::get).collect(),
        run_on_dependency_failure: task.on_dependency_failure == OnDependencyFailure::Run,
        resources: task.resources,
        selector: task.selector,
        firing: None,
    }
}

fn unique(unique: Unique) -> command::Unique {
    let until_ms = match unique.until {
        UniqueUntil::Done => None,
        UniqueUntil::Millis(millis) => Some(millis),
    };
    command::Unique { key: unique.key, until_ms }
}

pub(super) fn unique_document(unique: command::Unique) -> Unique {
    let until = unique.until_ms.map_or(UniqueUntil::Done, UniqueUntil::Millis);
    Unique { key: unique.key, until }
}

/// A task as it stands, with its payload and its result where they are to be shown.
pub(crate) fn document(
    view: TaskView,
    payload: Option<Bytes>,
    result: Option<Bytes>,
) -> TaskDocument {
    let TaskView { queue, row } = view;
    let id = TaskId::new(row.id);
    let state = state_of(row.state);
    let is_held = state == api::TaskState::Leased || row.held;
    let lease = match (is_held, row.token, row.expires_at_ms) {
        (true, Some(token), Some(expires_at)) => Some(LeaseDocument {
            id: LeaseId { task: id, token: LeaseToken::new(token) },
            token: LeaseToken::new(token),
            worker: row.worker.and_then(|worker| worker.parse().ok()),
            attempt: row.attempt,
            expires_at: Timestamp::from_millis(expires_at),
        }),
        _ => None,
    };
    let (payload, payload_base64) = match payload {
        Some(bytes) if row.payload_is_bytes => (None, Some(BASE64_STANDARD.encode(bytes))),
        Some(json) => (to_json(&json), None),
        None => (None, None),
    };
    TaskDocument {
        id,
        queue,
        state,
        priority: u8::try_from(row.priority).unwrap_or(u8::MAX),
        attempt: row.attempt,
        max_attempts: row.max_attempts,
        enqueued_at: Timestamp::from_millis(row.enqueued_at_ms),
        run_at: row.run_at_ms.map(Timestamp::from_millis),
        started_at: row.started_at_ms.map(Timestamp::from_millis),
        finished_at: row.finished_at_ms.map(Timestamp::from_millis),
        last_error: row.last_error,
        result: result.and_then(|json| to_json(&json)),
        payload,
        payload_base64,
        task_type: row.task_type,
        labels: row.labels,
        lease_ms: row.lease_ms,
        ttl_ms: row.ttl_ms,
        retry: row.retry.map(retry_document),
        traceparent: row.traceparent,
        key: row.key,
        locks: row.locks,
        unique: row.unique.map(unique_document),
        depends_on: row.depends_on.into_iter().map(TaskId::new).collect(),
        on_dependency_failure: match row.run_on_dependency_failure {
            true => OnDependencyFailure::Run,
            false => OnDependencyFailure::Cancel,
        },
        resources: row.resources,
        selector: row.selector,
        workflow: row.workflow.map(|first| WorkflowId::new(TaskId::new(first))),
        task_ref: row.task_ref.parse().ok(),
        firing: row.firing.and_then(super::schedule::firing_document),
        lease,
        index: LogIndex::new(row.index),
    }
}

/// A task as `worker` gets it: as it was when `lease` was granted, whatever it is by now.
pub(crate) fn leased_document(
    view: TaskView,
    payload: Bytes,
    lease: &Lease,
    worker: Option<&WorkerName>,
) -> TaskDocument {
    let document = document(view, Some(payload), None);
    let token = LeaseToken::new(lease.token);
    TaskDocument {
        state: api::TaskState::Leased,
        attempt: lease.attempt,
        started_at: Some(Timestamp::from_millis(lease.started_at_ms)),
        lease: Some(LeaseDocument {
            id: LeaseId { task: document.id, token },
            token,
            worker: worker.cloned(),
            attempt: lease.attempt,
            expires_at: Timestamp::from_millis(lease.expires_at_ms),
        }),
        ..document
    }
}

/// Stored JSON text; it was valid when it came in.
pub(super) fn to_json(json: &[u8]) -> Option<Box<RawValue>> {
    let text = String::from_utf8(json.to_vec()).ok()?;
    RawValue::from_string(text).ok()
}
