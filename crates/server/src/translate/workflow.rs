//! Workflows on their way out.

use ferry_core::WorkflowTaskView;
use ferry_core::reply::WorkflowView;
use ferry_types::WorkflowId;

use super::*;

/// How a workflow stands.
pub(crate) fn workflow_status(view: &WorkflowView) -> api::WorkflowStatus {
    let WorkflowView { first_task, tasks, submitted_at_ms, cancelled, counts, removed } = *view;
    let total = u64::from(tasks);
    let state = match (counts.unfinished(), counts.succeeded == total, cancelled) {
        (0, true, _) => api::WorkflowState::Succeeded,
        (0, false, true) => api::WorkflowState::Cancelled,
        (0, false, false) => api::WorkflowState::Failed,
        _ => api::WorkflowState::Running,
    };
    api::WorkflowStatus {
        id: WorkflowId::new(TaskId::new(first_task)),
        state,
        submitted_at: Timestamp::from_millis(submitted_at_ms),
        progress: api::WorkflowProgress {
            total,
            finished: counts.finished() + removed,
            removed,
            counts: self::counts(&counts),
        },
    }
}

/// A task in the graph of its workflow; `None` if its ref is none, which the border lets no task
/// have.
pub(crate) fn graph_task(view: WorkflowTaskView) -> Option<api::GraphTask> {
    let WorkflowTaskView { task: TaskView { queue, row }, depends_on } = view;
    Some(api::GraphTask {
        task_ref: row.task_ref.parse().ok()?,
        id: TaskId::new(row.id),
        queue,
        state: state_of(row.state),
        attempt: row.attempt,
        depends_on,
    })
}
