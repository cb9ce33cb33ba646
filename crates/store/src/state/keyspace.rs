use ferry_types::{LogIndex, TaskId};

/// The first byte of every state key. Tags are on disk: never change or reuse one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Keyspace {
    /// What is applied and who is a member: see [`APPLIED_KEY`] and [`MEMBERSHIP_KEY`].
    Meta = 0x01,
    /// The row of counters: the tag alone.
    Counters = 0x02,
    /// By the queue's number.
    Queue = 0x03,
    /// By the task's number: a scan visits tasks in enqueue order.
    Task = 0x04,
    /// By the task's number.
    Payload = 0x05,
    /// By the task's number.
    Result = 0x06,
    /// By the row's number: a scan visits kept answers in the order of their eviction.
    Idempotency = 0x07,
    /// By the limit's name.
    Limit = 0x08,
    /// By the index of the entry: a scan visits what happened in the order of the log.
    Events = 0x09,
    /// The row of leaders: the tag alone.
    Leaders = 0x0a,
    /// By the queue's number and the key.
    Lane = 0x0b,
    /// By the task's number.
    Ended = 0x0c,
    /// By the worker's name.
    Worker = 0x0d,
    /// By the schedule's name.
    Schedule = 0x0e,
    /// By the number of the workflow's first task.
    Workflow = 0x0f,
    /// By the task's number and that of the task that it waits for.
    Wait = 0x10,
}

impl Keyspace {
    /// Every keyspace, in key order.
    pub(crate) const ALL: [Self; 16] = [
        Self::Meta,
        Self::Counters,
        Self::Queue,
        Self::Task,
        Self::Payload,
        Self::Result,
        Self::Idempotency,
        Self::Limit,
        Self::Events,
        Self::Leaders,
        Self::Lane,
        Self::Ended,
        Self::Worker,
        Self::Schedule,
        Self::Workflow,
        Self::Wait,
    ];

    /// The keyspace of a key; `None` if no keyspace has its tag.
    pub(crate) fn of(key: &[u8]) -> Option<Self> {
        let tag = *key.first()?;
        Self::ALL.into_iter().find(|keyspace| *keyspace as u8 == tag)
    }
}

/// The last applied log entry.
pub(crate) const APPLIED_KEY: [u8; 2] = [Keyspace::Meta as u8, 0x01];

/// The membership as of the last applied entry.
pub(crate) const MEMBERSHIP_KEY: [u8; 2] = [Keyspace::Meta as u8, 0x02];

/// The one row of counters.
pub(crate) const COUNTERS_KEY: [u8; 1] = [Keyspace::Counters as u8];

/// The one row of leaders.
pub(crate) const LEADERS_KEY: [u8; 1] = [Keyspace::Leaders as u8];

/// A queue, 5 bytes: tag, number (u32, big-endian).
pub(crate) fn queue_key(id: u32) -> [u8; 5] {
    let mut key = [Keyspace::Queue as u8; 5];
    key[1..].copy_from_slice(&id.to_be_bytes());
    key
}

/// A task, 9 bytes: tag, number (u64, big-endian).
pub(crate) fn task_key(id: TaskId) -> [u8; 9] {
    numbered_key(Keyspace::Task, id.get())
}

/// A task's payload, 9 bytes: tag, the task's number (u64, big-endian).
pub(crate) fn payload_key(id: TaskId) -> [u8; 9] {
    numbered_key(Keyspace::Payload, id.get())
}

/// A task's result, 9 bytes: tag, the task's number (u64, big-endian).
pub(crate) fn result_key(id: TaskId) -> [u8; 9] {
    numbered_key(Keyspace::Result, id.get())
}

/// A kept answer, 9 bytes: tag, the row's number (u64, big-endian).
pub(crate) fn idempotency_key(id: u64) -> [u8; 9] {
    numbered_key(Keyspace::Idempotency, id)
}

/// A named limit: tag, name.
pub(crate) fn limit_key(name: &str) -> Vec<u8> {
    [&[Keyspace::Limit as u8], name.as_bytes()].concat()
}

/// A registered worker: tag, name.
pub(crate) fn worker_key(name: &str) -> Vec<u8> {
    [&[Keyspace::Worker as u8], name.as_bytes()].concat()
}

/// The turn of a key: tag, the queue's number (u32, big-endian), key.
pub(crate) fn lane_key(queue: u32, key: &str) -> Vec<u8> {
    [&[Keyspace::Lane as u8], queue.to_be_bytes().as_slice(), key.as_bytes()].concat()
}

/// A schedule: tag, name.
pub(crate) fn schedule_key(name: &str) -> Vec<u8> {
    [&[Keyspace::Schedule as u8], name.as_bytes()].concat()
}

/// How a task ended, 9 bytes: tag, the task's number (u64, big-endian).
pub(crate) fn ended_key(id: TaskId) -> [u8; 9] {
    numbered_key(Keyspace::Ended, id.get())
}

/// What an entry did to tasks, 9 bytes: tag, the entry's index (u64, big-endian).
pub(crate) fn events_key(index: LogIndex) -> [u8; 9] {
    numbered_key(Keyspace::Events, index.get())
}

/// A workflow, 9 bytes: tag, the number of its first task (u64, big-endian).
pub(crate) fn workflow_key(first: TaskId) -> [u8; 9] {
    numbered_key(Keyspace::Workflow, first.get())
}

/// That a task waits, 17 bytes: tag, the task's number, the number of the task that it waits for
/// (both u64, big-endian).
pub(crate) fn wait_key(id: TaskId, dependency: TaskId) -> [u8; 17] {
    let mut key = [Keyspace::Wait as u8; 17];
    key[1..9].copy_from_slice(&id.get().to_be_bytes());
    key[9..].copy_from_slice(&dependency.get().to_be_bytes());
    key
}

fn numbered_key(keyspace: Keyspace, number: u64) -> [u8; 9] {
    let mut key = [keyspace as u8; 9];
    key[1..].copy_from_slice(&number.to_be_bytes());
    key
}
