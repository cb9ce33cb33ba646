//! One of everything that is on disk, with every field set to something of its own.

mod feed;
pub(crate) mod order;
mod queues;
pub(crate) mod schedule;
mod tasks;
pub(crate) mod workers;
pub(crate) mod workflows;

use std::collections::BTreeMap;

use bytes::Bytes;
use ferry_core::command::{
    Ack, Action, Cancel, DeadFilter, DeleteQueue, Dequeue, Enqueue, Extend, Idempotency, LeaseAck,
    LeaseNack, Nack, NewTask, Operation, PauseQueue, Purge, PurgedState, PutQueue, QueueSettings,
    Redrive, Release, Require, Retry, RetryPolicy, RunNow, Settle, Settlement, Step, Sweep,
    TableLimits, Transact, Unique,
};
use ferry_core::rejection::{
    AlreadyExists, IdempotencyMismatch, LeaseLost, LeaseNotFound, OperationRefused, QueueFull,
    QueueLimit, QueueNotEmpty, QueueNotFound, StateCounts, TaskNotFound, WrongState,
};
use ferry_core::reply::{
    Accepted, Dequeued, Done, Enqueued, Lease, OperationResult, QueueDeleted, QueuePut, Refused,
    SettleOutcome, Settled, SettledItem, Swept, TaskChanged, Transacted,
};
use ferry_core::row::{CountersRow, EndedRow, IdempotencyRow, KeptAnswer, QueueRow, TaskRow};
use ferry_core::{Command, Entry, Proposal, Rejection, Reply, StateName};

const RETRY: RetryPolicy =
    RetryPolicy { initial_ms: 101, multiplier_milli: 102, max_ms: 103, jitter_milli: 104 };

const SETTINGS: QueueSettings = QueueSettings {
    lease_ms: 111,
    max_attempts: 112,
    retry: RETRY,
    max_tasks: Some(113),
    max_bytes: Some(114),
    result_retention_ms: 115,
    dead_retention_ms: Some(116),
    ttl_ms: None,
    max_concurrency: None,
    rate: None,
    key_concurrency: None,
    fair: false,
    assign: None,
};

const SWEEP: Sweep = Sweep { after: 121, before: 122, done: 123 };

/// An entry for each command.
pub(crate) fn commands() -> impl Iterator<Item = (&'static str, Entry)> {
    let all = [
        ("command-enqueue", Command::Enqueue(enqueue())),
        ("command-dequeue", Command::Dequeue(dequeue())),
        ("command-settle", Command::Settle(Settle { items: settlements() })),
        (
            "command-put-queue",
            Command::PutQueue(Box::new(PutQueue { queue: "q".into(), settings: SETTINGS })),
        ),
        (
            "command-delete-queue",
            Command::DeleteQueue(DeleteQueue { queue: "q".into(), force: true }),
        ),
        ("command-cancel", Command::Cancel(Cancel { task: 124 })),
        ("command-retry", Command::Retry(Retry { task: 124 })),
        ("command-run-now", Command::RunNow(RunNow { task: 124 })),
        (
            "command-pause-queue",
            Command::PauseQueue(PauseQueue { queue: "q".into(), paused: true }),
        ),
        ("command-purge", Command::Purge(purge())),
        ("command-redrive", Command::Redrive(Box::new(redrive()))),
        ("command-transact", Command::Transact(transact())),
        ("command-enqueue-tied", Command::Enqueue(tied())),
    ];
    let all = all
        .into_iter()
        .chain(order::commands())
        .chain(workers::commands())
        .chain(workflows::commands())
        .chain(schedule::commands());
    all.map(|(name, command)| (name, entry(command)))
}

fn entry(command: Command) -> Entry {
    let idempotency = Idempotency {
        key: "key".into(),
        fingerprint: Bytes::from_static(b"0123456789abcdef"),
        retention_ms: 1,
        forwarded: true,
    };
    Entry {
        at_ms: 2,
        limits: TableLimits { idempotency_keys_max: 3, finished_tasks_max: 4, events_max: 0 },
        proposals: vec![Proposal { command: Some(command), idempotency: Some(idempotency) }],
        node: 0,
    }
}

/// An entry in which only time passes.
pub(crate) fn tick() -> (&'static str, Entry) {
    let limits = TableLimits { idempotency_keys_max: 3, finished_tasks_max: 4, events_max: 5 };
    ("entry-tick", Entry { at_ms: 2, limits, proposals: Vec::new(), node: 6 })
}

fn enqueue() -> Enqueue {
    let task = NewTask {
        payload: Bytes::from_static(b"{}"),
        payload_is_bytes: true,
        priority: 9,
        run_at_ms: Some(11),
        delay_ms: 12,
        max_attempts: Some(13),
        lease_ms: Some(14),
        retry: Some(RETRY),
        task_type: Some("type".into()),
        labels: labels(),
        traceparent: Some("trace".into()),
        ..NewTask::default()
    };
    Enqueue { queue: "q".into(), tasks: vec![task, NewTask::default()], create_queue: true }
}

