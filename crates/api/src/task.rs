use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ferry_types::{
    LeaseId, LeaseToken, LogIndex, QueueName, TaskId, TaskRef, Timestamp, WorkerName, WorkflowId,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{FiringDocument, OnDependencyFailure, RetryPolicy, TaskState, Unique, raw, rfc3339};

/// A task as it stands. What is not set is left out.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TaskDocument {
    /// Its id.
    pub id: TaskId,
    /// Its queue.
    pub queue: QueueName,
    /// Where it is in its life.
    pub state: TaskState,
    /// 0 (lowest) to 9.
    pub priority: u8,
    /// Leases that count, so far; 0 before the first.
    pub attempt: u32,
    /// The task's own bound on attempts; the queue's holds if it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_attempts: Option<u32>,
    /// When it was enqueued.
    #[serde(with = "rfc3339")]
    pub enqueued_at: Timestamp,
    /// When it is or was due.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "rfc3339::option")]
    pub run_at: Option<Timestamp>,
    /// When its last attempt began.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "rfc3339::option")]
    pub started_at: Option<Timestamp>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "rfc3339::option")]
    pub finished_at: Option<Timestamp>,
    /// What its last failure said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// What its winning ack gave, any JSON.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "raw::present")]
    pub result: Option<Box<RawValue>>,
    /// Its payload, if that is JSON.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "raw::present")]
    pub payload: Option<Box<RawValue>>,
    /// Its payload in base64, if that is bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload_base64: Option<String>,
    /// The producer's word for what kind of task this is.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub task_type: Option<String>,
    /// The producer's labels.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// How long a lease on it lasts, in milliseconds; the queue's setting holds if it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease_ms: Option<u64>,
    /// How long it may take to be done, from when it is due, in milliseconds; without end if it is
    /// left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl_ms: Option<u64>,
    /// How it backs off; the queue's setting holds if it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<RetryPolicy>,
    /// The W3C trace context of its enqueue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// Its ordering key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The locks that a lease on it takes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub locks: Vec<String>,
    /// The key that one task of its queue has at a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unique: Option<Unique>,
    /// What it was to come after.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<TaskId>,
    /// What becomes of it if one of these fails; left out if it is cancelled then.
    #[serde(default, skip_serializing_if = "OnDependencyFailure::is_default")]
    pub on_dependency_failure: OnDependencyFailure,
    /// What it takes of its worker's resources.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub resources: BTreeMap<String, u64>,
    /// The labels that its worker must have.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub selector: BTreeMap<String, String>,
    /// Its workflow, if it is of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow: Option<WorkflowId>,
    /// Its name there.
    #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
    pub task_ref: Option<TaskRef>,
    /// The firing of a schedule that it is of, if it is of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub firing: Option<FiringDocument>,
    /// Who holds it, while it is leased; and after it was cancelled, until the holder has learned
    /// it or the lease has run out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<LeaseDocument>,
    /// The log index of its last change.
    pub index: LogIndex,
}

impl TaskDocument {
    /// The payload's bytes, if it is bytes and not JSON, and well-formed.
    pub fn payload_bytes(&self) -> Option<Vec<u8>> {
        BASE64_STANDARD.decode(self.payload_base64.as_ref()?).ok()
    }
}

/// A lease as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseDocument {
    /// Its id, which the settling routes take.
    pub id: LeaseId,
    /// Its fencing token: a later lease always has a larger one.
    pub token: LeaseToken,
    /// Who holds it, if the dequeue said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker: Option<WorkerName>,
    /// Which attempt it is, from 1.
    pub attempt: u32,
    /// When it runs out.
    #[serde(with = "rfc3339")]
    pub expires_at: Timestamp,
}

/// A page of tasks, in enqueue order.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct TaskList {
    /// The tasks.
    pub tasks: Vec<TaskDocument>,
    /// Where the next page begins; left out on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_leaves_out_what_is_not_set() {
        let json = r#"{"id":"t7","queue":"mail","state":"ready","priority":4,"attempt":0,"enqueued_at":"2026-01-02T03:04:05.678Z","payload":null,"index":12}"#;
        let task: TaskDocument = serde_json::from_str(json).expect("valid");
        assert_eq!(task.payload.as_ref().map(|payload| payload.get()), Some("null"));
        assert_eq!(serde_json::to_string(&task).expect("has a JSON form"), json);
    }

    #[test]
    fn a_leased_document_shows_all() {
        let json = r#"{"id":"t7","queue":"mail","state":"leased","priority":9,"attempt":2,"max_attempts":3,"enqueued_at":"2026-01-02T03:04:05.678Z","run_at":"2026-01-02T03:04:05.678Z","started_at":"2026-01-02T03:04:06.000Z","finished_at":"2026-01-02T03:04:07.000Z","last_error":"no route","result":[1,  2],"payload":{"b":1,"a":2},"payload_base64":"AA==","type":"send","labels":{"k":"v"},"lease_ms":5,"ttl_ms":6,"retry":{"initial_ms":1,"multiplier":2.0,"max_ms":3,"jitter":0.0},"traceparent":"00-1-2-01","lease":{"id":"l7.9","token":9,"worker":"w","attempt":2,"expires_at":"2026-01-02T03:05:00.000Z"},"index":12}"#;
        let task: TaskDocument = serde_json::from_str(json).expect("valid");
        assert_eq!(serde_json::to_string(&task).expect("has a JSON form"), json);
        assert_eq!(task.payload_bytes(), Some(vec![0]));
    }

    #[test]
    fn a_newer_node_may_tell_more() {
        let json = r#"{"tasks":[{"id":"t7","queue":"mail","state":"ready","priority":4,"attempt":0,"enqueued_at":"2026-01-02T03:04:05Z","payload":1,"index":12,"colour":"red"}],"x":1}"#;
        let list: TaskList = serde_json::from_str(json).expect("valid");
        assert_eq!(list.tasks[0].id, TaskId::new(7));
    }
}
