//! Samples of schedules.

use bytes::Bytes;
use ferry_core::command::{
    CatchUp, Cron, DeleteSchedule, Fire, Firing, NewTask, PutSchedule, Recurrence, ScheduleSettings,
};
use ferry_core::rejection::{NotToFire, ScheduleLimit, ScheduleNotFound};
use ferry_core::reply::{Fired, ScheduleDeleted, SchedulePut};
use ferry_core::row::{CountersRow, ScheduleRow, Skip, SkipReason, TaskRow};
use ferry_core::{Command, Rejection, Reply, StateName};

fn settings(recurrence: Recurrence) -> ScheduleSettings {
    ScheduleSettings {
        recurrence: Some(recurrence),
        queue: "q".into(),
        task: NewTask { payload: Bytes::from_static(b"{}"), priority: 4, ..NewTask::default() },
        skips_overlap: true,
        catch_up: CatchUp::All.into(),
        jitter_ms: 301,
        paused: true,
        create_queue: true,
    }
}

fn cron() -> Recurrence {
    Recurrence::Cron(Cron { expression: "0 9 * * *".into(), timezone: "Europe/Berlin".into() })
}

fn firing() -> Firing {
    Firing { schedule: "s".into(), at_ms: 302 }
}

pub(crate) fn commands() -> [(&'static str, Command); 3] {
    let put =
        PutSchedule { schedule: "s".into(), settings: settings(cron()), next_at_ms: Some(303) };
    let fire = Fire {
        schedule: "s".into(),
        generation: 304,
        at_ms: 305,
        last_ms: 306,
        next_at_ms: Some(307),
        run_at_ms: 308,
        missed: true,
    };
    [
        ("command-put-schedule", Command::PutSchedule(Box::new(put))),
        (
            "command-delete-schedule",
            Command::DeleteSchedule(DeleteSchedule { schedule: "s".into() }),
        ),
        ("command-fire", Command::Fire(fire)),
    ]
}

pub(crate) fn replies() -> [(&'static str, Reply); 5] {
    let put = SchedulePut { created: true, ..SchedulePut::default() };
    let last_skip = Some(Skip { at_ms: 320, reason: SkipReason::Missed.into() });
    let status = SchedulePut {
        next_at_ms: Some(321),
        last_at_ms: Some(322),
        last_task: Some(323),
        last_skip,
        ..SchedulePut::default()
    };
    let skipped = Fired { task: None, skipped: SkipReason::Overlap.into() };
    [
        ("reply-schedule-put", Reply::SchedulePut(put)),
        ("reply-schedule-put-status", Reply::SchedulePut(status)),
        ("reply-schedule-deleted", Reply::ScheduleDeleted(ScheduleDeleted {})),
        ("reply-fired", Reply::Fired(Fired { task: Some(309), skipped: 0 })),
        ("reply-fired-skipped", Reply::Fired(skipped)),
    ]
}

pub(crate) fn refusals() -> [(&'static str, Rejection); 3] {
    let schedule = || "s".to_owned();
    let not_found = ScheduleNotFound { schedule: schedule() };
    [
        ("rejection-schedule-not-found", Rejection::ScheduleNotFound(not_found)),
        ("rejection-schedule-limit", Rejection::ScheduleLimit(ScheduleLimit { limit: 310 })),
        ("rejection-not-to-fire", Rejection::NotToFire(NotToFire { schedule: schedule() })),
    ]
}

/// Rows, and more fields of rows.
pub(crate) struct ScheduleRows {
    pub(crate) counters: CountersRow,
    pub(crate) task: TaskRow,
    pub(crate) schedule: ScheduleRow,
    pub(crate) schedule_every: ScheduleRow,
}

pub(crate) fn rows() -> ScheduleRows {
    let skip = Skip { at_ms: 311, reason: SkipReason::QueueFull.into() };
    let schedule = ScheduleRow {
        schedule: "s".into(),
        settings: settings(cron()),
        generation: 312,
        next_at_ms: Some(313),
        resumed_at_ms: 314,
        last_at_ms: Some(315),
        last_task: Some(316),
        last_skip: Some(skip),
    };
    let every = settings(Recurrence::EveryMs(317));
    ScheduleRows {
        counters: CountersRow { next_generation: 318, ..CountersRow::default() },
        task: TaskRow {
            id: 319,
            state: StateName::Ready.into(),
            firing: Some(firing()),
            ..TaskRow::default()
        },
        schedule_every: ScheduleRow { settings: every, ..schedule.clone() },
        schedule,
    }
}
