//! What scripts say of workers, and how they show them.

use std::collections::BTreeMap;

use ferry_core::command::{
    Assign, AssignPolicy, Assignment, BestFit, EndSessions, LeastLoaded, PutWorker, Session,
    WorkerSettings,
};
use ferry_core::reply::{Assigned, AssignedItem, AssignmentOutcome, SessionsEnded, WorkerPut};
use ferry_core::{Machine, Seen};
use ferry_types::{TaskId, Timestamp};

use super::parse::list;
use super::print::{leases, time};
use super::words::Words;

pub(super) fn put(words: &mut Words) -> PutWorker {
    let worker = words.next();
    let settings = WorkerSettings {
        queues: words.option("queues").map(|text| list(&text)).unwrap_or_default(),
        slots: words.parsed("slots").unwrap_or(1),
        resources: words.option("resources").map(|text| resources(&text)).unwrap_or_default(),
        labels: words.option("labels").map(|text| labels(&text)).unwrap_or_default(),
        session_ms: words.duration("session").unwrap_or(10_000),
    };
    PutWorker { worker, settings }
}

/// `w:1 v:2`.
pub(super) fn sessions(text: &str) -> EndSessions {
    EndSessions { sessions: text.split_whitespace().map(session).collect() }
}

/// `t1:w:1 t2:v:2`.
pub(super) fn assign(text: &str) -> Assign {
    let item = |text: &str| {
        let (task, to) = text.split_once(':').expect("an assignment is TASK:WORKER:SESSION");
        let task: TaskId = task.parse().unwrap_or_else(|_| panic!("{task} is no id"));
        Assignment { task: task.get(), to: session(to) }
    };
    Assign { items: text.split_whitespace().map(item).collect() }
}

fn session(text: &str) -> Session {
    let (worker, session) = text.split_once(':').expect("a session is WORKER:NUMBER");
    let session = session.parse().unwrap_or_else(|_| panic!("{session} is no number"));
    Session { worker: worker.into(), session }
}

/// `cpu:2,gpu:1`.
pub(super) fn resources(text: &str) -> BTreeMap<String, u64> {
    let amount = |text: String| text.parse().unwrap_or_else(|_| panic!("{text} is no amount"));
    labels(text).into_iter().map(|(name, text)| (name, amount(text))).collect()
}

/// `zone:a,disk:ssd`.
pub(super) fn labels(text: &str) -> BTreeMap<String, String> {
    let pair = |text: &str| {
        let (name, value) = text.split_once(':').expect("it is NAME:VALUE");
        (name.into(), value.into())
    };
    text.split(',').map(pair).collect()
}

pub(super) fn policy(text: &str) -> AssignPolicy {
    match text {
        "least_loaded" => AssignPolicy::LeastLoaded(LeastLoaded {}),
        "best_fit" => AssignPolicy::BestFit(BestFit {}),
        label => AssignPolicy::Spread(label.into()),
    }
}

pub(super) fn put_answer(put: &WorkerPut) -> String {
    format!("{} session={}", if put.created { "created" } else { "replaced" }, put.session)
}

pub(super) fn ended(SessionsEnded { seen, ended, leases }: &SessionsEnded) -> String {
    format!("ended {ended} of {seen} leases={leases}")
}

pub(super) fn assigned(assigned: &Assigned) -> String {
    assigned.items.iter().map(assigned_item).collect::<Vec<_>>().join(", ")
}

fn assigned_item(item: &AssignedItem) -> String {
    match item.outcome.expect("an item has an outcome") {
        AssignmentOutcome::Leased(lease) => leases(&[lease]).join(""),
        AssignmentOutcome::Refused(refused) => {
            let at = refused.not_before_ms.map(|at| format!(" before {}", time(at)));
            format!("refused: {}{}", refused.reason(), at.unwrap_or_default())
        }
    }
}

/// What a task needs, if anything.
pub(super) fn needs(
    resources: &BTreeMap<String, u64>,
    selector: &BTreeMap<String, String>,
) -> Option<String> {
    let resources = resources.iter().map(|(name, amount)| format!("{name}:{amount}"));
    let selector = selector.iter().map(|(label, value)| format!("{label}={value}"));
    let text: Vec<String> = resources.chain(selector).collect();
    (!text.is_empty()).then(|| text.join(","))
}

/// A worker, with what it holds.
pub(super) fn shown(machine: &Machine, name: &str) -> String {
    let Some(worker) = machine.worker(name) else { return "no worker".into() };
    let held: Vec<String> = worker.held.iter().map(TaskId::to_string).collect();
    let used = needs(worker.used, &BTreeMap::new()).unwrap_or("nothing".into());
    let draining = if worker.draining { " draining" } else { "" };
    let (session, free) = (worker.session, worker.free_slots());
    let held = if held.is_empty() { "nothing".into() } else { held.join(",") };
    format!("session={session}{draining} holds {held} uses {used} free={free}")
}

/// What the scheduler sees of a queue, if so many tasks of each kind find a worker.
pub(super) fn looked(machine: &Machine, words: &mut Words) -> String {
    let queue = words.next();
    let now = words.duration("at").map_or(machine.now(), Timestamp::from_millis);
    let fitting: usize = words.parsed("fitting").unwrap_or(usize::MAX);
    let (mut seen, mut kinds) = (Vec::new(), BTreeMap::<_, usize>::new());
    let not_before = machine.look(&queue, now, |task| {
        let count = kinds.entry((task.task_type, task.resources, task.selector)).or_default();
        *count += 1;
        if *count > fitting {
            return Seen::FitsNobody;
        }
        seen.push(task.id.to_string());
        Seen::Taken
    });
    let more = not_before.map(|at| format!("more at {}", time(at.as_millis())));
    seen.extend(more);
    if seen.is_empty() { "nothing".into() } else { seen.join(", ") }
}
