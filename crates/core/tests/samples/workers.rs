//! Samples of workers, and of what binds tasks to them.

use std::collections::BTreeMap;

use ferry_core::command::{
    Assign, AssignPolicy, Assignment, BestFit, DeleteWorker, DrainWorker, EndSessions, Enqueue,
    LeastLoaded, NewTask, PutQueue, PutWorker, QueueSettings, Session, WorkerSettings,
};
use ferry_core::rejection::{WorkerLimit, WorkerNotFound};
use ferry_core::reply::{
    Assigned, AssignedItem, AssignmentOutcome, Lease, NotAssigned, NotAssignedReason,
    SessionsEnded, WorkerDeleted, WorkerDrained, WorkerPut, WorkerStatus,
};
use ferry_core::row::{QueueRow, TaskRow, WorkerRow};
use ferry_core::{Command, Rejection, Reply, StateName};

fn resources() -> BTreeMap<String, u64> {
    BTreeMap::from([("cpu".into(), 301), ("gpu".into(), 302)])
}

fn labels() -> BTreeMap<String, String> {
    BTreeMap::from([("zone".into(), "a".into()), ("disk".into(), "ssd".into())])
}

fn settings() -> WorkerSettings {
    WorkerSettings {
        queues: vec!["q".into(), "r".into()],
        slots: 303,
        resources: resources(),
        labels: labels(),
        session_ms: 304,
    }
}

fn session() -> Session {
    Session { worker: "w".into(), session: 305 }
}

fn assigning(policy: AssignPolicy) -> QueueSettings {
    QueueSettings { assign: Some(policy), ..QueueSettings::standard() }
}

pub(crate) fn commands() -> [(&'static str, Command); 8] {
    let worker = || "w".to_owned();
    let task = NewTask { resources: resources(), selector: labels(), ..NewTask::default() };
    let enqueue = Enqueue { queue: "q".into(), tasks: vec![task], create_queue: false };
    let put = PutWorker { worker: worker(), settings: settings() };
    let queue = |policy| {
        let settings = assigning(policy);
        Command::PutQueue(Box::new(PutQueue { queue: "q".into(), settings }))
    };
    let assignment = Assignment { task: 306, to: session() };
    [
        ("command-enqueue-needs", Command::Enqueue(enqueue)),
        ("command-put-queue-least-loaded", queue(AssignPolicy::LeastLoaded(LeastLoaded {}))),
        ("command-put-queue-best-fit", queue(AssignPolicy::BestFit(BestFit {}))),
        ("command-put-worker", Command::PutWorker(Box::new(put))),
        ("command-drain-worker", Command::DrainWorker(DrainWorker { worker: worker() })),
        ("command-delete-worker", Command::DeleteWorker(DeleteWorker { worker: worker() })),
        ("command-end-sessions", Command::EndSessions(EndSessions { sessions: vec![session()] })),
        ("command-assign", Command::Assign(Assign { items: vec![assignment] })),
    ]
}

pub(crate) fn replies() -> [(&'static str, Reply); 7] {
    let lease =
        Lease { task: 307, token: 308, attempt: 309, started_at_ms: 310, expires_at_ms: 311 };
    let reason = NotAssignedReason::HeldBack.into();
    let refused = NotAssigned { reason, not_before_ms: Some(312) };
    let outcomes = [AssignmentOutcome::Leased(lease), AssignmentOutcome::Refused(refused)];
    let items = outcomes.map(|outcome| AssignedItem { outcome: Some(outcome) });
    let ended = SessionsEnded { seen: 313, ended: 314, leases: 315 };
    let status = || {
        let row =
            WorkerRow { worker: "w".into(), session: 323, settings: settings(), draining: true };
        Some(Box::new(WorkerStatus { row, leases: 324, used: resources() }))
    };
    let put = WorkerPut { created: true, session: 316, status: None };
    let put_status = WorkerPut { status: status(), ..put.clone() };
    let drained = WorkerDrained { leases: 317, status: None };
    let drained_status = WorkerDrained { status: status(), ..drained };
    [
        ("reply-worker-put", Reply::WorkerPut(put)),
        ("reply-worker-put-status", Reply::WorkerPut(put_status)),
        ("reply-worker-drained", Reply::WorkerDrained(drained)),
        ("reply-worker-drained-status", Reply::WorkerDrained(drained_status)),
        ("reply-worker-deleted", Reply::WorkerDeleted(WorkerDeleted { leases: 318 })),
        ("reply-sessions-ended", Reply::SessionsEnded(ended)),
        ("reply-assigned", Reply::Assigned(Assigned { items: items.into() })),
    ]
}

pub(crate) fn refusals() -> [(&'static str, Rejection); 2] {
    let not_found = WorkerNotFound { worker: "w".into() };
    [
        ("rejection-worker-not-found", Rejection::WorkerNotFound(not_found)),
        ("rejection-worker-limit", Rejection::WorkerLimit(WorkerLimit { limit: 319 })),
    ]
}

/// Rows, and more fields of rows.
pub(crate) struct WorkerRows {
    pub(crate) worker: WorkerRow,
    pub(crate) queue: QueueRow,
    pub(crate) task: TaskRow,
}

pub(crate) fn rows() -> WorkerRows {
    WorkerRows {
        worker: WorkerRow {
            worker: "w".into(),
            session: 320,
            settings: settings(),
            draining: true,
        },
        queue: QueueRow {
            id: 321,
            name: "q".into(),
            settings: assigning(AssignPolicy::Spread("zone".into())),
            ..QueueRow::default()
        },
        task: TaskRow {
            id: 322,
            state: StateName::Ready.into(),
            resources: resources(),
            selector: labels(),
            ..TaskRow::default()
        },
    }
}
