//! Schedules in scripts.

use bytes::Bytes;
use ferry_core::Machine;
use ferry_core::command::{
    CatchUp, Cron, Fire, NewTask, PutSchedule, Recurrence, ScheduleSettings, Unique,
};
use ferry_core::reply::Fired;
use ferry_core::row::Skip;

use super::print::time;
use super::words::Words;

/// `NAME QUEUE every=60s next=60s`, or `cron=` with a text without spaces, which means nothing here.
pub(super) fn schedule(words: &mut Words) -> PutSchedule {
    let (schedule, queue) = (words.next(), words.next());
    let cron = |expression| Recurrence::Cron(Cron { expression, timezone: "UTC".into() });
    let every = words.duration("every").map(Recurrence::EveryMs);
    let task = NewTask {
        payload: Bytes::from_static(b"xx"),
        priority: 4,
        max_attempts: words.parsed("attempts"),
        ttl_ms: words.duration("ttl"),
        unique: words.option("unique").map(|key| Unique { key, until_ms: None }),
        ..NewTask::default()
    };
    let catch_up = match words.option("catch_up").as_deref() {
        None => CatchUp::None,
        Some("latest") => CatchUp::Latest,
        Some("all") => CatchUp::All,
        Some(other) => panic!("{other} is no way to catch up"),
    };
    let settings = ScheduleSettings {
        recurrence: every.or_else(|| words.option("cron").map(cron)),
        queue,
        task,
        skips_overlap: words.flag("no_overlap"),
        catch_up: catch_up.into(),
        jitter_ms: 0,
        paused: words.flag("paused"),
        create_queue: !words.flag("existing"),
    };
    PutSchedule { schedule, settings, next_at_ms: words.duration("next") }
}

/// `NAME GENERATION at=60s next=120s`, with `last=`, `run_at=` and `missed` if they matter.
pub(super) fn fire(words: &mut Words) -> Fire {
    let schedule = words.next();
    let generation = words.next();
    let at_ms = words.duration("at").expect("a firing has its time");
    let last_ms = words.duration("last").unwrap_or(at_ms);
    Fire {
        schedule,
        generation: generation.parse().expect("a generation is a number"),
        at_ms,
        last_ms,
        next_at_ms: words.duration("next"),
        run_at_ms: words.duration("run_at").unwrap_or(last_ms),
        missed: words.flag("missed"),
    }
}

pub(super) fn fired(fired: &Fired) -> String {
    match fired.task {
        Some(task) => format!("t{task}"),
        None => format!("skipped: {}", fired.skipped().as_str()),
    }
}

/// A schedule and how far it has come.
pub(super) fn planned(machine: &Machine, name: &str) -> String {
    let Some(view) = machine.schedule(name) else { return "no schedule".into() };
    let skip = |skip: Skip| format!("{} ({})", time(skip.at_ms), skip.reason().as_str());
    let facts = [
        ("next", view.next_at.map(|at| time(at.as_millis()))),
        ("last", view.last_at.map(|at| time(at.as_millis()))),
        ("task", view.last_task.map(|task| task.to_string())),
        ("skip", view.last_skip.map(skip)),
        ("paused", view.settings.paused.then(|| "yes".into())),
    ];
    let mut text = format!("generation={}", view.generation);
    for (name, value) in facts {
        text.extend(value.map(|value| format!(" {name}={value}")));
    }
    text
}
