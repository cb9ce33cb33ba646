//! The table of tasks with the indexes over it. Every change of a task goes through here, so that
//! no index and no count can be forgotten.

use std::collections::BTreeSet;

use ferry_types::{TaskId, Timestamp};

use super::kinds::Kinds;
use super::lane::LaneNews;
use super::pages::Pages;
use super::queues::Queues;
use super::standing::Standing;
use super::stir::Moved;
use super::task::{Task, TaskState};
use super::workflows::Workflows;

/// All tasks, by number, by deadline, and the ended ones by the time they did.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Tasks {
    table: Pages,
    times: Times,
    kinds: Kinds,
    pub(crate) workflows: Workflows,
}

/// Tasks by what will happen to them, or has.
#[derive(Debug, Default, PartialEq)]
struct Times {
    /// When time alone will move a task.
    deadlines: BTreeSet<(Timestamp, TaskId)>,
    /// When a task ended that is kept only so that it can be asked for.
    finished: BTreeSet<(Timestamp, TaskId)>,
    /// What a blocked task waits for, and the task.
    waiting: BTreeSet<(TaskId, TaskId)>,
}

impl Tasks {
    /// A task.
    pub(crate) fn get(&self, id: TaskId) -> Option<&Task> {
        self.table.get(id)
    }

    /// All tasks after `after`, in order.
    pub(crate) fn after(&self, after: Option<TaskId>) -> impl Iterator<Item = (TaskId, &Task)> {
        self.table.after(after)
    }

    /// The nearest deadline, and whose it is.
    pub(crate) fn next_deadline(&self) -> Option<(Timestamp, TaskId)> {
        self.times.deadlines.first().copied()
    }

    /// The ended task that did so first, if more than `max` are kept.
    pub(crate) fn oldest_finished_above(&self, max: u64) -> Option<TaskId> {
        let over = self.times.finished.len() as u64 > max;
        self.times.finished.first().filter(|_| over).map(|(_, id)| *id)
    }

    /// The first task that waits for another.
    pub(crate) fn first_waiting(&self, dependency: TaskId) -> Option<TaskId> {
        let waiting = self.times.waiting.range((dependency, TaskId::new(0))..).next();
        waiting.filter(|(waits_for, _)| *waits_for == dependency).map(|(_, id)| *id)
    }

    /// All tasks.
    pub(crate) const fn table(&self) -> &Pages {
        &self.table
    }

    /// Adds a new task to its queue. Tells how it moved if something beside it may care.
    pub(crate) fn insert(
        &mut self,
        id: TaskId,
        mut task: Task,
        queues: &mut Queues,
    ) -> Option<Moved> {
        self.kinds.add(&mut task);
        queues.add(id, &task);
        self.times.note(id, &task);
        let holding = queues.workers.holding(&task);
        queues.workers.follow((id, &task), None, holding);
        self.workflows.mark(&task);
        let (is_bound, after) = (queues.is_bound(&task), task.standing());
        let is_new = self.table.insert(id, task);
        assert!(is_new, "task {id} is inserted once");
        let task = self.table.get(id).filter(|_| is_bound)?;
        let before = Standing::Aside;
        let lane = queues.restand((id, task), before, after, &self.table);
        Some(Moved { before, after, lane })
    }

