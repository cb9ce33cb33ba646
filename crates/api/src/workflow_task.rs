use std::fmt;

use ferry_types::{QueueName, TaskRef};
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, Error, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::NewTask;

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

/// Takes what a plain task does not have out on the way, so that the body is read once and a payload
/// stays text.
struct TaskInWorkflow;

impl<'de> Visitor<'de> for TaskInWorkflow {
    type Value = WorkflowTask;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a task with its `ref` and its `queue`")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<WorkflowTask, A::Error> {
        let mut aside = Aside::default();
        let rest = Rest { aside: &mut aside, map };
        let task = NewTask::deserialize(MapAccessDeserializer::new(rest))?;
        Ok(WorkflowTask {
            task_ref: aside.task_ref.ok_or_else(|| A::Error::missing_field("ref"))?,
            queue: aside.queue.ok_or_else(|| A::Error::missing_field("queue"))?,
            task,
            depends_on: aside.depends_on.unwrap_or_default(),
        })
    }
}

/// What is put aside.
#[derive(Default)]
struct Aside {
    task_ref: Option<TaskRef>,
    queue: Option<QueueName>,
    depends_on: Option<Vec<String>>,
}

/// The fields of an object but those that are put aside.
struct Rest<'a, A> {
    aside: &'a mut Aside,
    map: A,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Rest<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        while let Some(key) = self.map.next_key::<String>()? {
            match key.as_str() {
                "ref" => take("ref", &mut self.aside.task_ref, &mut self.map)?,
                "queue" => take("queue", &mut self.aside.queue, &mut self.map)?,
                "depends_on" => take("depends_on", &mut self.aside.depends_on, &mut self.map)?,
                _ => return seed.deserialize(key.into_deserializer()).map(Some),
            }
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(seed)
    }
}

/// Reads the value of a field, which may stand once.
fn take<'de, T: Deserialize<'de>, A: MapAccess<'de>>(
    name: &'static str,
    field: &mut Option<T>,
    map: &mut A,
) -> Result<(), A::Error> {
    match field.replace(map.next_value()?) {
        Some(_) => Err(A::Error::duplicate_field(name)),
        None => Ok(()),
    }
}
