use ferry_types::{TaskId, Timestamp};

use super::applying::Applying;
use super::schedules::Schedule;
use super::task::Task;
use crate::Rejection;
use crate::command::{CatchUp, Enqueue, Fire, Firing};
use crate::rejection::{NotToFire, ScheduleNotFound};
use crate::reply::Fired;
use crate::row::{Skip, SkipReason};

impl Applying<'_> {
    /// Does the next firing of a schedule, and makes the one after it the next (I13): a leader that
    /// does not know what became of its proposal makes another, and only one of them counts.
    pub(crate) fn fire(&mut self, command: &Fire) -> Result<Fired, Rejection> {
        let name = &command.schedule;
        let Some(schedule) = self.machine.schedules.get(name) else {
            return Err(Rejection::ScheduleNotFound(ScheduleNotFound { schedule: name.clone() }));
        };
        let at = Timestamp::from_millis(command.at_ms);
        let is_next = schedule.generation == command.generation && schedule.firing() == Some(at);
        if !is_next || at > self.machine.now() {
            return Err(Rejection::NotToFire(NotToFire { schedule: name.clone() }));
        }
        let mut schedule = schedule.clone();
        let outcome = match self.reason_to_skip(&schedule, command.missed) {
            Some(reason) => Err(reason),
            None => self.enqueue_firing(&schedule, command),
        };
        schedule.next_at = command.next_at_ms.map(Timestamp::from_millis);
        match outcome {
            Ok(task) => {
                schedule.last_at = Some(Timestamp::from_millis(command.last_ms));
                schedule.last_task = Some(task);
            }
            Err(reason) => {
                let reason = reason.into();
                schedule.last_skip = Some(Skip { at_ms: command.last_ms, reason });
            }
        }
        self.machine.schedules.insert(name, schedule);
        self.dirty.schedules.insert(name.as_str().into());
        let skipped = outcome.err().unwrap_or(SkipReason::None).into();
        Ok(Fired { task: outcome.ok().map(TaskId::get), skipped })
    }

    /// Why a firing is to give no task, if so.
    fn reason_to_skip(&self, schedule: &Schedule, missed: bool) -> Option<SkipReason> {
        if missed && schedule.settings.catch_up() == CatchUp::None {
            return Some(SkipReason::Missed);
        }
        let last = schedule.last_task.and_then(|id| self.machine.known_task(id));
        let overlaps = schedule.settings.skips_overlap && last.is_some_and(Task::is_unfinished);
        overlaps.then_some(SkipReason::Overlap)
    }

    /// Enqueues the task of a firing, or tells what its queue has against it.
    fn enqueue_firing(
        &mut self,
        schedule: &Schedule,
        command: &Fire,
    ) -> Result<TaskId, SkipReason> {
        let settings = &schedule.settings;
        let mut task = settings.task.clone();
        task.run_at_ms = Some(command.run_at_ms);
        task.firing = Some(Firing { schedule: command.schedule.clone(), at_ms: command.last_ms });
        let (queue, create_queue) = (settings.queue.clone(), settings.create_queue);
        match self.enqueue(Enqueue { queue, tasks: vec![task], create_queue }) {
            Ok(enqueued) => Ok(TaskId::new(enqueued.first_task)),
            Err(Rejection::QueueFull(_)) => Err(SkipReason::QueueFull),
            Err(Rejection::AlreadyExists(_)) => Err(SkipReason::AlreadyExists),
            // What else an enqueue may lack is its queue: the border lets no task of a schedule
            // depend on others.
            Err(_) => Err(SkipReason::QueueNotFound),
        }
    }
}
