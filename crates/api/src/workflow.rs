use std::collections::BTreeMap;

use ferry_types::{QueueName, TaskId, TaskRef, Timestamp, WorkflowId, limits};
use serde::{Deserialize, Serialize};

use crate::{CheckedTask, InvalidField, StateCounts, TaskState, WorkflowTask, rfc3339};

/// The body of `POST /v1/workflows`: tasks that come after one another, all or none.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkflowRequest {
    /// 1 to 20,000 tasks, which get rising ids in this order, and up to 100,000 dependencies in all.
    pub tasks: Vec<WorkflowTask>,
}

/// A task of a workflow that has passed the border.
#[derive(Clone, Debug)]
pub struct CheckedWorkflowTask {
    /// Its name in the workflow.
    pub task_ref: TaskRef,
    /// Its queue.
    pub queue: QueueName,
    /// The task, with the tasks that it depends on and that are not of the workflow.
    pub task: CheckedTask,
    /// The places of the tasks of the workflow that it depends on.
    pub after: Vec<u32>,
}

/// The answer to a submission: the ids of the tasks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubmittedWorkflow {
    /// The workflow's id.
    pub id: WorkflowId,
    /// The tasks, in the order of the request.
    pub tasks: Vec<SubmittedTask>,
}

/// A task of a workflow that was submitted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubmittedTask {
    /// Its name in the workflow.
    #[serde(rename = "ref")]
    pub task_ref: TaskRef,
    /// Its id.
    pub id: TaskId,
}

/// How a workflow stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkflowStatus {
    /// Its id.
    pub id: WorkflowId,
    /// What has become of it.
    pub state: WorkflowState,
    /// When it was submitted.
    #[serde(with = "rfc3339")]
    pub submitted_at: Timestamp,
    /// How far it has come.
    pub progress: WorkflowProgress,
}

/// How far a workflow has come. Tasks that are no longer kept count as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkflowProgress {
    /// How many tasks it has.
    pub total: u64,
    /// How many of them have ended, however they did, or were removed.
    pub finished: u64,
    /// How many were purged, or deleted with their queue, before they had ended.
    pub removed: u64,
    /// How many of the others are in which state.
    pub counts: StateCounts,
}

/// What has become of a workflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkflowState {
    /// Some of its tasks have not ended.
    Running,
    /// All of its tasks have succeeded.
    Succeeded,
    /// All of its tasks have ended, and not all have succeeded.
    Failed,
    /// Likewise, after what was left of it was called off.
    Cancelled,
}

/// A workflow as it stands, with a page of its graph.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkflowDocument {
    /// How it stands.
    #[serde(flatten)]
    pub status: WorkflowStatus,
    /// Its tasks, and what each comes after.
    pub graph: WorkflowGraph,
    /// Where the next page of the graph begins; left out on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}

/// Tasks of a workflow that are kept, and what each comes after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkflowGraph {
    /// The tasks, in the order of the submission.
    pub tasks: Vec<GraphTask>,
}

/// A task in the graph of its workflow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GraphTask {
    /// Its name in the workflow.
    #[serde(rename = "ref")]
    pub task_ref: TaskRef,
    /// Its id.
    pub id: TaskId,
    /// Its queue.
    pub queue: QueueName,
    /// Where it is in its life.
    pub state: TaskState,
    /// Leases that count, so far.
    pub attempt: u32,
    /// What it comes after: refs, and ids of tasks that are not of the workflow or no longer kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<String>,
}

impl WorkflowState {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Running, Self::Succeeded, Self::Failed, Self::Cancelled];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

impl WorkflowRequest {
    /// The tasks, if there are 1 to 20,000, each is in range and what each depends on can be told;
    /// `now` bounds `run_at`.
    ///
    /// # Errors
    /// The first field that is not, with the task's place.
    pub fn check(self, now: Timestamp) -> Result<Vec<CheckedWorkflowTask>, InvalidField> {
        InvalidField::check_range("tasks", self.tasks.len(), 1..=limits::WORKFLOW_TASKS_MAX)?;
        let dependencies = self.tasks.iter().map(|task| task.depends_on.len()).sum();
        let most = limits::WORKFLOW_DEPENDENCIES_MAX;
        InvalidField::check_length("tasks", dependencies, most, "dependencies in all")?;
        let places = self.places()?;
        self.require_unique()?;
        let check = |(place, task): (usize, WorkflowTask)| {
            let within = |invalid: InvalidField| invalid.within(format_args!("tasks[{place}]"));
            let most = limits::WORKFLOW_TASKS_MAX;
            InvalidField::check_length("depends_on", task.depends_on.len(), most, "tasks")
                .map_err(within)?;
            let (ids, after) = resolve(&task.depends_on, &places).map_err(within)?;
            let checked = task.task.check(now).map_err(within)?;
            let checked = CheckedTask { depends_on: ids, ..checked };
            let (task_ref, queue) = (task.task_ref, task.queue);
            Ok(CheckedWorkflowTask { task_ref, queue, task: checked, after })
        };
        self.tasks.into_iter().enumerate().map(check).collect()
    }

    /// Refuses unique keys that two of the tasks would have in one queue.
    fn require_unique(&self) -> Result<(), InvalidField> {
        let mut keys = BTreeMap::new();
        for (place, task) in self.tasks.iter().enumerate() {
            let Some(unique) = &task.task.unique else { continue };
            if let Some(other) = keys.insert((&task.queue, &unique.key), place) {
                let detail = format!("is that of tasks[{other}] as well, in the same queue");
                return Err(InvalidField::new(format!("tasks[{place}].unique.key"), detail));
            }
        }
        Ok(())
    }

    /// The places of the tasks by their refs.
    fn places(&self) -> Result<BTreeMap<TaskRef, u32>, InvalidField> {
        let mut places = BTreeMap::new();
        for (place, task) in (0..).zip(&self.tasks) {
            if let Some(other) = places.insert(task.task_ref.clone(), place) {
                let detail =
                    format!("must be its own, and {} is that of tasks[{other}]", task.task_ref);
                return Err(InvalidField::new(format!("tasks[{place}].ref"), detail));
            }
        }
        Ok(places)
    }
}

/// The tasks and the places in the workflow that are meant. A ref goes before an id.
fn resolve(
    depends_on: &[String],
    places: &BTreeMap<TaskRef, u32>,
) -> Result<(Vec<TaskId>, Vec<u32>), InvalidField> {
    let (mut ids, mut after) = (Vec::new(), Vec::new());
    for (index, name) in depends_on.iter().enumerate() {
        let place = name.parse::<TaskRef>().ok().and_then(|name| places.get(&name));
        match (place, name.parse::<TaskId>()) {
            (Some(place), _) => after.push(*place),
            (None, Ok(id)) => ids.push(id),
            (None, Err(_)) => {
                let detail =
                    "must be the ref of a task of the workflow, or a task id; it is neither";
                return Err(InvalidField::new(format!("depends_on[{index}]"), detail));
            }
        }
    }
    Ok((ids, after))
}

#[cfg(test)]
#[path = "workflow_tests.rs"]
mod tests;
