use bytes::Bytes;
use ferry_core::command::{
    Ack, Action, Extend, Idempotency, Nack, PutQueue, QueueSettings, Release,
};
use ferry_core::{Command, Entry};

use super::{Backlog, QUEUE, STEP_MS, dequeue, settle, settlement};

/// Commands in the entries of most scenarios: what 64 callers ask at a time.
const COMMANDS: usize = 64;
/// Tasks of a batch.
const BATCH_TASKS: usize = 100;

/// A command, asked again and again of a backlog whose size stays.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    /// What its tasks ask for.
    pub(crate) wish: Wish,
    /// Tasks, settlements or settings in an entry.
    pub(crate) operations: usize,
    entry: fn(&mut Backlog) -> Entry,
}

/// What the tasks of a backlog ask for, so that they may not all run at once.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Wish {
    Nothing,
    /// One of a thousand keys.
    Key,
    /// One of a thousand keys, in a fair queue.
    FairKey,
    /// One of a thousand locks.
    Lock,
    /// To be assigned to one of some registered workers.
    Worker,
}

impl Scenario {
    /// Every scenario.
    pub(crate) const ALL: [Self; 15] = [
        Self::of("enqueue", COMMANDS, enqueue),
        Self::of("enqueue-keyed", COMMANDS, enqueue_keyed),
        Self::of("enqueue-batch", BATCH_TASKS, enqueue_batch),
        Self::of("dequeue", COMMANDS, dequeue_alone),
        Self::of("dequeue-batch", BATCH_TASKS, dequeue_batch),
        Self::of("dequeue-settle", COMMANDS, dequeue_and_settle),
        Self::of("dequeue-settle-key", COMMANDS, dequeue_and_settle).wishing(Wish::Key),
        Self::of("dequeue-settle-fair-key", COMMANDS, dequeue_and_settle).wishing(Wish::FairKey),
        Self::of("dequeue-settle-lock", COMMANDS, dequeue_and_settle).wishing(Wish::Lock),
        Self::of("assign-batch", BATCH_TASKS, assign_batch).wishing(Wish::Worker),
        Self::of("ack", COMMANDS, ack),
        Self::of("nack", COMMANDS, nack),
        Self::of("extend", COMMANDS, extend),
        Self::of("release", COMMANDS, release),
        Self::of("put-queue", COMMANDS, put_queue),
    ];

    const fn of(name: &'static str, operations: usize, entry: fn(&mut Backlog) -> Entry) -> Self {
        Self { name, wish: Wish::Nothing, operations, entry }
    }

    const fn wishing(self, wish: Wish) -> Self {
        Self { wish, ..self }
    }

    /// Undoes what the last entry has done, and gives the next.
    pub(crate) fn prepare(&self, backlog: &mut Backlog) -> Entry {
        backlog.level();
        (self.entry)(backlog)
    }
}

fn enqueue(backlog: &mut Backlog) -> Entry {
    let command = backlog.enqueue(1);
    backlog.entry(vec![command; COMMANDS])
}

fn enqueue_keyed(backlog: &mut Backlog) -> Entry {
    let mut entry = enqueue(backlog);
    for (number, proposal) in entry.proposals.iter_mut().enumerate() {
        proposal.idempotency = Some(Idempotency {
            key: format!("request-{}-{number}", backlog.entries),
            fingerprint: Bytes::from_static(b"0123456789abcdef"),
            retention_ms: 600_000,
            forwarded: true,
        });
    }
    entry
}

fn enqueue_batch(backlog: &mut Backlog) -> Entry {
    let command = backlog.enqueue(BATCH_TASKS);
    backlog.entry([command])
}

fn dequeue_alone(backlog: &mut Backlog) -> Entry {
    backlog.entry(vec![dequeue(1, Vec::new()); COMMANDS])
}

fn dequeue_batch(backlog: &mut Backlog) -> Entry {
    backlog.entry([dequeue(BATCH_TASKS as u32, Vec::new())])
}

/// What the scheduler asks when it has found a worker for each.
fn assign_batch(backlog: &mut Backlog) -> Entry {
    let command = backlog.assignments(BATCH_TASKS);
    backlog.entry([command])
}

/// What a worker's round trip asks: settle the last task, lease the next.
fn dequeue_and_settle(backlog: &mut Backlog) -> Entry {
    let leases = backlog.hold(COMMANDS);
    let ack = |lease| settlement((lease, Action::Ack(Ack::default())));
    backlog.entry(leases.iter().map(|lease| dequeue(1, vec![ack(lease)])))
}

fn ack(backlog: &mut Backlog) -> Entry {
    settle_each(backlog, &Action::Ack(Ack::default()))
}

fn nack(backlog: &mut Backlog) -> Entry {
    let error = Some("connection refused".into());
    // Due again with the next entry.
    settle_each(backlog, &Action::Nack(Nack { error, delay_ms: Some(STEP_MS), dead: false }))
}

fn extend(backlog: &mut Backlog) -> Entry {
    settle_each(backlog, &Action::Extend(Extend { lease_ms: Some(60_000) }))
}

fn release(backlog: &mut Backlog) -> Entry {
    settle_each(backlog, &Action::Release(Release {}))
}

fn put_queue(backlog: &mut Backlog) -> Entry {
    let settings = QueueSettings::standard();
    let command = Command::PutQueue(Box::new(PutQueue { queue: QUEUE.into(), settings }));
    backlog.entry(vec![command; COMMANDS])
}

fn settle_each(backlog: &mut Backlog, action: &Action) -> Entry {
    let leases = backlog.hold(COMMANDS);
    backlog.entry(leases.iter().map(|lease| settle([(lease, action.clone())].into_iter())))
}