    /// Changes a task, which exists. Gives what the change does, how the task moved if something
    /// beside it may care, and the session whose lease on it ended.
    pub(crate) fn change<T>(
        &mut self,
        id: TaskId,
        queues: &mut Queues,
        change: impl FnOnce(&mut Task) -> T,
    ) -> (T, Option<Moved>, Option<u64>) {
        let task = self.table.get_mut(id).expect("a changed task exists");
        let before = task.standing();
        let held_in = queues.workers.holding(task);
        let queue = queues.any_mut(task.queue);
        self.times.forget(id, task);
        queue.unmark(id, task);
        self.workflows.unmark(task);
        let given = change(task);
        queue.mark(id, task);
        self.workflows.mark(task);
        self.times.note(id, task);
        let after = task.standing();
        let has_bound = queue.settings.max_concurrency.is_some();
        if queue.settings.assign.is_some() {
            queues.note_assigning(task.queue);
        }
        let is_bound = queues.is_bound(task);
        let holding = queues.workers.holding(task);
        queues.workers.follow((id, task), held_in, holding);
        let freed = held_in.filter(|_| held_in != holding);
        if before == after || !(is_bound || has_bound) {
            return (given, None, freed);
        }
        let task = self.table.get(id).filter(|_| is_bound);
        let restand = |task| queues.restand((id, task), before, after, &self.table);
        let lane = task.map(restand).unwrap_or_default();
        (given, Some(Moved { before, after, lane }), freed)
    }

    /// Removes a task, which exists, and gives it back, with how it moved, and the session whose
    /// lease on it ended.
    pub(crate) fn remove(&mut self, id: TaskId, queues: &mut Queues) -> (Task, Moved, Option<u64>) {
        let task = self.table.remove(id).expect("a removed task exists");
        self.times.forget(id, &task);
        self.workflows.unmark(&task);
        self.kinds.remove(&task);
        queues.remove(id, &task);
        let holding = queues.workers.holding(&task);
        queues.workers.follow((id, &task), holding, None);
        let (before, after) = (task.standing(), Standing::Aside);
        let lane = match queues.is_bound(&task) {
            true => queues.restand((id, &task), before, after, &self.table),
            false => LaneNews::default(),
        };
        (task, Moved { before, after, lane }, holding)
    }

    /// Has a task of a workflow wait for one task less, of several.
    pub(crate) fn wait_for_less(&mut self, id: TaskId, dependency: TaskId) {
        let task = self.table.get_mut(id).expect("a waiting task exists");
        task.waits_for_less(dependency);
        self.times.waiting.remove(&(dependency, id));
    }

    /// What is wrong with the indexes, for tests.
    pub(crate) fn check(&self) -> Result<(), String> {
        let (mut times, mut workflows) = (Times::default(), self.workflows.without_tasks());
        for (id, task) in self.table.after(None) {
            times.note(id, task);
            workflows.mark(task);
        }
        if workflows != self.workflows {
            return Err("the counts of the workflows are not those of the tasks".into());
        }
        self.workflows.check()?;
        let mut kinds = Kinds::default();
        self.table.after(None).for_each(|(_, task)| kinds.add(&mut task.clone()));
        if kinds != self.kinds {
            return Err("what the tasks need is not what they say".into());
        }
        if times != self.times {
            return Err("the deadlines or finished tasks are not those of the tasks".into());
        }
        Ok(())
    }

    /// What is waited for.
    pub(crate) fn dependencies(&self) -> impl Iterator<Item = TaskId> {
        self.times.waiting.iter().map(|(dependency, _)| *dependency)
    }
}

impl Times {
    fn note(&mut self, id: TaskId, task: &Task) {
        if let Some(deadline) = task.deadline() {
            self.deadlines.insert((deadline, id));
        }
        if let Some(finished_at) = task.finished_at() {
            self.finished.insert((finished_at, id));
        }
        if let TaskState::Blocked = task.state() {
            let waits_for = task.ties().into_iter().flat_map(|ties| &ties.waits_for);
            self.waiting.extend(waits_for.map(|dependency| (*dependency, id)));
        }
    }

    fn forget(&mut self, id: TaskId, task: &Task) {
        if let Some(deadline) = task.deadline() {
            self.deadlines.remove(&(deadline, id));
        }
        if let Some(finished_at) = task.finished_at() {
            self.finished.remove(&(finished_at, id));
        }
        if let TaskState::Blocked = task.state() {
            for dependency in task.ties().into_iter().flat_map(|ties| &ties.waits_for) {
                self.waiting.remove(&(*dependency, id));
            }
        }
    }
}
