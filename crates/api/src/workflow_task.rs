use std::fmt;

use ferry_types::{QueueName, TaskRef};
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::NewTask;
use crate::task_reader::{self, Aside};

/// A task of a workflow: the fields of a new task, its `queue`, and its `ref`, which others of the
/// workflow may depend on.
#[derive(Clone, Debug, Serialize)]
pub struct WorkflowTask {
    /// Its name in the workflow, which no other of its tasks has.
    #[serde(rename = "ref")]
    pub task_ref: TaskRef,
    /// Its queue.
    pub queue: QueueName,
    /// All else; what it depends on is said below.
    #[serde(flatten)]
    pub task: NewTask,
    /// What must have ended well before it runs: refs of the workflow, and ids of tasks that exist.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<String>,
}

impl<'de> Deserialize<'de> for WorkflowTask {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(TaskInWorkflow)
    }
}

struct TaskInWorkflow;

impl<'de> Visitor<'de> for TaskInWorkflow {
    type Value = WorkflowTask;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a task with its `ref` and its `queue`")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<WorkflowTask, A::Error> {
        let mut place = Place::default();
        let task = task_reader::read(&mut place, map)?;
        Ok(WorkflowTask {
            task_ref: place.task_ref.ok_or_else(|| A::Error::missing_field("ref"))?,
            queue: place.queue.ok_or_else(|| A::Error::missing_field("queue"))?,
            task,
            depends_on: place.depends_on.flatten().unwrap_or_default(),
        })
    }
}

/// Where a task stands in its workflow.
#[derive(Default)]
struct Place {
    task_ref: Option<TaskRef>,
    queue: Option<QueueName>,
    /// It may be given as null.
    depends_on: Option<Option<Vec<String>>>,
}

impl<'de> Aside<'de> for Place {
    const NAMES: &'static [&'static str] = &["ref", "queue", "depends_on"];

    fn put<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "ref" => task_reader::once("ref", &mut self.task_ref, map),
            "queue" => task_reader::once("queue", &mut self.queue, map),
            _ => task_reader::once("depends_on", &mut self.depends_on, map),
        }
    }
}
