use std::collections::BTreeSet;

use ferry_types::TaskId;
use ferry_types::limits::SWEPT_TASKS_PER_ENTRY_MAX;

use super::applying::Applying;
use super::queue::count_of;
use super::task::Task;
use crate::Rejection;
use crate::command::{Cancel, CancelWorkflow, Sweep};
use crate::rejection::WorkflowNotFound;
use crate::reply::WorkflowCancelled;
use crate::row::WorkflowRow;

impl Applying<'_> {
    /// Calls off tasks of a workflow that have not ended. Does a bounded part of it (I11), in tasks
    /// and in what these wait for, and says where to go on. From the first part on, none of them is
    /// let go by what it waits for.
    pub(crate) fn cancel_workflow(
        &mut self,
        command: CancelWorkflow,
    ) -> Result<WorkflowCancelled, Rejection> {
        let first = TaskId::new(command.workflow);
        let not_found = WorkflowNotFound { workflow: command.workflow };
        let not_found = || Rejection::WorkflowNotFound(not_found);
        let row = *self.machine.tasks.workflows.row(first).ok_or_else(not_found)?;
        let before = row.first_task + u64::from(row.tasks);
        let begin = Sweep { after: row.first_task - 1, before, done: 0 };
        let mut sweep = command.from.unwrap_or(begin);
        let mut left = self.unfinished_members(first, sweep.after);
        let next = left.split_off(self.length_of_part(&left));
        if !row.cancelled && !left.is_empty() {
            self.machine.tasks.workflows.put(WorkflowRow { cancelled: true, ..row });
            self.dirty.workflows.insert(first);
        }
        // Told from here on by what is done, because it goes with the last of its tasks.
        let mut workflow = self.machine.tasks.workflows.view(first).ok_or_else(not_found)?;
        for id in left {
            let task = self.named_task(id)?;
            *count_of(&mut workflow.counts, task.state()) -= 1;
            workflow.counts.cancelled += 1;
            self.cancel(Cancel { task: id.get() })?;
            (sweep.after, sweep.done) = (id.get(), sweep.done + 1);
        }
        Ok(WorkflowCancelled { workflow, next: (!next.is_empty()).then_some(sweep) })
    }

    /// How many of these tasks one part calls off.
    fn length_of_part(&self, left: &[TaskId]) -> usize {
        let own_waits = |id: &TaskId| self.machine.tasks.get(*id).and_then(Task::own_waits);
        let mut waits = 0;
        let is_of_it = |id: &&TaskId| {
            let is_enough = waits >= SWEPT_TASKS_PER_ENTRY_MAX;
            waits += own_waits(id).map_or(0, BTreeSet::len);
            !is_enough
        };
        left.iter().take(SWEPT_TASKS_PER_ENTRY_MAX).take_while(is_of_it).count()
    }

    /// The tasks of a workflow behind `after` that have not ended: one more than a part calls off.
    fn unfinished_members(&self, first: TaskId, after: u64) -> Vec<TaskId> {
        let is_left = |task: &Task| task.workflow() == Some(first) && task.is_unfinished();
        let members = self.machine.workflow_members(first, TaskId::new(after));
        let left = members.filter(|(_, task)| is_left(task)).map(|(id, _)| id);
        left.take(SWEPT_TASKS_PER_ENTRY_MAX + 1).collect()
    }
}
