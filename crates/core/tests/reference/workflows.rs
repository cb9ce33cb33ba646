//! Tasks that came together.

use std::collections::BTreeMap;

use bytes::Bytes;
use ferry_core::command::{PutQueue, QueueSettings, SubmitWorkflow, WorkflowTask};
use ferry_core::rejection::{DependencyCycle, StateCounts, TaskNotFound, WorkflowNotFound};
use ferry_core::reply::{WorkflowCancelled, WorkflowSubmitted, WorkflowView};
use ferry_core::{EventName, Rejection, Reply, StateName};

use super::{Reference, Task, not_found};

/// A workflow, with what became of its tasks that are gone.
#[derive(Clone)]
pub(crate) struct Workflow {
    tasks: u32,
    submitted_at: u64,
    cancelled: bool,
    gone: Vec<StateName>,
}

impl Reference {
    pub(crate) fn submit(&mut self, submit: SubmitWorkflow) -> Result<Reply, Rejection> {
        if has_cycle(&submit.tasks) {
            return Err(Rejection::DependencyCycle(DependencyCycle::default()));
        }
        let before = self.clone();
        let result = self.submit_all(submit);
        if result.is_err() {
            *self = before;
        }
        result
    }

    fn submit_all(&mut self, submit: SubmitWorkflow) -> Result<Reply, Rejection> {
        let first_task = self.tasks_so_far + 1;
        let tasks = submit.tasks.len() as u32;
        let (cancelled, gone) = (false, Vec::new());
        let workflow = Workflow { tasks, submitted_at: self.now, cancelled, gone };
        self.workflows.insert(first_task, workflow);
        let mut hopeless = Vec::new();
        for WorkflowTask { task_ref, queue, task: mut new, after } in submit.tasks {
            let item = Some((self.tasks_so_far + 1 - first_task) as u32);
            let missing = |task| Rejection::TaskNotFound(TaskNotFound { task, item });
            if let Some(task) = new.depends_on.iter().copied().find(|id| *id >= first_task) {
                return Err(missing(task));
            }
            if !self.queues.contains_key(&queue) {
                if !submit.create_queues {
                    return Err(not_found(&queue));
                }
                self.put(PutQueue { queue: queue.clone(), settings: QueueSettings::standard() });
            }
            for id in &new.depends_on {
                self.known(*id).map_err(|_| missing(*id))?;
            }
            self.are_unique(&queue, std::slice::from_ref(&new))?;
            self.has_room(&queue, 1, new.payload.len() as u64)?;
            let (mut waits, failed) = self.dependencies(&new);
            let after = after.into_iter().filter(|place| *place < tasks);
            let after: Vec<u64> = after.map(|place| first_task + u64::from(place)).collect();
            waits.extend(&after);
            waits.sort_unstable();
            waits.dedup();
            new.depends_on.extend(after);
            self.tasks_so_far += 1;
            let mut row = self.new_row(&queue, new);
            if !waits.is_empty() {
                row.state = StateName::Blocked.into();
            }
            (row.workflow, row.task_ref) = (Some(first_task), task_ref);
            let (id, result, history) = (row.id, Bytes::new(), Vec::new());
            let home = queue.clone();
            self.tasks.push(Task { queue, home, row, waits, result, history, jitter: 0 });
            self.tell(id, EventName::Enqueued, None);
            self.turns_follow();
            hopeless.extend(failed.then_some(id));
        }
        hopeless.into_iter().for_each(|id| self.ends(id, StateName::Cancelled));
        Ok(Reply::WorkflowSubmitted(WorkflowSubmitted { first_task, tasks }))
    }

    pub(crate) fn cancel_workflow(&mut self, first_task: u64) -> Result<Reply, Rejection> {
        let not_found = WorkflowNotFound { workflow: first_task };
        let not_found = Rejection::WorkflowNotFound(not_found);
        self.views().remove(&first_task).ok_or(not_found)?;
        let is_left = |task: &&Task| {
            task.row.workflow == Some(first_task) && task.is_unfinished() && !task.is_left_over()
        };
        let left: Vec<u64> = self.tasks.iter().filter(is_left).map(|task| task.row.id).collect();
        let workflow = self.workflows.get_mut(&first_task).expect("it was there above");
        workflow.cancelled |= !left.is_empty();
        for id in left {
            self.cancel(id)?;
        }
        let workflow = self.view(first_task, &self.workflows[&first_task]);
        let next = None;
        Ok(Reply::WorkflowCancelled(Box::new(WorkflowCancelled { workflow, next })))
    }

    /// Whether what waits for other tasks in this one's workflow is not to run at all.
    pub(crate) fn is_called_off(&self, task: &Task) -> bool {
        task.row.workflow.is_some_and(|first| self.workflows[&first].cancelled)
    }

    /// Keeps what became of a task that goes.
    pub(crate) fn goes_from_workflow(&mut self, id: u64) {
        let row = &self.task_mut(id).row;
        let (first, state) = (row.workflow, row.state());
        if let Some(workflow) = first.and_then(|first| self.workflows.get_mut(&first)) {
            workflow.gone.push(state);
        }
    }

    /// The workflows of which a task is there.
    pub(crate) fn views(&self) -> BTreeMap<u64, WorkflowView> {
        let is_there = |first: u64| self.tasks.iter().any(|task| task.row.workflow == Some(first));
        let there = self.workflows.iter().filter(|(first, _)| is_there(**first));
        there.map(|(first, workflow)| (*first, self.view(*first, workflow))).collect()
    }

    fn view(&self, first_task: u64, workflow: &Workflow) -> WorkflowView {
        let Workflow { tasks, submitted_at, cancelled, gone } = workflow;
        let of_it = |task: &&Task| task.row.workflow == Some(first_task);
        let there = self.tasks.iter().filter(of_it).map(|task| task.row.state());
        let states: Vec<StateName> =
            there.chain(gone.iter().copied().filter(|state| state.is_finished())).collect();
        let count = |state| states.iter().filter(|other| **other == state).count() as u64;
        WorkflowView {
            first_task,
            tasks: *tasks,
            submitted_at_ms: *submitted_at,
            cancelled: *cancelled,
            counts: StateCounts {
                scheduled: count(StateName::Scheduled),
                ready: count(StateName::Ready),
                leased: count(StateName::Leased),
                retrying: count(StateName::Retrying),
                succeeded: count(StateName::Succeeded),
                dead: count(StateName::Dead),
                cancelled: count(StateName::Cancelled),
                expired: count(StateName::Expired),
                blocked: count(StateName::Blocked),
            },
            removed: gone.iter().filter(|state| !state.is_finished()).count() as u64,
        }
    }
}

/// Whether some tasks are left when all that wait for nothing are taken out, again and again.
fn has_cycle(tasks: &[WorkflowTask]) -> bool {
    let mut left: Vec<u32> = (0..tasks.len() as u32).collect();
    loop {
        let waits =
            |place: &u32| tasks[*place as usize].after.iter().any(|after| left.contains(after));
        let still: Vec<u32> = left.iter().copied().filter(waits).collect();
        if still.len() == left.len() {
            return !left.is_empty();
        }
        left = still;
    }
}
