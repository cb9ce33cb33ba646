//! Random workflows.

use bytes::Bytes;
use ferry_core::Command;
use ferry_core::command::{CancelWorkflow, NewTask, SubmitWorkflow, WorkflowTask};
use proptest::collection::vec;
use proptest::prelude::*;

use super::{halves, order, queue, ties};

/// A submission, most often without a cycle, or a cancel.
pub(super) fn of_workflow() -> impl Strategy<Value = Command> {
    let after = prop_oneof![1 => Just(Vec::new()), 2 => vec(0..5_u32, 1..3)];
    let task = (queue(), ties(), after, order::key(), 0..20_usize, halves(0..3), 0..10_u32);
    let task = task.prop_map(|(queue, ties, after, key, bytes, delay_ms, priority)| {
        let (unique, depends_on, run_on_dependency_failure) = ties;
        let task = NewTask {
            payload: Bytes::from(vec![b'x'; bytes]),
            unique,
            depends_on,
            run_on_dependency_failure,
            key,
            delay_ms,
            priority,
            ..NewTask::default()
        };
        WorkflowTask { task_ref: String::new(), queue, task, after }
    });
    let tasks = (vec(task, 1..5), prop::bool::weighted(0.9), any::<bool>());
    let submit = tasks.prop_map(|(mut tasks, is_acyclic, create_queues)| {
        for (place, task) in (0..).zip(&mut tasks) {
            task.task_ref = format!("r{place}");
            if is_acyclic {
                task.after.retain(|after| *after < place);
            }
        }
        Command::SubmitWorkflow(SubmitWorkflow { tasks, create_queues })
    });
    let cancel = (0..8_u64)
        .prop_map(|workflow| Command::CancelWorkflow(CancelWorkflow { workflow, from: None }));
    prop_oneof![4 => submit, 2 => cancel]
}

/// A command in which tasks and workflows are said by place: so many tasks before the last of
/// `tasks`.
pub(super) fn placed(command: &Command, tasks: u64) -> Command {
    let mut command = command.clone();
    if let Command::SubmitWorkflow(submit) = &mut command {
        for id in submit.tasks.iter_mut().flat_map(|task| &mut task.task.depends_on) {
            *id = tasks.saturating_sub(*id);
        }
    }
    if let Command::CancelWorkflow(cancel) = &mut command {
        cancel.workflow = tasks.saturating_sub(cancel.workflow);
    }
    command
}
