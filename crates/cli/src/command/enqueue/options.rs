use std::collections::BTreeMap;

use clap::Args;
use ferry_api::{NewTask, OnDependencyFailure, Unique, UniqueUntil};
use ferry_types::{TaskId, Timestamp};

use crate::{labels, payload, resources};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// 0 is the lowest, 9 the highest [default: 4]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=9))]
    priority: Option<u8>,
    /// Not before this long from now, in milliseconds
    #[arg(long, value_name = "MS", conflicts_with = "run_at")]
    delay_ms: Option<u64>,
    /// Not before this time, for example 2026-01-31T12:00:00Z
    #[arg(long, value_name = "TIME", value_parser = moment)]
    run_at: Option<Timestamp>,
    /// What kind of task it is
    #[arg(long = "type", value_name = "TYPE")]
    task_type: Option<String>,
    /// A label; may be repeated
    #[arg(long = "label", value_name = "KEY=VALUE", value_parser = labels::parse)]
    labels: Vec<(String, String)>,
    /// What it takes of its worker; may be repeated
    #[arg(long = "resource", value_name = "NAME=AMOUNT", value_parser = resources::parse)]
    resources: Vec<(String, u64)>,
    /// A label that its worker must have; may be repeated
    #[arg(long = "select", value_name = "KEY=VALUE", value_parser = labels::parse)]
    selector: Vec<(String, String)>,
    /// Attempts before the task is dead; 0 is no limit [default: the queue's]
    #[arg(long, value_name = "N")]
    max_attempts: Option<u32>,
    /// How long a lease on it lasts, in milliseconds [default: the queue's]
    #[arg(long, value_name = "MS")]
    lease_ms: Option<u64>,
    /// How long it may take to be done, from when it is due, in milliseconds [default: the queue's]
    #[arg(long, value_name = "MS")]
    ttl_ms: Option<u64>,
    /// Its ordering key: tasks of one key run one at a time and in order, or take turns with others
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// A lock that it needs to run: one task holds it at a time, over all queues; may be repeated
    #[arg(long = "lock", value_name = "NAME")]
    locks: Vec<String>,
    /// A key that one task of the queue has at a time; a second one is refused
    #[arg(long, value_name = "KEY")]
    unique: Option<String>,
    /// How long it has that key, in milliseconds [default: until it is done]
    #[arg(long, value_name = "MS", requires = "unique")]
    unique_ms: Option<u64>,
    /// A task that must have succeeded before it runs; may be repeated
    #[arg(long, value_name = "TASK")]
    depends_on: Vec<TaskId>,
    /// Run it even if one of those fails [default: it is cancelled]
    #[arg(long, requires = "depends_on")]
    run_on_dependency_failure: bool,
}

impl Options {
    /// Whether there can be one such task only.
    pub(super) fn is_unique(&self) -> bool {
        self.unique.is_some()
    }

    /// A task with this payload.
    pub(super) fn task(&self, payload: &[u8]) -> NewTask {
        NewTask {
            priority: self.priority,
            run_at: self.run_at,
            delay_ms: self.delay_ms,
            max_attempts: self.max_attempts,
            lease_ms: self.lease_ms,
            ttl_ms: self.ttl_ms,
            task_type: self.task_type.clone(),
            labels: self.labels.iter().cloned().collect::<BTreeMap<_, _>>(),
            resources: self.resources.iter().cloned().collect(),
            selector: self.selector.iter().cloned().collect(),
            key: self.key.clone(),
            locks: self.locks.clone(),
            unique: self.unique.clone().map(|key| {
                let until = self.unique_ms.map_or(UniqueUntil::Done, UniqueUntil::Millis);
                Unique { key, until }
            }),
            depends_on: self.depends_on.clone(),
            on_dependency_failure: match self.run_on_dependency_failure {
                true => OnDependencyFailure::Run,
                false => OnDependencyFailure::Cancel,
            },
            ..payload::task(payload)
        }
    }
}

fn moment(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse_rfc3339(text)
        .ok_or_else(|| "a time is RFC 3339, for example 2026-01-31T12:00:00Z".to_owned())
}
