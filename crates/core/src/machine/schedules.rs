use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use ferry_types::{TaskId, Timestamp};

use super::Machine;
use crate::command::ScheduleSettings;
use crate::row::{ScheduleRow, Skip};
use crate::view::ScheduleView;

/// All schedules, by name and by their next firings.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Schedules {
    all: BTreeMap<Box<str>, Schedule>,
    /// The next firing of each that is not paused, with its name.
    next: BTreeSet<(Timestamp, Box<str>)>,
}

/// A schedule and how far it has come.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Schedule {
    pub(crate) settings: ScheduleSettings,
    /// Which putting of a schedule brought the settings.
    pub(crate) generation: u64,
    /// Its next firing; while it is paused, the first that it misses.
    pub(crate) next_at: Option<Timestamp>,
    /// When its last pause ended.
    pub(crate) resumed_at: Timestamp,
    /// The last firing that gave a task.
    pub(crate) last_at: Option<Timestamp>,
    /// That task, which may be gone.
    pub(crate) last_task: Option<TaskId>,
    /// The last firing that gave no task.
    pub(crate) last_skip: Option<Skip>,
}

impl Schedules {
    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Schedule> {
        self.all.get(name)
    }

    /// Puts a schedule in the place of the one of this name; tells whether there was none.
    pub(crate) fn insert(&mut self, name: &str, schedule: Schedule) -> bool {
        let is_new = self.remove(name).is_none();
        self.next.extend(schedule.firing().map(|at| (at, name.into())));
        self.all.insert(name.into(), schedule);
        is_new
    }

    /// Takes a schedule away.
    pub(crate) fn remove(&mut self, name: &str) -> Option<Schedule> {
        let schedule = self.all.remove(name)?;
        if let Some(at) = schedule.firing() {
            self.next.remove(&(at, name.into()));
        }
        Some(schedule)
    }

    /// The row of a schedule.
    pub(crate) fn row(&self, name: &str) -> Option<ScheduleRow> {
        let schedule = self.all.get(name)?;
        Some(ScheduleRow {
            schedule: name.into(),
            settings: schedule.settings.clone(),
            generation: schedule.generation,
            next_at_ms: schedule.next_at.map(Timestamp::as_millis),
            resumed_at_ms: schedule.resumed_at.as_millis(),
            last_at_ms: schedule.last_at.map(Timestamp::as_millis),
            last_task: schedule.last_task.map(TaskId::get),
            last_skip: schedule.last_skip,
        })
    }

    fn view(&self, name: &str) -> Option<ScheduleView> {
        let schedule = self.all.get(name)?.clone();
        Some(ScheduleView {
            name: name.into(),
            settings: schedule.settings,
            generation: schedule.generation,
            next_at: schedule.next_at,
            resumed_at: schedule.resumed_at,
            last_at: schedule.last_at,
            last_task: schedule.last_task,
            last_skip: schedule.last_skip,
        })
    }
}

impl Schedule {
    /// Its next firing, unless it is paused.
    pub(crate) fn firing(&self) -> Option<Timestamp> {
        self.next_at.filter(|_| !self.settings.paused)
    }
}

impl Machine {
    /// When the next schedule is to fire.
    pub fn next_firing(&self) -> Option<Timestamp> {
        self.schedules.next.first().map(|(at, _)| *at)
    }

    /// Schedules that are to fire at `now` or before, the earliest first, at most `limit`.
    pub fn due_schedules(&self, now: Timestamp, limit: usize) -> Vec<ScheduleView> {
        let due = self.schedules.next.iter().take_while(|(at, _)| *at <= now).take(limit);
        due.filter_map(|(_, name)| self.schedules.view(name)).collect()
    }

    /// A schedule.
    pub fn schedule(&self, name: &str) -> Option<ScheduleView> {
        self.schedules.view(name)
    }

    /// Schedules by name, after `after`, at most `limit`.
    pub fn schedules(&self, after: Option<&str>, limit: usize) -> Vec<ScheduleView> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let names = self.schedules.all.range::<str, _>((start, Bound::Unbounded)).take(limit);
        names.filter_map(|(name, _)| self.schedules.view(name)).collect()
    }

    /// How many schedules there are.
    pub fn schedule_count(&self) -> usize {
        self.schedules.len()
    }

    /// A schedule, read back from the disk.
    pub(crate) fn restore_schedule(&mut self, row: ScheduleRow) -> Result<(), String> {
        let name = row.schedule;
        if row.generation >= self.counters.next_generation {
            return Err(format!("the schedule {name} was not put yet"));
        }
        let schedule = Schedule {
            settings: row.settings,
            generation: row.generation,
            next_at: row.next_at_ms.map(Timestamp::from_millis),
            resumed_at: Timestamp::from_millis(row.resumed_at_ms),
            last_at: row.last_at_ms.map(Timestamp::from_millis),
            last_task: row.last_task.map(TaskId::new),
            last_skip: row.last_skip,
        };
        match self.schedules.insert(&name, schedule) {
            true => Ok(()),
            false => Err(format!("the schedule {name} is there twice")),
        }
    }

    /// The next firings are those of the schedules.
    pub(crate) fn check_schedules(&self) -> Result<(), String> {
        let schedules = self.schedules.all.iter();
        let next = schedules.filter_map(|(name, s)| Some((s.firing()?, name.clone())));
        match self.schedules.next == next.collect() {
            true => Ok(()),
            false => Err(format!("the schedules do not fire at {:?}", self.schedules.next)),
        }
    }
}
