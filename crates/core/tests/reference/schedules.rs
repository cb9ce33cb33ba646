use ferry_core::command::{
    CatchUp, DeleteSchedule, Enqueue, Fire, Firing, PutSchedule, Recurrence, ScheduleSettings,
};
use ferry_core::rejection::{NotToFire, ScheduleNotFound};
use ferry_core::reply::{Fired, ScheduleDeleted, SchedulePut};
use ferry_core::row::{Skip, SkipReason};
use ferry_core::{Rejection, Reply, ScheduleView};
use ferry_types::{TaskId, Timestamp};

use super::Reference;

/// A schedule, with milliseconds for times.
#[derive(Clone)]
pub(crate) struct Schedule {
    name: String,
    settings: ScheduleSettings,
    generation: u64,
    next_at: Option<u64>,
    resumed_at: u64,
    last: Option<(u64, u64)>,
    last_skip: Option<Skip>,
}

impl Reference {
    pub(crate) fn put_schedule(&mut self, put: PutSchedule) -> Reply {
        self.generations_so_far += 1;
        let mut schedule = Schedule {
            name: put.schedule.clone(),
            settings: put.settings,
            generation: self.generations_so_far,
            next_at: put.next_at_ms,
            resumed_at: 0,
            last: None,
            last_skip: None,
        };
        let place = self.schedules.iter().position(|old| old.name == put.schedule);
        if let Some(place) = place {
            let old = self.schedules.remove(place);
            schedule.last = old.last;
            schedule.last_skip = old.last_skip;
            if old.settings.recurrence == schedule.settings.recurrence {
                let resumes = old.settings.paused && !schedule.settings.paused;
                schedule.resumed_at = if resumes { self.now } else { old.resumed_at };
                if !resumes || schedule.settings.catch_up() != CatchUp::None {
                    schedule.next_at = old.next_at;
                } else if let (Some(Recurrence::EveryMs(every)), Some(mut next)) =
                    (&schedule.settings.recurrence, old.next_at)
                {
                    while next <= self.now {
                        next += every;
                    }
                    schedule.next_at = Some(next);
                }
            }
        }
        let (last_at_ms, last_task) = schedule.last.unzip();
        let (created, next_at_ms) = (place.is_none(), schedule.next_at);
        let last_skip = schedule.last_skip;
        self.schedules.push(schedule);
        self.schedules.sort_by(|one, other| one.name.cmp(&other.name));
        Reply::SchedulePut(SchedulePut { created, next_at_ms, last_at_ms, last_task, last_skip })
    }

    pub(crate) fn delete_schedule(
        &mut self,
        DeleteSchedule { schedule }: DeleteSchedule,
    ) -> Result<Reply, Rejection> {
        let before = self.schedules.len();
        self.schedules.retain(|old| old.name != schedule);
        if self.schedules.len() == before {
            return Err(Rejection::ScheduleNotFound(ScheduleNotFound { schedule }));
        }
        Ok(Reply::ScheduleDeleted(ScheduleDeleted {}))
    }

    pub(crate) fn fire(&mut self, fire: Fire) -> Result<Reply, Rejection> {
        let name = fire.schedule.clone();
        let Some(place) = self.schedules.iter().position(|schedule| schedule.name == name) else {
            return Err(Rejection::ScheduleNotFound(ScheduleNotFound { schedule: name }));
        };
        let schedule = self.schedules[place].clone();
        let is_meant = schedule.generation == fire.generation
            && schedule.next_at == Some(fire.at_ms)
            && !schedule.settings.paused;
        if !is_meant || fire.at_ms > self.now {
            return Err(Rejection::NotToFire(NotToFire { schedule: name }));
        }
        let busy = schedule.last.is_some_and(|(_, task)| {
            self.tasks
                .iter()
                .any(|other| other.row.id == task && other.is_unfinished() && !other.is_left_over())
        });
        let fired = if fire.missed && schedule.settings.catch_up() == CatchUp::None {
            Err(SkipReason::Missed)
        } else if schedule.settings.skips_overlap && busy {
            Err(SkipReason::Overlap)
        } else {
            self.enqueue_firing(&schedule.settings, &fire)
        };
        let schedule = &mut self.schedules[place];
        schedule.next_at = fire.next_at_ms;
        match fired {
            Ok(task) => schedule.last = Some((fire.last_ms, task)),
            Err(reason) => {
                let reason = reason.into();
                schedule.last_skip = Some(Skip { at_ms: fire.last_ms, reason });
            }
        }
        let skipped = fired.err().unwrap_or(SkipReason::None).into();
        Ok(Reply::Fired(Fired { task: fired.ok(), skipped }))
    }

    fn enqueue_firing(
        &mut self,
        settings: &ScheduleSettings,
        fire: &Fire,
    ) -> Result<u64, SkipReason> {
        let mut task = settings.task.clone();
        task.run_at_ms = Some(fire.run_at_ms);
        task.firing = Some(Firing { schedule: fire.schedule.clone(), at_ms: fire.last_ms });
        let (queue, create_queue) = (settings.queue.clone(), settings.create_queue);
        match self.enqueue(Enqueue { queue, tasks: vec![task], create_queue }) {
            Ok(_) => Ok(self.tasks_so_far),
            Err(Rejection::QueueFull(_)) => Err(SkipReason::QueueFull),
            Err(Rejection::AlreadyExists(_)) => Err(SkipReason::AlreadyExists),
            Err(Rejection::QueueNotFound(_)) => Err(SkipReason::QueueNotFound),
            Err(other) => panic!("a firing is refused: {other}"),
        }
    }

    /// All schedules as readers see them.
    pub(crate) fn schedule_views(&self) -> Vec<ScheduleView> {
        let time = Timestamp::from_millis;
        let view = |schedule: &Schedule| ScheduleView {
            name: schedule.name.clone(),
            settings: schedule.settings.clone(),
            generation: schedule.generation,
            next_at: schedule.next_at.map(time),
            resumed_at: time(schedule.resumed_at),
            last_at: schedule.last.map(|(at, _)| time(at)),
            last_task: schedule.last.map(|(_, task)| TaskId::new(task)),
            last_skip: schedule.last_skip,
        };
        self.schedules.iter().map(view).collect()
    }
}
