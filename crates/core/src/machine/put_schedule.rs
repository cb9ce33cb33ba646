use ferry_types::limits::SCHEDULES_MAX;
use ferry_types::{TaskId, Timestamp};

use super::applying::Applying;
use super::schedules::Schedule;
use crate::Rejection;
use crate::command::{CatchUp, PutSchedule, Recurrence};
use crate::rejection::ScheduleLimit;
use crate::reply::SchedulePut;

impl Applying<'_> {
    /// Creates a schedule or replaces what it says. What was proposed for the old one fires it no
    /// more, because it has another generation. If it goes on firing at the same times, its next
    /// firing stands, so that whoever puts it again and again does not put it off.
    pub(crate) fn put_schedule(&mut self, command: PutSchedule) -> Result<SchedulePut, Rejection> {
        let PutSchedule { schedule: name, settings, next_at_ms } = command;
        let (now, schedules) = (self.machine.now(), &mut self.machine.schedules);
        let old = schedules.get(&name).cloned();
        if old.is_none() && schedules.len() >= SCHEDULES_MAX {
            return Err(Rejection::ScheduleLimit(ScheduleLimit { limit: SCHEDULES_MAX as u64 }));
        }
        let mut schedule = Schedule {
            generation: self.machine.counters.take_generation(),
            next_at: next_at_ms.map(Timestamp::from_millis),
            resumed_at: Timestamp::default(),
            last_at: None,
            last_task: None,
            last_skip: None,
            settings,
        };
        let created = old.is_none();
        if let Some(old) = old {
            schedule.take_over(&old, now);
        }
        let reply = SchedulePut {
            created,
            next_at_ms: schedule.next_at.map(Timestamp::as_millis),
            last_at_ms: schedule.last_at.map(Timestamp::as_millis),
            last_task: schedule.last_task.map(TaskId::get),
            last_skip: schedule.last_skip,
        };
        schedules.insert(&name, schedule);
        self.dirty.schedules.insert(name.into());
        Ok(reply)
    }
}

impl Schedule {
    /// Goes on from what the schedule was before it was put anew.
    fn take_over(&mut self, old: &Self, now: Timestamp) {
        (self.last_at, self.last_task, self.last_skip) =
            (old.last_at, old.last_task, old.last_skip);
        if self.settings.recurrence != old.settings.recurrence {
            return;
        }
        let resumes = old.settings.paused && !self.settings.paused;
        self.resumed_at = if resumes { now } else { old.resumed_at };
        // Without a catch-up the firings of the pause are as if they had never been.
        if !(resumes && self.settings.catch_up() == CatchUp::None) {
            self.next_at = old.next_at;
        } else if let (Some(Recurrence::EveryMs(every)), Some(missed)) =
            (&self.settings.recurrence, old.next_at)
        {
            self.next_at = Some(next_of_interval(missed, *every, now));
        }
    }
}

/// The first after `now` of the times that are whole intervals after `first`, or that itself.
fn next_of_interval(first: Timestamp, every_ms: u64, now: Timestamp) -> Timestamp {
    if first > now {
        return first;
    }
    let every = every_ms.max(1);
    let intervals = (now.as_millis() - first.as_millis()) / every + 1;
    Timestamp::from_millis(first.as_millis().saturating_add(intervals.saturating_mul(every)))
}