/// What binds a task to time and to others.
fn tied() -> Enqueue {
    let task = NewTask {
        ttl_ms: Some(141),
        unique: Some(unique()),
        depends_on: vec![142, 143],
        run_on_dependency_failure: true,
        ..NewTask::default()
    };
    Enqueue { queue: "q".into(), tasks: vec![task], create_queue: false }
}

fn unique() -> Unique {
    Unique { key: "u".into(), until_ms: Some(144) }
}

fn transact() -> Transact {
    let ack = Ack { result: Bytes::from_static(b"1") };
    let nack = Nack { error: Some("boom".into()), delay_ms: Some(31), dead: true };
    let steps = [
        Step::Enqueue(tied()),
        Step::Ack(LeaseAck { task: 145, token: 146, ack }),
        Step::Nack(LeaseNack { task: 147, token: 148, nack }),
        Step::Cancel(Cancel { task: 149 }),
        Step::Require(Require { task: 150, state: StateName::Ready.into() }),
    ];
    let operation = |step| Operation { step: Some(step) };
    Transact { operations: steps.into_iter().map(operation).collect() }
}

fn purge() -> Purge {
    Purge { queue: "q".into(), state: PurgedState::Dead.into(), from: Some(SWEEP) }
}

fn redrive() -> Redrive {
    let filter = DeadFilter {
        task_type: Some("type".into()),
        key: Some("key".into()),
        labels: labels(),
        error: Some("boom".into()),
    };
    Redrive { queue: "q".into(), filter, max: Some(125), from: Some(SWEEP) }
}

fn labels() -> BTreeMap<String, String> {
    BTreeMap::from([("k".into(), "v".into())])
}

fn dequeue() -> Dequeue {
    Dequeue {
        queues: vec!["q".into(), "r".into()],
        max: 21,
        lease_ms: Some(22),
        worker: Some("w".into()),
        settle: settlements(),
    }
}

fn settlements() -> Vec<Settlement> {
    let actions = [
        Action::Ack(Ack { result: Bytes::from_static(b"1") }),
        Action::Nack(Nack { error: Some("boom".into()), delay_ms: Some(31), dead: true }),
        Action::Extend(Extend { lease_ms: Some(32) }),
        Action::Release(Release {}),
    ];
    let settlement = |action| Settlement { task: 33, token: 34, action: Some(action) };
    actions.into_iter().map(settlement).collect()
}

/// Each reply, as it is kept.
pub(crate) fn replies() -> impl Iterator<Item = (&'static str, KeptAnswer)> {
    let lease = Lease { task: 41, token: 42, attempt: 43, started_at_ms: 44, expires_at_ms: 45 };
    let changed = TaskChanged { queue: "q".into(), row: tasks::ended_task() };
    let swept = Swept { tasks: 126, next: Some(SWEEP), full: true };
    let enqueued =
        Enqueued { first_task: 46, tasks: 47, at_ms: 48, index: 49, state: 0, ttl_ms: None };
    let with_ttl = Enqueued { ttl_ms: Some(50), ..enqueued };
    let all = [
        ("reply-enqueued", Reply::Enqueued(enqueued)),
        ("reply-enqueued-ttl", Reply::Enqueued(with_ttl)),
        (
            "reply-dequeued",
            Reply::Dequeued(Dequeued {
                settled: settled(),
                leases: vec![lease],
                not_before_ms: None,
            }),
        ),
        ("reply-settled", Reply::Settled(Settled { items: settled() })),
        ("reply-queue-deleted", Reply::QueueDeleted(QueueDeleted {})),
        ("reply-task-changed", Reply::TaskChanged(Box::new(changed))),
        ("reply-purged", Reply::Purged(swept)),
        ("reply-redriven", Reply::Redriven(swept)),
        ("reply-transacted", Reply::Transacted(transacted())),
    ];
    all.into_iter()
        .chain(order::replies())
        .chain(workers::replies())
        .chain(workflows::replies())
        .chain(queues::replies())
        .chain(schedule::replies())
        .map(|(name, reply)| (name, KeptAnswer { reply: Some(reply) }))
}

fn transacted() -> Transacted {
    let accepted =
        Accepted { task: 151, state: StateName::Ready.into(), attempt: 152, expires_at_ms: None };
    let enqueued = Enqueued {
        first_task: 153,
        tasks: 1,
        at_ms: 154,
        index: 155,
        state: StateName::Blocked.into(),
        ttl_ms: None,
    };
    let changed = TaskChanged { queue: "q".into(), row: tasks::ended_task() };
    let done = [
        Done::Enqueued(enqueued),
        Done::Settled(accepted),
        Done::Cancelled(Box::new(changed)),
        Done::Met(accepted),
    ];
    let result = |done| OperationResult { done: Some(done) };
    Transacted { results: done.into_iter().map(result).collect() }
}

