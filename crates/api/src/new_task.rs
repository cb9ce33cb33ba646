use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ferry_types::{Priority, TaskId, Timestamp, limits};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{
    CheckedRetry, InvalidField, OnDependencyFailure, RetryPolicy, Unique, labels, null, raw,
    resources, rfc3339,
};

/// A task as its producer describes it. What is left out is the queue's setting or the default.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewTask {
    /// Any JSON, up to 1 MiB. Either this or `payload_base64`.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "raw::present")]
    pub payload: Option<Box<RawValue>>,
    /// Bytes, up to 1 MiB, in base64 with padding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload_base64: Option<String>,
    /// 0 (lowest) to 9; 4.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<u8>,
    /// Not before this time, at most ten years ahead. Either this or `delay_ms`.
    #[serde(skip_serializing_if = "Option::is_none", with = "rfc3339::option")]
    pub run_at: Option<Timestamp>,
    /// Not before this long after the enqueue, in milliseconds. 0 to ten years; 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u64>,
    /// Attempts before the task is dead; 0 is no limit. 0 to 1,000,000; the queue's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_attempts: Option<u32>,
    /// How long a lease on it lasts, in milliseconds. 1 to 12 hours; the queue's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lease_ms: Option<u64>,
    /// How long it may take to be done, from when it is due, in milliseconds. 1 to ten years; the
    /// queue's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl_ms: Option<u64>,
    /// How it backs off; the queue's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry: Option<RetryPolicy>,
    /// The producer's word for what kind of task this is, 1 to 256 bytes.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub task_type: Option<String>,
    /// The producer's labels: up to 64, keys of 1 to 128 bytes, values of up to 256.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "null::or_labels")]
    pub labels: BTreeMap<String, String>,
    /// Tasks with the same key go in order, or take turns with those of other keys, 1 to 256 bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Locks that a lease on it takes: up to 100 names of 1 to 256 bytes.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null::or_default")]
    pub locks: Vec<String>,
    /// A key that one task of the queue has at a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unique: Option<Unique>,
    /// Tasks that must have ended well before it runs: up to 100, which exist.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null::or_default")]
    pub depends_on: Vec<TaskId>,
    /// What becomes of it if one of them is dead, cancelled or expired. `cancel`.
    #[serde(
        skip_serializing_if = "OnDependencyFailure::is_default",
        deserialize_with = "null::or_default"
    )]
    pub on_dependency_failure: OnDependencyFailure,
    /// What it takes of its worker's resources: up to 16 kinds, with names of 1 to 128 bytes.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "null::or_resources")]
    pub resources: BTreeMap<String, u64>,
    /// The labels that its worker must have, each with this value: as many and as long as labels.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "null::or_labels")]
    pub selector: BTreeMap<String, String>,
}

/// A task that has passed the border.
#[derive(Clone, Debug)]
pub struct CheckedTask {
    /// What the worker gets.
    pub payload: Payload,
    /// How urgent it is.
    pub priority: Priority,
    /// When it may run.
    pub due: Due,
    /// Attempts before it is dead; the queue's if `None`.
    pub max_attempts: Option<u32>,
    /// How long a lease on it lasts; the queue's if `None`.
    pub lease_ms: Option<u64>,
    /// How long it may take to be done, from when it is due; the queue's if `None`.
    pub ttl_ms: Option<u64>,
    /// How it backs off; the queue's if `None`.
    pub retry: Option<CheckedRetry>,
    /// What kind of task it is.
    pub task_type: Option<String>,
    /// The producer's labels.
    pub labels: BTreeMap<String, String>,
    /// Its ordering key.
    pub key: Option<String>,
    /// Locks that a lease on it takes.
    pub locks: Vec<String>,
    /// A key that one task of the queue has at a time.
    pub unique: Option<Unique>,
    /// Tasks that must have ended well before it runs.
    pub depends_on: Vec<TaskId>,
    /// What becomes of it if one of them fails.
    pub on_dependency_failure: OnDependencyFailure,
    /// What it takes of its worker's resources.
    pub resources: BTreeMap<String, u64>,
    /// The labels that its worker must have.
    pub selector: BTreeMap<String, String>,
}

/// What the worker gets.
#[derive(Clone, Debug)]
pub enum Payload {
    /// JSON text, as it came.
    Json(Box<RawValue>),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// When a task may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Not before this moment.
    At(Timestamp),
    /// Not before this long after the enqueue; zero is at once.
    After(Duration),
}

impl NewTask {
    /// A task with this JSON payload and nothing else said.
    pub fn json(payload: Box<RawValue>) -> Self {
        Self { payload: Some(payload), ..Self::default() }
    }

    /// A task with these bytes as its payload and nothing else said.
    pub fn bytes(payload: &[u8]) -> Self {
        Self { payload_base64: Some(BASE64_STANDARD.encode(payload)), ..Self::default() }
    }

