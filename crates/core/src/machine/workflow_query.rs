//! What readers may ask of workflows.

use ferry_types::{TaskId, WorkflowId};

use super::Machine;
use super::task::Task;
use crate::reply::WorkflowView;
use crate::view::WorkflowTaskView;

impl Machine {
    /// A workflow.
    pub fn workflow(&self, id: WorkflowId) -> Option<WorkflowView> {
        self.tasks.workflows.view(id.first_task())
    }

    /// Tasks of a workflow that are there, in id order, after `after`, at most `limit`.
    pub fn workflow_tasks(
        &self,
        id: WorkflowId,
        after: Option<TaskId>,
        limit: usize,
    ) -> Vec<WorkflowTaskView> {
        let first = id.first_task();
        let before_all = TaskId::new(first.get().saturating_sub(1));
        let members = self.workflow_members(first, after.unwrap_or(before_all).max(before_all));
        let view = |(id, task): (TaskId, &Task)| {
            let depends_on = task.ties().into_iter().flat_map(|ties| &ties.depends_on);
            let depends_on = depends_on.map(|id| self.name_in(first, *id)).collect();
            Some(WorkflowTaskView { task: self.task_view(id, task)?, depends_on })
        };
        members.filter_map(view).take(limit).collect()
    }

    /// The tasks of a workflow after `after` that are there, and not only to be removed.
    pub(crate) fn workflow_members(
        &self,
        first: TaskId,
        after: TaskId,
    ) -> impl Iterator<Item = (TaskId, &Task)> {
        let tasks = self.tasks.workflows.row(first).map_or(0, |row| u64::from(row.tasks));
        let end = TaskId::new(first.get().saturating_add(tasks));
        let members = self.tasks.after(Some(after)).take_while(move |(id, _)| *id < end);
        members.filter(|(_, task)| self.queues.get(task.queue).is_some())
    }

    /// What a task is called in a workflow: its id, if it is not of it or gone.
    fn name_in(&self, first: TaskId, id: TaskId) -> String {
        let member = self.tasks.get(id).and_then(Task::member);
        let member = member.filter(|member| member.workflow == first);
        member.map_or_else(|| id.to_string(), |member| member.task_ref.to_string())
    }
}
