//! Tasks of workflows. What one waits for may be much, so it is in rows of its own, and only the
//! last that it waits for changes the task itself.

use std::collections::BTreeSet;

use ferry_types::TaskId;

use super::applying::Applying;
use super::task::{Task, TaskState, Wishes};

/// A task's place in a workflow.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Member {
    /// The first task of the workflow.
    pub(crate) workflow: TaskId,
    /// Its name there.
    pub(crate) task_ref: Box<str>,
}

impl Task {
    /// The first task of its workflow, if it is of one.
    pub(crate) fn workflow(&self) -> Option<TaskId> {
        self.member().map(|member| member.workflow)
    }

    /// Its place in a workflow.
    pub(crate) fn member(&self) -> Option<&Member> {
        self.ties()?.member.as_ref()
    }

    /// Makes it a task of a workflow.
    pub(crate) fn join(&mut self, member: Member) {
        let wishes = self.story_mut().wishes.get_or_insert_with(|| Box::new(Wishes::default()));
        wishes.ties.get_or_insert_default().member = Some(member);
    }

    /// What it waits for, if that is in rows of its own.
    pub(crate) fn own_waits(&self) -> Option<&BTreeSet<TaskId>> {
        let ties = self.ties().filter(|ties| ties.member.is_some())?;
        Some(&ties.waits_for).filter(|_| matches!(self.state(), TaskState::Blocked))
    }

    /// Has a task of a workflow wait for one task less, of several.
    pub(crate) fn waits_for_less(&mut self, dependency: TaskId) {
        let wishes = self.story_mut().wishes.as_mut();
        if let Some(ties) = wishes.and_then(|wishes| wishes.ties.as_mut()) {
            ties.waits_for.remove(&dependency);
        }
    }

    /// Has a blocked task of a workflow wait for one task more; tells whether it is one, and did not
    /// wait for that.
    pub(crate) fn waits_for_more(&mut self, dependency: TaskId) -> bool {
        let may_wait = self.own_waits().is_some();
        let wishes = may_wait.then(|| self.story_mut().wishes.as_mut()).flatten();
        let ties = wishes.and_then(|wishes| wishes.ties.as_mut());
        ties.is_some_and(|ties| ties.waits_for.insert(dependency))
    }

    /// Has a task of a workflow that is not blocked any more wait for nothing, and gives what it
    /// waited for.
    pub(crate) fn drop_own_waits(&mut self) -> BTreeSet<TaskId> {
        let is_over = self.ties().is_some_and(|ties| ties.member.is_some())
            && !matches!(self.state(), TaskState::Blocked);
        let wishes = is_over.then(|| self.story_mut().wishes.as_mut()).flatten();
        let ties = wishes.and_then(|wishes| wishes.ties.as_mut());
        ties.map(|ties| std::mem::take(&mut ties.waits_for)).unwrap_or_default()
    }
}

impl Applying<'_> {
    /// Writes down a workflow's loss of a task that has just gone, and with the last one removes it.
    pub(crate) fn leave_workflow(&mut self, id: TaskId, task: &Task) {
        let Some(first) = task.workflow() else { return };
        self.remember_workflow(first);
        let waits = task.own_waits().into_iter().flatten();
        self.dirty.waits.extend(waits.map(|dependency| (id, *dependency)));
        self.machine.tasks.workflows.keep_end(first, task);
        if self.machine.tasks.workflows.is_empty(first) {
            self.machine.tasks.workflows.remove(first);
        }
        self.dirty.workflows.insert(first);
    }
}
