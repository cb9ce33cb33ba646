//! Samples of what decides who may run next.

use ferry_core::command::{
    DeleteLimit, Enqueue, LimitScope, LimitSettings, NewTask, PutLimit, PutQueue, QueueSettings,
    Rate,
};
use ferry_core::rejection::{LimitLimit, LimitNotFound, TooManyKeys};
use ferry_core::reply::{Dequeued, LimitDeleted, LimitPut};
use ferry_core::row::{CountersRow, LaneRow, LimitRow, QueueRow, TaskRow};
use ferry_core::{Command, Rejection, Reply, StateName};

const RATE: Rate = Rate { per_second_milli: 201, burst: Some(202) };

fn settings() -> QueueSettings {
    QueueSettings {
        max_concurrency: Some(203),
        rate: Some(RATE),
        key_concurrency: Some(204),
        fair: true,
        ..QueueSettings::standard()
    }
}

fn limit() -> LimitSettings {
    let scope = LimitScope {
        queue: Some("q".into()),
        key: Some("k".into()),
        task_type: Some("type".into()),
    };
    LimitSettings { scope, max_concurrency: Some(205), rate: Some(RATE) }
}

fn locks() -> Vec<String> {
    vec!["l".into(), "m".into()]
}

pub(crate) fn commands() -> [(&'static str, Command); 4] {
    let task = NewTask { key: Some("k".into()), locks: locks(), ..NewTask::default() };
    let enqueue = Enqueue { queue: "q".into(), tasks: vec![task], create_queue: false };
    let put = PutQueue { queue: "q".into(), settings: settings() };
    let put_limit = PutLimit { limit: "l".into(), settings: limit() };
    [
        ("command-enqueue-order", Command::Enqueue(enqueue)),
        ("command-put-queue-order", Command::PutQueue(Box::new(put))),
        ("command-put-limit", Command::PutLimit(Box::new(put_limit))),
        ("command-delete-limit", Command::DeleteLimit(DeleteLimit { limit: "l".into() })),
    ]
}

pub(crate) fn replies() -> [(&'static str, Reply); 4] {
    let nothing = Dequeued { not_before_ms: Some(206), ..Dequeued::default() };
    [
        ("reply-dequeued-not-before", Reply::Dequeued(nothing)),
        ("reply-limit-put", Reply::LimitPut(LimitPut { created: true, leased: 0 })),
        ("reply-limit-put-leased", Reply::LimitPut(LimitPut { created: false, leased: 3 })),
        ("reply-limit-deleted", Reply::LimitDeleted(LimitDeleted {})),
    ]
}

pub(crate) fn refusals() -> [(&'static str, Rejection); 3] {
    let not_found = LimitNotFound { limit: "l".into() };
    let too_many = TooManyKeys { queue: "q".into(), limit: 208 };
    [
        ("rejection-limit-not-found", Rejection::LimitNotFound(not_found)),
        ("rejection-too-many-keys", Rejection::TooManyKeys(too_many)),
        ("rejection-limit-limit", Rejection::LimitLimit(LimitLimit { limit: 207 })),
    ]
}

/// Rows, and more fields of rows.
pub(crate) struct OrderRows {
    pub(crate) counters: CountersRow,
    pub(crate) queue: QueueRow,
    pub(crate) task: TaskRow,
    pub(crate) limit: LimitRow,
    pub(crate) lane: LaneRow,
}

pub(crate) fn rows() -> OrderRows {
    OrderRows {
        counters: CountersRow { next_turn: 208, ..CountersRow::default() },
        queue: QueueRow {
            id: 209,
            name: "q".into(),
            settings: settings(),
            full_at_ns: 210,
            keyless_turn: Some(211),
            ..QueueRow::default()
        },
        task: TaskRow {
            id: 212,
            state: StateName::Ready.into(),
            key: Some("k".into()),
            locks: locks(),
            ..TaskRow::default()
        },
        limit: LimitRow { limit: "l".into(), settings: limit(), full_at_ns: 213 },
        lane: LaneRow { queue: 214, key: "k".into(), turn: 215 },
    }
}
