//! One of everything that is on disk, with every field set to something of its own.

use std::collections::BTreeMap;

use bytes::Bytes;
use ferry_core::command::{
    Ack, Action, DeleteQueue, Dequeue, Enqueue, Extend, Idempotency, Nack, NewTask, PutQueue,
    QueueSettings, Release, RetryPolicy, Settle, Settlement, TableLimits,
};
use ferry_core::rejection::{
    IdempotencyMismatch, LeaseLost, LeaseNotFound, QueueFull, QueueLimit, QueueNotEmpty,
    QueueNotFound, StateCounts,
};
use ferry_core::reply::{
    Accepted, Dequeued, Enqueued, Lease, QueueDeleted, QueuePut, Refused, SettleOutcome, Settled,
    SettledItem,
};
use ferry_core::row::{CountersRow, IdempotencyRow, KeptAnswer, QueueRow, TaskRow};
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
};

/// An entry for each command.
pub(crate) fn commands() -> impl Iterator<Item = (&'static str, Entry)> {
    let all = [
        ("command-enqueue", Command::Enqueue(enqueue())),
        ("command-dequeue", Command::Dequeue(dequeue())),
        ("command-settle", Command::Settle(Settle { items: settlements() })),
        (
            "command-put-queue",
            Command::PutQueue(PutQueue { queue: "q".into(), settings: SETTINGS }),
        ),
        (
            "command-delete-queue",
            Command::DeleteQueue(DeleteQueue { queue: "q".into(), force: true }),
        ),
    ];
    all.into_iter().map(|(name, command)| (name, entry(command)))
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
        limits: TableLimits { idempotency_keys_max: 3, finished_tasks_max: 4 },
        proposals: vec![Proposal { command: Some(command), idempotency: Some(idempotency) }],
    }
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
    };
    Enqueue { queue: "q".into(), tasks: vec![task, NewTask::default()], create_queue: true }
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
    let enqueued = Enqueued { first_task: 46, tasks: 47, at_ms: 48, index: 49 };
    let all = [
        ("reply-enqueued", Reply::Enqueued(enqueued)),
        ("reply-dequeued", Reply::Dequeued(Dequeued { settled: settled(), leases: vec![lease] })),
        ("reply-settled", Reply::Settled(Settled { items: settled() })),
        ("reply-queue-put", Reply::QueuePut(QueuePut { created: true })),
        ("reply-queue-deleted", Reply::QueueDeleted(QueueDeleted {})),
    ];
    all.into_iter().map(|(name, reply)| (name, KeptAnswer { reply: Some(reply) }))
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
    let counts =
        StateCounts { scheduled: 61, ready: 62, leased: 63, retrying: 64, succeeded: 65, dead: 66 };
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
    ];
    all.into_iter().map(|(name, rejection)| (name, Refused { rejection: Some(rejection) }))
}

/// Each kind of row.
pub(crate) struct Rows {
    pub(crate) counters: CountersRow,
    pub(crate) queue: QueueRow,
    pub(crate) queue_deleted: QueueRow,
    pub(crate) task: TaskRow,
    pub(crate) idempotency: IdempotencyRow,
}

/// A row of each kind.
pub(crate) fn rows() -> Rows {
    let counters = CountersRow {
        now_ms: 81,
        next_task: 82,
        next_token: 83,
        next_queue: 84,
        next_idempotency: 85,
    };
    let idempotency = IdempotencyRow {
        id: 86,
        key: "key".into(),
        forwarded: true,
        fingerprint: Bytes::from_static(b"0123456789abcdef"),
        expires_at_ms: 87,
        answer: KeptAnswer { reply: Some(Reply::QueuePut(QueuePut { created: true })) },
    };
    let queue = QueueRow { id: 88, name: "q".into(), settings: SETTINGS, deleted: false };
    let queue_deleted = QueueRow { deleted: true, ..queue.clone() };
    Rows { counters, queue, queue_deleted, task: task(), idempotency }
}

fn task() -> TaskRow {
    TaskRow {
        id: 91,
        queue: 92,
        state: StateName::Leased.into(),
        priority: 9,
        attempt: 93,
        payload_bytes: 94,
        payload_is_bytes: true,
        enqueued_at_ms: 95,
        index: 96,
        run_at_ms: Some(97),
        token: Some(98),
        started_at_ms: Some(99),
        expires_at_ms: Some(100),
        leased_for_ms: Some(101),
        worker: Some("w".into()),
        finished_at_ms: Some(102),
        max_attempts: Some(103),
        lease_ms: Some(104),
        retry: Some(RETRY),
        task_type: Some("type".into()),
        labels: labels(),
        traceparent: Some("trace".into()),
        last_error: Some("boom".into()),
        kept_until_ms: Some(105),
    }
}
