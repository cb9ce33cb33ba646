use ferry_types::TaskId;
use ferry_types::limits::{DUE_PER_ENTRY_MAX, SWEPT_PER_ENTRY_MAX, SWEPT_TASKS_PER_ENTRY_MAX};

use super::Machine;
use super::applying::Applying;
use super::task::Task;
use crate::Rejection;
use crate::command::{DeadFilter, Redrive, Sweep};
use crate::event::EventName;
use crate::rejection::QueueNotFound;
use crate::reply::Swept;

impl Applying<'_> {
    /// Gives dead tasks that fit all their attempts again, in enqueue order: they are ready, at
    /// their old places (I6). Does a bounded part of it (I11), says where to go on, and stops where
    /// the queue is full (I7), which is a refusal if that is at the first of them.
    pub(crate) fn redrive(&mut self, command: &Redrive) -> Result<Swept, Rejection> {
        let number = self.named_queue(&command.queue)?;
        let begin = Sweep { after: 0, before: self.machine.counters.next_task, done: 0 };
        let mut sweep = command.from.unwrap_or(begin);
        let left = command.max.map_or(u64::MAX, |max| max.saturating_sub(sweep.done));
        let most = SWEPT_TASKS_PER_ENTRY_MAX.min(usize::try_from(left).unwrap_or(usize::MAX));
        let (chosen, mut next) = self.machine.choose_dead(number, &command.filter, sweep, most);
        let (mut full, mut to_tell) = (false, DUE_PER_ENTRY_MAX);
        for id in chosen {
            let bytes = self.machine.tasks.get(id).map_or(0, |task| task.payload_bytes);
            match self.require_room(number, 1, bytes.into()) {
                Ok(()) => {}
                Err(refusal) if sweep.done == 0 => return Err(refusal),
                Err(_) => {
                    full = true;
                    break;
                }
            }
            if !self.tell_all_waiting(id, &mut to_tell) {
                next = Some(TaskId::new(id.get() - 1));
                break;
            }
            self.revive(id, EventName::Redriven);
            sweep.done += 1;
        }
        let is_enough = full || command.max.is_some_and(|max| sweep.done >= max);
        let next = next.filter(|_| !is_enough).map(|after| Sweep { after: after.get(), ..sweep });
        Ok(Swept { tasks: sweep.done, next, full })
    }
}

impl Machine {
    /// How many dead tasks of a queue fit a filter, as far as one look goes: at most `max`. `from`
    /// goes on after an earlier look.
    ///
    /// # Errors
    /// There is no such queue.
    pub fn count_dead(
        &self,
        queue: &str,
        filter: &DeadFilter,
        from: Option<Sweep>,
        max: u64,
    ) -> Result<Swept, Rejection> {
        let not_found = || Rejection::QueueNotFound(QueueNotFound { queue: queue.into() });
        let number = self.queues.number(queue).ok_or_else(not_found)?;
        let begin = Sweep { after: 0, before: self.counters.next_task, done: 0 };
        let from = from.unwrap_or(begin);
        let left = usize::try_from(max.saturating_sub(from.done)).unwrap_or(usize::MAX);
        let (chosen, next) = self.choose_dead(number, filter, from, left);
        let done = from.done + chosen.len() as u64;
        let next =
            next.filter(|_| done < max).map(|after| Sweep { after: after.get(), done, ..from });
        Ok(Swept { tasks: done, next, full: false })
    }

    /// At most `most` dead tasks that fit, and where to go on if there may be more.
    fn choose_dead(
        &self,
        queue: u32,
        filter: &DeadFilter,
        from: Sweep,
        most: usize,
    ) -> (Vec<TaskId>, Option<TaskId>) {
        let queue = self.queues.get(queue).expect("the caller has found the queue");
        let dead = queue.dead_after(Some(TaskId::new(from.after)));
        let (mut chosen, mut last) = (Vec::new(), None);
        for (looked_at, id) in dead.take_while(|id| id.get() < from.before).enumerate() {
            if looked_at == SWEPT_PER_ENTRY_MAX || chosen.len() == most {
                return (chosen, last.or(Some(TaskId::new(from.after))));
            }
            if self.tasks.get(id).is_some_and(|task| fits(task, filter)) {
                chosen.push(id);
            }
            last = Some(id);
        }
        (chosen, None)
    }
}

/// Whether a dead task is one of those that are meant.
fn fits(task: &Task, filter: &DeadFilter) -> bool {
    let wishes = task.wishes();
    let task_type = wishes.and_then(|wishes| wishes.task_type.as_deref());
    let ordering_key = wishes.and_then(|wishes| wishes.key.as_deref());
    let label = |key: &String| wishes.and_then(|wishes| wishes.labels.get(key));
    let error = task.last_lease().and_then(|last| last.error.as_deref()).unwrap_or("");
    filter.task_type.as_deref().is_none_or(|wanted| task_type == Some(wanted))
        && filter.key.as_deref().is_none_or(|wanted| ordering_key == Some(wanted))
        && filter.labels.iter().all(|(key, value)| label(key) == Some(value))
        && filter.error.as_deref().is_none_or(|text| error.contains(text))
}
