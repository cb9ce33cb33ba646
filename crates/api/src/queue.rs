use ferry_types::{QueueName, limits};
use serde::{Deserialize, Serialize};

use crate::{AssignPolicy, InvalidField, Rate, RetryPolicy, null};

/// What a queue may be told: the body of `PUT /v1/queues/{queue}`. What is left out is the default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct QueueSettings {
    /// How long a lease lasts, in milliseconds. 1 to 12 hours; 30,000.
    #[serde(deserialize_with = "null::or_queue_lease")]
    pub lease_ms: u64,
    /// Attempts before a task is dead; 0 is no limit. 0 to 1,000,000; 25.
    #[serde(deserialize_with = "null::or_queue_attempts")]
    pub max_attempts: u32,
    /// How failed tasks back off.
    #[serde(deserialize_with = "null::or_default")]
    pub retry: RetryPolicy,
    /// The most unfinished tasks. 1 or more; none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_tasks: Option<u64>,
    /// The most payload bytes of unfinished tasks. 1 or more; none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_bytes: Option<u64>,
    /// How long a task may take to be done, from when it is due, in milliseconds. 1 to ten years;
    /// none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl_ms: Option<u64>,
    /// How long a task that succeeded, was cancelled or expired is kept, in milliseconds. 0 to ten
    /// years; 3,600,000.
    #[serde(deserialize_with = "null::or_result_retention")]
    pub result_retention_ms: u64,
    /// How long a dead task is kept, in milliseconds. 0 to ten years; forever.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dead_retention_ms: Option<u64>,
    /// The most of its tasks that may be leased at a time. 1 to 1,000,000,000; none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_concurrency: Option<u64>,
    /// How often its tasks may be delivered; without end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
    /// The most tasks with the same key that may be leased at a time. 1 to 1,000,000,000; one, in
    /// order, and in a fair queue none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_concurrency: Option<u64>,
    /// Whether keys take turns, whatever the priority and the age of their tasks. false.
    #[serde(deserialize_with = "null::or_default")]
    pub fair: bool,
    /// How its tasks come to workers. `"pull"`.
    #[serde(deserialize_with = "null::or_default")]
    pub assign: AssignPolicy,
}

impl QueueSettings {
    /// Refuses settings that are out of range.
    ///
    /// # Errors
    /// The first such field.
    pub fn check(&self) -> Result<(), InvalidField> {
        InvalidField::check_millis("lease_ms", self.lease_ms, 1, limits::LEASE_MAX)?;
        InvalidField::check_range("max_attempts", self.max_attempts, 0..=limits::ATTEMPTS_MAX)?;
        self.retry.check().map_err(|invalid| invalid.within("retry"))?;
        for (field, bound) in [("max_tasks", self.max_tasks), ("max_bytes", self.max_bytes)] {
            if bound == Some(0) {
                return Err(InvalidField::new(field, "must be at least 1, or null for no bound"));
            }
        }
        let concurrency =
            [("max_concurrency", self.max_concurrency), ("key_concurrency", self.key_concurrency)];
        for (field, most) in concurrency {
            if let Some(most) = most {
                InvalidField::check_range(field, most, 1..=limits::CONCURRENCY_MAX)?;
            }
        }
        let rate = self.rate.as_ref().map(Rate::check).transpose();
        rate.map_err(|invalid| invalid.within("rate"))?;
        self.assign.check()?;
        if let Some(ttl) = self.ttl_ms {
            InvalidField::check_millis("ttl_ms", ttl, 1, limits::DELAY_MAX)?;
        }
        let result = ("result_retention_ms", Some(self.result_retention_ms));
        for (field, retention) in [result, ("dead_retention_ms", self.dead_retention_ms)] {
            if let Some(retention) = retention {
                InvalidField::check_millis(field, retention, 0, limits::DELAY_MAX)?;
            }
        }
        Ok(())
    }
}

impl Default for QueueSettings {
    fn default() -> Self {
        Self {
            lease_ms: 30_000,
            max_attempts: 25,
            retry: RetryPolicy::default(),
            max_tasks: None,
            max_bytes: None,
            ttl_ms: None,
            result_retention_ms: 3_600_000,
            dead_retention_ms: None,
            max_concurrency: None,
            rate: None,
            key_concurrency: None,
            fair: false,
            assign: AssignPolicy::Pull,
        }
    }
}

/// A queue as it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QueueDocument {
    /// Its name.
    pub queue: QueueName,
    /// Its settings, complete.
    pub settings: QueueSettings,
    /// Whether it gives no tasks for now.
    #[serde(default)]
    pub paused: bool,
    /// How many tasks are in which state.
    pub counts: StateCounts,
    /// Payload bytes of unfinished tasks.
    pub bytes: u64,
    /// How long the oldest ready task has been in the queue, in milliseconds; left out if none is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest_ready_age_ms: Option<u64>,
    /// How fast it moves; left out in the answer to a write, which is the same whenever it is
    /// repeated, unless the queue is new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rates: Option<QueueRates>,
}

