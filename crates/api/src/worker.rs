use std::collections::{BTreeMap, BTreeSet};

use ferry_types::{LeaseId, QueueName, TaskId, WorkerName, limits};
use serde::{Deserialize, Serialize};

use crate::invalid_field::millis;
use crate::{InvalidField, labels, null, resources};

/// What a worker says about itself: the body of `PUT /v1/workers/{worker}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WorkerSettings {
    /// The queues that tasks may be assigned to it from, up to 100. It may ask for others' by name.
    #[serde(deserialize_with = "null::or_default")]
    pub queues: Vec<QueueName>,
    /// How many tasks it may have at a time. 1 to 1,000; 1.
    #[serde(deserialize_with = "null::or_worker_slots")]
    pub slots: u32,
    /// What it has of each resource: up to 16 kinds, with names of 1 to 128 bytes.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "null::or_resources")]
    pub resources: BTreeMap<String, u64>,
    /// What tasks may select it by: up to 64, keys of 1 to 128 bytes, values of up to 256.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "null::or_labels")]
    pub labels: BTreeMap<String, String>,
    /// How long its session lasts without a sign of life, in milliseconds. 1,000 to 600,000;
    /// 10,000.
    #[serde(deserialize_with = "null::or_session")]
    pub session_ms: u64,
}

impl WorkerSettings {
    /// Refuses what is out of range.
    ///
    /// # Errors
    /// The first such field.
    pub fn check(&self) -> Result<(), InvalidField> {
        let most = limits::WORKER_QUEUES_MAX;
        InvalidField::check_length("queues", self.queues.len(), most, "queues")?;
        let mut named = BTreeSet::new();
        if let Some(place) = self.queues.iter().position(|queue| !named.insert(queue)) {
            let detail = format!("names {} once more; name each queue once", self.queues[place]);
            return Err(InvalidField::new(format!("queues[{place}]"), detail));
        }
        InvalidField::check_range("slots", self.slots, 1..=limits::WORKER_SLOTS_MAX)?;
        resources::check(&self.resources)?;
        labels::check("labels", &self.labels)?;
        let (least, most) = (millis(limits::SESSION_MIN), limits::SESSION_MAX);
        InvalidField::check_millis("session_ms", self.session_ms, least, most)
    }
}

impl Default for WorkerSettings {
    fn default() -> Self {
        Self {
            queues: Vec::new(),
            slots: 1,
            resources: BTreeMap::new(),
            labels: BTreeMap::new(),
            session_ms: millis(limits::SESSION_DEFAULT),
        }
    }
}

/// A registered worker as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerDocument {
    /// Its name.
    pub worker: WorkerName,
    /// The number of its session: a later session of any worker has a larger one.
    pub session: u64,
    /// The queues that tasks may be assigned to it from.
    pub queues: Vec<QueueName>,
    /// How many tasks it may have at a time.
    pub slots: u32,
    /// What it has of each resource.
    #[serde(default)]
    pub resources: BTreeMap<String, u64>,
    /// What tasks may select it by.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// How long its session lasts without a sign of life, in milliseconds.
    pub session_ms: u64,
    /// Whether it gets nothing new.
    pub draining: bool,
    /// What its leases use of it.
    pub load: WorkerLoad,
    /// Its leases; left out in a list of workers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leases: Option<Vec<WorkerLease>>,
}

/// What a worker's leases use of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerLoad {
    /// Slots: one for each lease.
    pub slots: u64,
    /// Of each resource that is used at all.
    #[serde(default)]
    pub resources: BTreeMap<String, u64>,
}

/// A lease that a worker has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerLease {
    /// Its id.
    pub lease: LeaseId,
    /// Its task.
    pub task: TaskId,
    /// The task's queue.
    pub queue: QueueName,
}

/// A page of workers, by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerList {
    /// The workers.
    pub workers: Vec<WorkerDocument>,
    /// Where the next page begins; left out on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}

/// A worker's sign of life was noted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// The worker.
    pub worker: WorkerName,
    /// The number of its session.
    pub session: u64,
    /// How long the session lasts from now on without a further one, in milliseconds.
    pub session_ms: u64,
    /// Whether it gets nothing new.
    pub draining: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(json: &str) -> WorkerSettings {
        serde_json::from_str(json).expect("well-formed")
    }

    #[test]
    fn what_is_left_out_is_the_default() {
        assert_eq!(settings("{}"), WorkerSettings::default());
        assert_eq!(settings("{}").check(), Ok(()));
    }

    #[test]
    fn what_is_out_of_range_is_named_with_its_limit() {
        let kinds: Vec<String> = (0..17).map(|kind| format!("\"k{kind}\":1")).collect();
        let kinds = format!(r#"{{"resources":{{{}}}}}"#, kinds.join(","));
        for (json, expected) in [
            (r#"{"queues":["a","b","a"]}"#, "queues[2] names a once more; name each queue once"),
            (r#"{"slots":0}"#, "slots must be 1 to 1000, not 0"),
            (r#"{"slots":1001}"#, "slots must be 1 to 1000, not 1001"),
            (r#"{"session_ms":999}"#, "session_ms must be 1000 to 600000, not 999"),
            (r#"{"session_ms":600001}"#, "session_ms must be 1000 to 600000, not 600001"),
            (r#"{"resources":{"":1}}"#, "resources must not have an empty name"),
            (
                r#"{"resources":{"cpu":1000000000000001}}"#,
                "resources.cpu must be 0 to 1000000000000000, not 1000000000000001",
            ),
            (&kinds, "resources must be at most 16 kinds, not 17"),
            (r#"{"labels":{"":"x"}}"#, "labels must not have an empty key"),
        ] {
            let refusal = settings(json).check().expect_err("out of range");
            assert_eq!(refusal.to_string(), expected);
        }
        for json in [
            r#"{"resources":{"cpu":-1}}"#,
            r#"{"resources":{"cpu":1.5}}"#,
            r#"{"resources":{"cpu":1,"cpu":2}}"#,
            r#"{"labels":{"a":"b","a":"c"}}"#,
            r#"{"queues":["../etc"]}"#,
            r#"{"slot":1}"#,
        ] {
            assert!(serde_json::from_str::<WorkerSettings>(json).is_err(), "{json}");
        }
    }
}
