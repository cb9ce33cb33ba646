use ferry_types::{LogIndex, NodeId, QueueName, TaskId, Timestamp, WorkerName};
use serde::{Deserialize, Serialize};

use crate::{TaskChange, TaskState, rfc3339};

/// What has happened to a task: its enqueue, then the newest of what came later. Leases that were
/// extended are not told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskHistory {
    /// In order.
    pub history: Vec<HistoryItem>,
}

/// What happened to a task once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryItem {
    /// The log index of the change.
    pub index: LogIndex,
    /// When it was, in replicated time.
    #[serde(with = "rfc3339")]
    pub at: Timestamp,
    /// What happened.
    pub change: TaskChange,
    /// The task's state afterwards.
    pub state: TaskState,
    /// Leases that counted afterwards.
    pub attempt: u32,
    /// The node that led, if that is still known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<NodeId>,
    /// Who got the lease or held it until then, if the dequeue said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker: Option<WorkerName>,
}

/// What a log entry did to tasks: the data of one event of `GET /v1/events`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventDocument {
    /// The index of the entry, which is the event's id.
    pub index: LogIndex,
    /// When it was, in replicated time.
    #[serde(with = "rfc3339")]
    pub at: Timestamp,
    /// What happened, in order.
    pub changes: Vec<EventChange>,
}

/// What a log entry did to one task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventChange {
    /// The task.
    pub task: TaskId,
    /// Its queue.
    pub queue: QueueName,
    /// What happened.
    pub change: TaskChange,
    /// The task's state afterwards; of a task that is gone, its last.
    pub state: TaskState,
    /// Leases that counted afterwards.
    pub attempt: u32,
}

/// The state of a node as one number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// The log index of the state.
    pub index: LogIndex,
    /// The SHA-256 of the replicated state, in hex: equal on every node at the same index.
    pub digest: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happened_is_written_as_it_is_read() {
        let json = r#"{"history":[{"index":12,"at":"2026-01-02T03:04:05.678Z","change":"lease_expired","state":"ready","attempt":1,"node":2,"worker":"w"},{"index":13,"at":"2026-01-02T03:04:05.678Z","change":"leased","state":"leased","attempt":2}]}"#;
        let history: TaskHistory = serde_json::from_str(json).expect("valid");
        assert_eq!(serde_json::to_string(&history).expect("has a JSON form"), json);

        let json = r#"{"index":12,"at":"2026-01-02T03:04:05.678Z","changes":[{"task":"t7","queue":"q","change":"acked","state":"succeeded","attempt":1}]}"#;
        let event: EventDocument = serde_json::from_str(json).expect("valid");
        assert_eq!(serde_json::to_string(&event).expect("has a JSON form"), json);
    }
}
