use std::collections::BTreeSet;

use ferry_types::TaskId;
use ferry_types::limits::{SWEPT_PER_ENTRY_MAX, SWEPT_TASKS_PER_ENTRY_MAX};

use super::applying::Applying;
use super::task::{Task, TaskState};
use crate::Rejection;
use crate::command::{Purge, PurgedState, Sweep};
use crate::reply::Swept;

impl Applying<'_> {
    /// Removes tasks of a queue that were there when the purge began; those that a lease holds stay.
    /// Does a bounded part of it (I11), in tasks and in what these wait for, and says where to go on.
    pub(crate) fn purge(&mut self, command: &Purge) -> Result<Swept, Rejection> {
        let queue = self.named_queue(&command.queue)?;
        let begin = Sweep { after: 0, before: self.machine.counters.next_task, done: 0 };
        let from = command.from.unwrap_or(begin);
        let (mut sweep, mut purged) = (from, Vec::new());
        let (mut is_over, mut waits) = (true, 0);
        for (looked_at, (id, task)) in self.members(queue, from).enumerate() {
            let touched = purged.len().max(waits);
            if looked_at == SWEPT_PER_ENTRY_MAX || touched >= SWEPT_TASKS_PER_ENTRY_MAX {
                is_over = false;
                break;
            }
            sweep.after = id.get();
            if is_purged(task, command.state()) {
                purged.push(id);
                waits += task.own_waits().map_or(0, BTreeSet::len);
            }
        }
        let tasks = purged.len() as u64;
        sweep.done += tasks;
        purged.into_iter().for_each(|id| self.remove_task(id));
        let next = (!is_over).then_some(sweep);
        Ok(Swept { tasks: sweep.done, next, full: false })
    }

    /// The tasks of a queue that a sweep has yet to look at.
    fn members(&self, queue: u32, from: Sweep) -> impl Iterator<Item = (TaskId, &Task)> {
        let queue = self.machine.queues.get(queue).expect("the caller has found the queue");
        let members = queue.members_after(Some(TaskId::new(from.after)));
        members
            .take_while(move |id| id.get() < from.before)
            .filter_map(|id| Some((id, self.machine.tasks.get(id)?)))
    }
}

fn is_purged(task: &Task, which: PurgedState) -> bool {
    match which {
        PurgedState::Ready => matches!(task.state(), TaskState::Ready),
        PurgedState::Dead => matches!(task.state(), TaskState::Dead { .. }),
        PurgedState::All => !task.is_held(),
    }
}