fn settled() -> Vec<SettledItem> {
    let state = StateName::Leased.into();
    let accepted = Accepted { task: 51, state, attempt: 52, expires_at_ms: Some(53) };
    let lost = Rejection::LeaseNotFound(LeaseNotFound { task: 54, token: 55 });
    let refused = Refused { rejection: Some(lost) };
    [SettleOutcome::Accepted(accepted), SettleOutcome::Refused(refused)]
        .map(|outcome| SettledItem { outcome: Some(outcome) })
        .into()
}

/// Each rejection, as a refused settlement holds it.
pub(crate) fn refusals() -> impl Iterator<Item = (&'static str, Refused)> {
    let queue = || "q".into();
    let counts = StateCounts {
        scheduled: 61,
        ready: 62,
        leased: 63,
        retrying: 64,
        succeeded: 65,
        dead: 66,
        ..StateCounts::default()
    };
    let exists = AlreadyExists { task: 76, unique: "u".into(), ..AlreadyExists::default() };
    let sibling = AlreadyExists { task: 0, item: Some(5), sibling: Some(4), ..exists.clone() };
    let refused = Refused { rejection: Some(Rejection::AlreadyExists(exists.clone())) };
    let operation = OperationRefused { operation: 77, refused: Some(Box::new(refused)) };
    let wrong = WrongState { task: 75, state: StateName::Expired.into() };
    let lost = LeaseLost { task: 67, token: 68, state: StateName::Dead.into(), attempt: 69 };
    let all = [
        ("rejection-queue-not-found", Rejection::QueueNotFound(QueueNotFound { queue: queue() })),
        (
            "rejection-queue-full",
            Rejection::QueueFull(QueueFull { queue: queue(), limit: 70, bytes: true }),
        ),
        (
            "rejection-queue-not-empty",
            Rejection::QueueNotEmpty(QueueNotEmpty { queue: queue(), counts }),
        ),
        ("rejection-lease-lost", Rejection::LeaseLost(lost)),
        (
            "rejection-lease-not-found",
            Rejection::LeaseNotFound(LeaseNotFound { task: 71, token: 72 }),
        ),
        (
            "rejection-idempotency-mismatch",
            Rejection::IdempotencyMismatch(IdempotencyMismatch { key: "key".into() }),
        ),
        ("rejection-queue-limit", Rejection::QueueLimit(QueueLimit { limit: 73 })),
        (
            "rejection-task-not-found",
            Rejection::TaskNotFound(TaskNotFound { task: 74, item: None }),
        ),
        (
            "rejection-task-not-found-item",
            Rejection::TaskNotFound(TaskNotFound { task: 74, item: Some(3) }),
        ),
        ("rejection-wrong-state", Rejection::WrongState(wrong)),
        ("rejection-already-exists", Rejection::AlreadyExists(exists)),
        ("rejection-already-exists-sibling", Rejection::AlreadyExists(sibling)),
        ("rejection-operation-refused", Rejection::OperationRefused(operation)),
    ];
    all.into_iter()
        .chain(order::refusals())
        .chain(workers::refusals())
        .chain(workflows::refusals())
        .chain(schedule::refusals())
        .map(|(name, rejection)| (name, Refused { rejection: Some(rejection) }))
}

/// Each kind of row.
pub(crate) struct Rows {
    pub(crate) counters: CountersRow,
    pub(crate) queue: QueueRow,
    pub(crate) queue_deleted: QueueRow,
    pub(crate) task: TaskRow,
    pub(crate) idempotency: IdempotencyRow,
    pub(crate) task_ended: TaskRow,
    pub(crate) ended: EndedRow,
    pub(crate) feed: feed::FeedRows,
}

/// A row of each kind.
pub(crate) fn rows() -> Rows {
    let counters = CountersRow {
        now_ms: 81,
        next_task: 82,
        next_token: 83,
        next_queue: 84,
        next_idempotency: 85,
        ..CountersRow::default()
    };
    let idempotency = IdempotencyRow {
        id: 86,
        key: "key".into(),
        forwarded: true,
        fingerprint: Bytes::from_static(b"0123456789abcdef"),
        expires_at_ms: 87,
        answer: KeptAnswer {
            reply: Some(Reply::QueuePut(QueuePut { created: true, status: None })),
        },
    };
    let queue = QueueRow { id: 88, name: "q".into(), settings: SETTINGS, ..QueueRow::default() };
    let queue_deleted = QueueRow { deleted: true, ..queue.clone() };
    let ended = EndedRow { task: 136, failed: true };
    let task_ended = tasks::ended_task();
    let feed = feed::rows(counters, tasks::task());
    Rows {
        counters,
        queue,
        queue_deleted,
        task: tasks::task(),
        idempotency,
        task_ended,
        ended,
        feed,
    }
}