/// How many tasks of a queue are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StateCounts {
    /// Not due yet.
    pub scheduled: u64,
    /// Waiting for the tasks that they depend on.
    pub blocked: u64,
    /// Any worker may take them.
    pub ready: u64,
    /// Held by a worker.
    pub leased: u64,
    /// Backing off after a failure.
    pub retrying: u64,
    /// Done, kept for their result.
    pub succeeded: u64,
    /// Out of attempts.
    pub dead: u64,
    /// Called off, kept for those who ask.
    pub cancelled: u64,
    /// Not done in time, kept for those who ask.
    pub expired: u64,
}

impl StateCounts {
    /// Tasks that something will still happen to.
    pub const fn unfinished(&self) -> u64 {
        self.scheduled + self.blocked + self.ready + self.leased + self.retrying
    }
}

/// How fast a queue moves, over the last minute as the answering node saw it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct QueueRates {
    /// Tasks enqueued per second.
    pub enqueue_per_second: f64,
    /// Tasks acked per second.
    pub ack_per_second: f64,
}

/// A page of queues, by name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QueueList {
    /// The queues.
    pub queues: Vec<QueueDocument>,
    /// Where the next page begins; left out on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(json: &str) -> serde_json::Result<QueueSettings> {
        serde_json::from_str(json)
    }

    #[test]
    fn what_is_left_out_or_null_is_the_default() {
        assert_eq!(settings("{}").expect("valid"), QueueSettings::default());
        let json = r#"{"max_tasks": null, "dead_retention_ms": null, "retry": {"jitter": 0}}"#;
        let retry = RetryPolicy { jitter: 0.0, ..RetryPolicy::default() };
        assert_eq!(settings(json).expect("valid"), QueueSettings { retry, ..Default::default() });
    }

    #[test]
    fn an_unknown_setting_is_refused_by_name() {
        for json in [r#"{"lease": 1}"#, r#"{"retry": {"lease": 1}}"#] {
            let message = settings(json).expect_err("unknown field").to_string();
            assert!(message.starts_with("unknown field `lease`, expected"), "{message}");
        }
    }

    #[test]
    fn what_is_out_of_range_is_named_with_its_limit() {
        let cases = [
            (r#"{"lease_ms": 0}"#, "lease_ms must be 1 to 43200000, not 0"),
            (r#"{"lease_ms": 43200001}"#, "lease_ms must be 1 to 43200000, not 43200001"),
            (r#"{"max_attempts": 1000001}"#, "max_attempts must be 0 to 1000000, not 1000001"),
            (r#"{"ttl_ms": 0}"#, "ttl_ms must be 1 to 315360000000, not 0"),
            (r#"{"max_tasks": 0}"#, "max_tasks must be at least 1, or null for no bound"),
            (r#"{"max_bytes": 0}"#, "max_bytes must be at least 1, or null for no bound"),
            (r#"{"retry": {"jitter": 2}}"#, "retry.jitter must be 0 to 1, not 2"),
            (
                r#"{"result_retention_ms": 315360000001}"#,
                "result_retention_ms must be 0 to 315360000000, not 315360000001",
            ),
        ];
        for (json, expected) in cases {
            let refusal = settings(json).expect("well-formed").check().expect_err("out of range");
            assert_eq!(refusal.to_string(), expected);
        }
    }

    #[test]
    fn a_document_leaves_out_what_is_not_set() {
        let document = QueueDocument {
            queue: "mail".parse().expect("valid"),
            settings: QueueSettings::default(),
            paused: false,
            counts: StateCounts { ready: 2, ..Default::default() },
            bytes: 10,
            oldest_ready_age_ms: Some(7),
            rates: Some(QueueRates { enqueue_per_second: 0.5, ack_per_second: 0.0 }),
        };
        let json = serde_json::to_string(&document).expect("a document has a JSON form");
        assert_eq!(
            json,
            r#"{"queue":"mail","settings":{"lease_ms":30000,"max_attempts":25,"retry":{"initial_ms":1000,"multiplier":2.0,"max_ms":3600000,"jitter":0.1},"result_retention_ms":3600000,"fair":false,"assign":"pull"},"paused":false,"counts":{"scheduled":0,"blocked":0,"ready":2,"leased":0,"retrying":0,"succeeded":0,"dead":0,"cancelled":0,"expired":0},"bytes":10,"oldest_ready_age_ms":7,"rates":{"enqueue_per_second":0.5,"ack_per_second":0.0}}"#
        );
        assert_eq!(serde_json::from_str::<QueueDocument>(&json).expect("valid"), document);
    }
}