    /// The task, if everything is in range; `now` bounds `run_at`.
    ///
    /// # Errors
    /// The first field that is not.
    pub fn check(self, now: Timestamp) -> Result<CheckedTask, InvalidField> {
        let due = due(self.run_at, self.delay_ms, now)?;
        let priority = match self.priority {
            None => Priority::default(),
            Some(number) => Priority::new(number).ok_or_else(|| {
                InvalidField::new("priority", format!("must be 0 to 9, not {number}"))
            })?,
        };
        if let Some(attempts) = self.max_attempts {
            InvalidField::check_range("max_attempts", attempts, 0..=limits::ATTEMPTS_MAX)?;
        }
        if let Some(lease) = self.lease_ms {
            InvalidField::check_millis("lease_ms", lease, 1, limits::LEASE_MAX)?;
        }
        if let Some(ttl) = self.ttl_ms {
            InvalidField::check_millis("ttl_ms", ttl, 1, limits::DELAY_MAX)?;
        }
        let retry = self.retry.as_ref().map(RetryPolicy::check).transpose();
        let retry = retry.map_err(|invalid| invalid.within("retry"))?;
        self.task_type.as_deref().map_or(Ok(()), check_type)?;
        labels::check("labels", &self.labels)?;
        labels::check("selector", &self.selector)?;
        resources::check(&self.resources)?;
        self.key.as_deref().map_or(Ok(()), |key| check_key("key", key))?;
        InvalidField::check_length("locks", self.locks.len(), limits::LOCKS_MAX, "locks")?;
        for (place, lock) in self.locks.iter().enumerate() {
            check_key(&format!("locks[{place}]"), lock)?;
        }
        let unique = self.unique.map(Unique::check).transpose();
        let unique = unique.map_err(|invalid| invalid.within("unique"))?;
        let most = limits::DEPENDENCIES_MAX;
        InvalidField::check_length("depends_on", self.depends_on.len(), most, "tasks")?;
        Ok(CheckedTask {
            payload: payload(self.payload, self.payload_base64)?,
            priority,
            due,
            max_attempts: self.max_attempts,
            lease_ms: self.lease_ms,
            ttl_ms: self.ttl_ms,
            retry,
            task_type: self.task_type,
            labels: self.labels,
            key: self.key,
            locks: self.locks,
            unique,
            depends_on: self.depends_on,
            on_dependency_failure: self.on_dependency_failure,
            resources: self.resources,
            selector: self.selector,
        })
    }
}

/// Refuses an empty or too long key, or name of a lock.
pub(crate) fn check_key(field: &str, key: &str) -> Result<(), InvalidField> {
    if key.is_empty() {
        return Err(InvalidField::new(field, "must not be empty"));
    }
    InvalidField::check_length(field, key.len(), limits::KEY_BYTES_MAX, "bytes")
}

/// Refuses an empty or too long word for a kind of tasks.
pub(crate) fn check_type(word: &str) -> Result<(), InvalidField> {
    if word.is_empty() {
        return Err(InvalidField::new("type", "must not be empty"));
    }
    InvalidField::check_length("type", word.len(), limits::LABEL_VALUE_BYTES_MAX, "bytes")
}

fn due(
    run_at: Option<Timestamp>,
    delay_ms: Option<u64>,
    now: Timestamp,
) -> Result<Due, InvalidField> {
    match (run_at, delay_ms) {
        (Some(_), Some(_)) => {
            Err(InvalidField::new("run_at", "cannot be combined with delay_ms; give one of them"))
        }
        (Some(at), None) if at.saturating_since(now) > limits::DELAY_MAX => {
            let latest = now + limits::DELAY_MAX;
            let detail = format!("must be at most ten years ahead ({latest}), not {at}");
            Err(InvalidField::new("run_at", detail))
        }
        (Some(at), None) => Ok(Due::At(at)),
        (None, delay) => {
            let delay = delay.unwrap_or(0);
            InvalidField::check_millis("delay_ms", delay, 0, limits::DELAY_MAX)?;
            Ok(Due::After(Duration::from_millis(delay)))
        }
    }
}

fn payload(json: Option<Box<RawValue>>, base64: Option<String>) -> Result<Payload, InvalidField> {
    let most = limits::PAYLOAD_BYTES_MAX;
    match (json, base64) {
        (None, None) => Err(InvalidField::new("payload", "is missing; give it or payload_base64")),
        (Some(_), Some(_)) => Err(InvalidField::new(
            "payload",
            "cannot be combined with payload_base64; give one of them",
        )),
        (Some(json), None) => {
            InvalidField::check_length("payload", json.get().len(), most, "bytes")?;
            Ok(Payload::Json(json))
        }
        (None, Some(text)) => {
            let bytes = BASE64_STANDARD.decode(text).map_err(|error| {
                InvalidField::new("payload_base64", format!("must be base64 with padding: {error}"))
            })?;
            InvalidField::check_length("payload_base64", bytes.len(), most, "bytes")?;
            Ok(Payload::Bytes(bytes))
        }
    }
}

#[cfg(test)]
#[path = "new_task_tests.rs"]
mod tests;
