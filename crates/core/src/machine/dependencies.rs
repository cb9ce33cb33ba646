//! Tasks that come after others.
//!
//! What a blocked task waits for is in its row. A task that ends while others wait for it is noted
//! with how it ended, until the last of them knows: some of them with the entry that ends it, the
//! rest with later ones (I11). The note outlives the task.

use std::collections::BTreeSet;

use ferry_types::TaskId;

use super::applying::Applying;
use super::task::{Task, TaskState};
use crate::command::NewTask;
use crate::event::EventName;
use crate::rejection::TaskNotFound;

/// What becomes of a new task by what it depends on.
pub(crate) struct Dependencies {
    pub(crate) waits_for: BTreeSet<TaskId>,
    /// Whether it is not to run, because one has failed.
    pub(crate) failed: bool,
}

impl Applying<'_> {
    /// What a new task depends on, as it stands; all of it has to exist.
    pub(crate) fn dependencies(&self, new: &NewTask) -> Result<Dependencies, TaskNotFound> {
        let mut dependencies = Dependencies { waits_for: BTreeSet::new(), failed: false };
        for id in new.depends_on.iter().copied().map(TaskId::new) {
            let not_found = || TaskNotFound { task: id.get(), item: None };
            let task = self.machine.known_task(id).ok_or_else(not_found)?;
            if task.is_unfinished() {
                dependencies.waits_for.insert(id);
            } else if has_failed(task) && !new.run_on_dependency_failure {
                dependencies.failed = true;
            }
        }
        Ok(dependencies)
    }

    /// Notes that a task has ended, or goes, if others wait for it.
    pub(crate) fn note_end(&mut self, id: TaskId, failed: bool) {
        if self.machine.tasks.first_waiting(id).is_some() && !self.machine.ended.contains_key(&id) {
            self.machine.ended.insert(id, failed);
            self.dirty.ended.insert(id);
        }
    }

    /// Lets one task know that one it waits for has ended; false if there is none.
    pub(crate) fn tell_one_waiting(&mut self) -> bool {
        let Some((dependency, failed)) = self.machine.ended.first_key_value() else {
            return false;
        };
        self.tell_one(*dependency, *failed);
        true
    }

    /// Lets those who wait for a task know that it has ended, before it goes on as another attempt;
    /// false if they are more than what is `left` of the entry's work.
    pub(crate) fn tell_all_waiting(&mut self, dependency: TaskId, left: &mut usize) -> bool {
        self.go_on(left, |applying| {
            let failed = applying.machine.ended.get(&dependency).copied();
            failed.inspect(|failed| applying.tell_one(dependency, *failed)).is_some()
        });
        !self.machine.ended.contains_key(&dependency)
    }

    fn tell_one(&mut self, dependency: TaskId, failed: bool) {
        match self.machine.tasks.first_waiting(dependency) {
            Some(id) => self.dependency_ended(id, dependency, failed),
            None => {
                self.machine.ended.remove(&dependency);
                // What this entry has noted was never stored.
                if !self.dirty.ended.remove(&dependency) {
                    self.dirty.ended.insert(dependency);
                }
            }
        }
    }

    fn dependency_ended(&mut self, id: TaskId, dependency: TaskId, failed: bool) {
        let Some(task) = self.machine.known_task(id) else { return self.remove_task(id) };
        let workflow = task.workflow();
        let is_left =
            workflow.is_none_or(|first| !self.machine.tasks.workflows.is_cancelled(first));
        let runs = !failed || task.ties().is_some_and(|ties| ties.run_on_failure);
        if is_left && runs {
            let now = self.machine.now();
            let others = task.ties().is_some_and(|ties| ties.waits_for.len() > 1);
            if workflow.is_some() {
                self.dirty.waits.push((id, dependency));
                if others {
                    return self.machine.tasks.wait_for_less(id, dependency);
                }
            }
            let event = if others { EventName::DependencyEnded } else { EventName::Unblocked };
            self.change_task(id, event, |task| task.waits_no_longer_for(dependency, now));
        } else {
            self.call_off(id);
        }
    }
}

/// Whether a task that has ended did so otherwise than well.
pub(crate) fn has_failed(task: &Task) -> bool {
    !matches!(task.state(), TaskState::Succeeded { .. })
}
