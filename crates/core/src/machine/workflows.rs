//! Workflows: tasks that came together and wait for one another. How far one has come follows from
//! its tasks; what those that are gone came to is kept with it.

use std::collections::BTreeMap;

use ferry_types::TaskId;

use super::queue::count_of;
use super::task::Task;
use crate::rejection::StateCounts;
use crate::reply::WorkflowView;
use crate::row::WorkflowRow;

/// All workflows, by their first task.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Workflows {
    all: BTreeMap<TaskId, Workflow>,
}

/// A workflow with its counts.
#[derive(Debug, PartialEq)]
struct Workflow {
    row: WorkflowRow,
    /// Of its tasks that are there.
    counts: StateCounts,
}

impl Workflows {
    /// The row of a workflow.
    pub(crate) fn row(&self, first: TaskId) -> Option<&WorkflowRow> {
        self.all.get(&first).map(|workflow| &workflow.row)
    }

    /// A workflow as readers see it.
    pub(crate) fn view(&self, first: TaskId) -> Option<WorkflowView> {
        let Workflow { row, counts } = self.all.get(&first)?;
        let WorkflowRow { first_task, tasks, submitted_at_ms, cancelled, gone, removed } = *row;
        let counts = StateCounts {
            succeeded: counts.succeeded + gone.succeeded,
            dead: counts.dead + gone.dead,
            cancelled: counts.cancelled + gone.cancelled,
            expired: counts.expired + gone.expired,
            ..*counts
        };
        Some(WorkflowView { first_task, tasks, submitted_at_ms, cancelled, counts, removed })
    }

    /// Whether somebody called off what was left of a workflow.
    pub(crate) fn is_cancelled(&self, first: TaskId) -> bool {
        self.row(first).is_some_and(|row| row.cancelled)
    }

    /// Writes a workflow down, which has no tasks yet if it is new. Tells whether it is.
    pub(crate) fn put(&mut self, row: WorkflowRow) -> bool {
        let first = TaskId::new(row.first_task);
        if let Some(workflow) = self.all.get_mut(&first) {
            workflow.row = row;
            return false;
        }
        self.all.insert(first, Workflow { row, counts: StateCounts::default() });
        true
    }

    /// Forgets a workflow.
    pub(crate) fn remove(&mut self, first: TaskId) {
        self.all.remove(&first);
    }

    /// Whether none of a workflow's tasks is there.
    pub(crate) fn is_empty(&self, first: TaskId) -> bool {
        let counts = self.all.get(&first).map(|workflow| workflow.counts);
        counts.is_none_or(|counts| counts.unfinished() + counts.finished() == 0)
    }

    /// Keeps what a task came to that is about to go.
    pub(crate) fn keep_end(&mut self, first: TaskId, task: &Task) {
        let Some(workflow) = self.all.get_mut(&first) else { return };
        if task.is_unfinished() {
            workflow.row.removed += 1;
        } else {
            *count_of(&mut workflow.row.gone, task.state()) += 1;
        }
    }

    /// Counts a task in its present state, if it is of a workflow.
    pub(crate) fn mark(&mut self, task: &Task) {
        if let Some(workflow) = task.workflow().and_then(|first| self.all.get_mut(&first)) {
            *count_of(&mut workflow.counts, task.state()) += 1;
        }
    }

    /// Undoes [`mark`](Self::mark), for a task that is about to change.
    pub(crate) fn unmark(&mut self, task: &Task) {
        if let Some(workflow) = task.workflow().and_then(|first| self.all.get_mut(&first)) {
            *count_of(&mut workflow.counts, task.state()) -= 1;
        }
    }

    /// The same workflows before any task: for tests.
    pub(crate) fn without_tasks(&self) -> Self {
        let bare = |(first, workflow): (&TaskId, &Workflow)| {
            (*first, Workflow { row: workflow.row, counts: StateCounts::default() })
        };
        Self { all: self.all.iter().map(bare).collect() }
    }

    /// What is wrong with them, for tests and for what is read back.
    pub(crate) fn check(&self) -> Result<(), String> {
        for (first, Workflow { row, counts }) in &self.all {
            let gone = row.gone.finished() + row.removed;
            let there = counts.unfinished() + counts.finished();
            if there == 0 || there + gone != u64::from(row.tasks) {
                return Err(format!("the workflow of {first} has lost tasks: {row:?} {counts:?}"));
            }
        }
        Ok(())
    }
}
