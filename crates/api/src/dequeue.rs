use std::time::Duration;

use ferry_types::{QueueName, WorkerName, limits};
use serde::{Deserialize, Serialize};

use crate::{InvalidField, SettledItem, Settlement, TaskDocument, null};

/// The body of `POST /v1/queues/{queue}/dequeue` and, with `queues`, of `POST /v1/dequeue`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DequeueRequest {
    /// 1 to 100 queues, tried in order; one answer may take from several. Only where the path
    /// names no queue.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null::or_default")]
    pub queues: Vec<QueueName>,
    /// The most tasks. 1 to 1,000; 1.
    #[serde(deserialize_with = "null::or_dequeue_max")]
    pub max: u32,
    /// How long to wait for the first task, in milliseconds. 0 to 60,000; 0.
    #[serde(deserialize_with = "null::or_default")]
    pub wait_ms: u64,
    /// How long the leases last, in milliseconds. 1 to 12 hours; the task's, else the queue's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lease_ms: Option<u64>,
    /// Who asks: 1 to 128 of `A-Z a-z 0-9 . _ -`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worker: Option<WorkerName>,
    /// Up to 1,000 earlier leases, settled before anything is taken.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null::or_default")]
    pub settle: Vec<Settlement>,
}

/// A dequeue that has passed the border.
#[derive(Clone, Debug)]
pub struct CheckedDequeue {
    /// Tried in order.
    pub queues: Vec<QueueName>,
    /// The most tasks.
    pub max: u32,
    /// How long to wait for the first task.
    pub wait: Duration,
    /// How long the leases last; the task's or the queue's if `None`.
    pub lease_ms: Option<u64>,
    /// Who asks.
    pub worker: Option<WorkerName>,
    /// Settled before anything is taken.
    pub settle: Vec<Settlement>,
}

/// The answer to a dequeue.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct DequeueResponse {
    /// The leased tasks, each with payload and lease; empty if none came in time.
    pub tasks: Vec<TaskDocument>,
    /// An outcome per settlement, in order; left out if there were none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settled: Vec<SettledItem>,
}

impl DequeueRequest {
    /// The request, if everything is in range. `queue` is the one that the path names, if it does.
    ///
    /// # Errors
    /// The first field that is not.
    pub fn check(self, queue: Option<QueueName>) -> Result<CheckedDequeue, InvalidField> {
        let queues = match queue {
            Some(queue) if self.queues.is_empty() => vec![queue],
            Some(_) => {
                let detail = "belongs to POST /v1/dequeue; here the path names the queue";
                return Err(InvalidField::new("queues", detail));
            }
            None => self.queues,
        };
        if queues.is_empty() || queues.len() > limits::DEQUEUE_QUEUES_MAX {
            let (most, given) = (limits::DEQUEUE_QUEUES_MAX, queues.len());
            let detail = format!("must be 1 to {most} queue names, not {given}");
            return Err(InvalidField::new("queues", detail));
        }
        InvalidField::check_range("max", self.max, 1..=limits::DEQUEUE_MAX)?;
        InvalidField::check_millis("wait_ms", self.wait_ms, 0, limits::DEQUEUE_WAIT_MAX)?;
        if let Some(lease) = self.lease_ms {
            InvalidField::check_millis("lease_ms", lease, 1, limits::LEASE_MAX)?;
        }
        Ok(CheckedDequeue {
            queues,
            max: self.max,
            wait: Duration::from_millis(self.wait_ms),
            lease_ms: self.lease_ms,
            worker: self.worker,
            settle: Settlement::check_all(self.settle)?,
        })
    }
}

impl Default for DequeueRequest {
    fn default() -> Self {
        Self {
            queues: Vec::new(),
            max: 1,
            wait_ms: 0,
            lease_ms: None,
            worker: None,
            settle: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str, queue: Option<&str>) -> Result<CheckedDequeue, InvalidField> {
        let queue = queue.map(|name| name.parse().expect("valid"));
        serde_json::from_str::<DequeueRequest>(json).expect("well-formed").check(queue)
    }

    #[test]
    fn what_is_left_out_is_the_default() {
        let checked = check("{}", Some("mail")).expect("valid");
        assert_eq!((checked.max, checked.wait), (1, Duration::ZERO));
        assert_eq!(checked.queues, ["mail".parse().expect("valid")]);
        let json = r#"{"queues": ["a", "b"], "wait_ms": 60000, "max": 1000}"#;
        assert_eq!(check(json, None).expect("valid").queues.len(), 2);
    }

    #[test]
    fn what_is_out_of_range_is_named_with_its_limit() {
        for (json, expected) in [
            (r#"{"max": 0}"#, "max must be 1 to 1000, not 0"),
            (r#"{"max": 1001}"#, "max must be 1 to 1000, not 1001"),
            (r#"{"wait_ms": 60001}"#, "wait_ms must be 0 to 60000, not 60001"),
            (r#"{"lease_ms": 0}"#, "lease_ms must be 1 to 43200000, not 0"),
            (
                r#"{"queues": ["a"]}"#,
                "queues belongs to POST /v1/dequeue; here the path names the queue",
            ),
            (
                r#"{"settle": [{"lease": "l1.1", "action": "extend", "lease_ms": 0}]}"#,
                "settle[0].lease_ms must be 1 to 43200000, not 0",
            ),
        ] {
            let refusal = check(json, Some("mail")).expect_err("out of range");
            assert_eq!(refusal.to_string(), expected);
        }
        let none = check("{}", None).expect_err("no queue");
        assert_eq!(none.to_string(), "queues must be 1 to 100 queue names, not 0");
        let many = format!(r#"{{"queues": [{}]}}"#, vec![r#""a""#; 101].join(","));
        let many = check(&many, None).expect_err("too many queues");
        assert_eq!(many.to_string(), "queues must be 1 to 100 queue names, not 101");
    }

    #[test]
    fn names_are_parsed_at_the_border() {
        for (json, expected) in [
            (r#"{"queues": ["../etc"]}"#, "a queue name must be 1 to 80 of"),
            (r#"{"worker": "a b"}"#, "a worker name must be 1 to 128 of"),
            (r#"{"max": -1}"#, "invalid value: integer `-1`, expected u32"),
            (r#"{"wait": 1}"#, "unknown field `wait`, expected one of"),
        ] {
            let error = serde_json::from_str::<DequeueRequest>(json).expect_err("malformed");
            assert!(error.to_string().starts_with(expected), "{json}: {error}");
        }
    }
}
