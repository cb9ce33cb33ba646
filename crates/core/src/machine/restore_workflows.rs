//! Workflows and what their tasks wait for, read back from the disk.

use ferry_types::TaskId;

use super::Machine;
use super::task::Task;
use crate::row::{WaitRow, WorkflowRow};

impl Machine {
    /// A workflow, before any task.
    pub(crate) fn restore_workflow(&mut self, row: WorkflowRow) -> Result<(), String> {
        if self.tasks.workflows.put(row) {
            return Ok(());
        }
        Err(format!("the workflow of task {} is there twice", row.first_task))
    }
}

/// Has tasks, which come in order, wait for what they do.
pub(crate) fn restore_waits(
    tasks: &mut [(TaskId, Task)],
    waits: Vec<WaitRow>,
) -> Result<(), String> {
    for WaitRow { task, dependency } in waits {
        let place = tasks.binary_search_by_key(&task, |(id, _)| id.get());
        let waiting = place.ok().map(|place| &mut tasks[place].1);
        if !waiting.is_some_and(|waiting| waiting.waits_for_more(TaskId::new(dependency))) {
            return Err(format!("task {task} cannot wait for task {dependency}"));
        }
    }
    Ok(())
}
