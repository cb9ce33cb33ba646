//! Schedules are put, removed, and fire.

use ferry_core::command::{
    CatchUp, DeleteSchedule, Fire, NewTask, PutSchedule, Recurrence, ScheduleSettings, Unique,
};
use ferry_core::{Command, ScheduleView};
use ferry_types::Timestamp;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::{halves, queue};

/// A firing of the schedule at this place, mostly its next.
#[derive(Clone, Debug)]
pub(super) struct Firing {
    place: usize,
    generation_off: u64,
    at_off: u64,
    /// Firings that it stands for beside the first.
    more: u64,
    jitter: u64,
    missed: bool,
    is_last: bool,
}

impl Firing {
    pub(super) fn command(&self, schedules: &[ScheduleView]) -> Command {
        const INTERVAL: u64 = 1_500;
        let view = schedules.get(self.place % schedules.len().max(1));
        let next_at = view.and_then(|view| view.next_at).map_or(0, Timestamp::as_millis);
        let at_ms = next_at + self.at_off;
        let last_ms = at_ms + self.more * INTERVAL;
        Command::Fire(Fire {
            schedule: view.map_or_else(|| "none".into(), |view| view.name.clone()),
            generation: view.map_or(0, |view| view.generation) + self.generation_off,
            at_ms,
            last_ms,
            next_at_ms: (!self.is_last).then_some(last_ms + INTERVAL),
            run_at_ms: last_ms + self.jitter,
            missed: self.missed,
        })
    }
}

pub(super) fn firing() -> impl Strategy<Value = Firing> {
    let off = || prop_oneof![12 => Just(0), 1 => Just(1_u64)];
    let more = prop_oneof![4 => Just(0), 1 => 1..3_u64];
    let jitter = prop_oneof![2 => Just(0), 1 => halves(0..6)];
    let rare = prop::bool::weighted(0.05);
    (0..4_usize, off(), off(), more, jitter, prop::bool::weighted(0.3), rare).prop_map(
        |(place, generation_off, at_off, more, jitter, missed, is_last)| Firing {
            place,
            generation_off,
            at_off,
            more,
            jitter,
            missed,
            is_last,
        },
    )
}

/// A schedule is put or removed.
pub(super) fn of_schedule() -> impl Strategy<Value = Command> {
    let name = || select(vec!["s1", "s2", "s3"]).prop_map(String::from);
    let catch_up = select(vec![CatchUp::None, CatchUp::Latest, CatchUp::All]);
    let task = (option::weighted(0.2, Just("u1".to_owned())), option::weighted(0.2, halves(1..9)))
        .prop_map(|(unique, ttl_ms)| NewTask {
            unique: unique.map(|key| Unique { key, until_ms: None }),
            ttl_ms,
            ..NewTask::default()
        });
    let flags = (any::<bool>(), prop::bool::weighted(0.3), prop::bool::weighted(0.8));
    let every = select(vec![1_500_u64, 3_000]);
    let put = (name(), every, queue(), task, flags, catch_up, halves(0..60)).prop_map(
        |(schedule, every, queue, task, (skips_overlap, paused, create_queue), catch_up, next)| {
            let settings = ScheduleSettings {
                recurrence: Some(Recurrence::EveryMs(every)),
                queue,
                task,
                skips_overlap,
                catch_up: catch_up.into(),
                jitter_ms: 0,
                paused,
                create_queue,
            };
            let put = PutSchedule { schedule, settings, next_at_ms: Some(next) };
            Command::PutSchedule(Box::new(put))
        },
    );
    prop_oneof![
        4 => put,
        1 => name().prop_map(|schedule| Command::DeleteSchedule(DeleteSchedule { schedule })),
    ]
}
