//! Samples of workflows.

use ferry_core::command::{CancelWorkflow, NewTask, SubmitWorkflow, Sweep, WorkflowTask};
use ferry_core::rejection::{DependencyCycle, StateCounts, WorkflowNotFound};
use ferry_core::reply::{WorkflowCancelled, WorkflowSubmitted, WorkflowView};
use ferry_core::row::{TaskRow, WaitRow, WorkflowRow};
use ferry_core::{Command, Rejection, Reply, StateName};

const SWEEP: Sweep = Sweep { after: 401, before: 402, done: 403 };

const COUNTS: StateCounts = StateCounts {
    scheduled: 404,
    ready: 405,
    leased: 406,
    retrying: 407,
    succeeded: 408,
    dead: 409,
    cancelled: 410,
    expired: 411,
    blocked: 412,
};

pub(crate) fn commands() -> [(&'static str, Command); 2] {
    let task = NewTask { depends_on: vec![413], ..NewTask::default() };
    let (task_ref, queue) = ("a".into(), "q".into());
    let tasks = vec![WorkflowTask { task_ref, queue, task, after: vec![414, 415] }];
    let submit = SubmitWorkflow { tasks, create_queues: true };
    let cancel = CancelWorkflow { workflow: 416, from: Some(SWEEP) };
    [
        ("command-submit-workflow", Command::SubmitWorkflow(submit)),
        ("command-cancel-workflow", Command::CancelWorkflow(cancel)),
    ]
}

pub(crate) fn replies() -> [(&'static str, Reply); 2] {
    let workflow = WorkflowView {
        first_task: 417,
        tasks: 418,
        submitted_at_ms: 419,
        cancelled: true,
        counts: COUNTS,
        removed: 420,
    };
    let cancelled = WorkflowCancelled { workflow, next: Some(SWEEP) };
    let submitted = WorkflowSubmitted { first_task: 421, tasks: 422 };
    [
        ("reply-workflow-submitted", Reply::WorkflowSubmitted(submitted)),
        ("reply-workflow-cancelled", Reply::WorkflowCancelled(Box::new(cancelled))),
    ]
}

pub(crate) fn refusals() -> [(&'static str, Rejection); 2] {
    let path = vec!["a".into(), "b".into(), "a".into()];
    let not_found = WorkflowNotFound { workflow: 423 };
    [
        ("rejection-workflow-not-found", Rejection::WorkflowNotFound(not_found)),
        (
            "rejection-dependency-cycle",
            Rejection::DependencyCycle(DependencyCycle { path, tasks: 424 }),
        ),
    ]
}

/// Rows, and more fields of rows.
pub(crate) struct WorkflowRows {
    pub(crate) task: TaskRow,
    pub(crate) workflow: WorkflowRow,
    pub(crate) wait: WaitRow,
}

pub(crate) fn rows() -> WorkflowRows {
    WorkflowRows {
        task: TaskRow {
            id: 425,
            state: StateName::Blocked.into(),
            depends_on: vec![426],
            workflow: Some(427),
            task_ref: "a".into(),
            ..TaskRow::default()
        },
        workflow: WorkflowRow {
            first_task: 428,
            tasks: 429,
            submitted_at_ms: 430,
            cancelled: true,
            gone: COUNTS,
            removed: 431,
        },
        wait: WaitRow { task: 432, dependency: 433 },
    }
}
