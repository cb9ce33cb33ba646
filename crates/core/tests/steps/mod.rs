//! Random steps. They say whom they mean by place (the last lease but two), so that what is left
//! after shrinking still means something.

mod order;
mod part;
pub(crate) mod past;
mod schedules;
mod workers;
mod workflows;

use bytes::Bytes;
use ferry_core::command::{
    Ack, Action, Cancel, DeadFilter, DeleteQueue, Dequeue, Enqueue, Extend, Idempotency, Nack,
    NewTask, Operation, PauseQueue, Purge, PurgedState, PutQueue, QueueSettings, Redrive, Release,
    Retry, RetryPolicy, RunNow, Settle, Settlement, TableLimits, Transact, Unique,
};
use ferry_core::{Command, Entry, Proposal};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use part::{Part, part};
use past::Past;
use workers::OfWorkers;

/// What all payloads are made of.
static PAYLOAD: [u8; (4 << 20) + 1] = [b'x'; (4 << 20) + 1];

/// An entry to come.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// How far the leader's clock goes, or goes back, in milliseconds.
    pub(crate) clock: i64,
    /// Whether the machine is restored from its rows first.
    pub(crate) restart: bool,
    /// Which node leads.
    node: u64,
    limits: TableLimits,
    asked: Vec<(Asked, Option<Key>)>,
}

#[derive(Clone, Debug)]
enum Asked {
    /// Payloads are made up late: a large one would fill the screen when a history is printed.
    Enqueue(Enqueue, Vec<usize>),
    Dequeue(Dequeue, Vec<Choice>),
    Settle(Vec<Choice>),
    Put(PutQueue),
    Delete(DeleteQueue),
    /// Of the task that was enqueued so many before the last.
    OfTask(OfTask, u64),
    /// Of a queue, a named limit, a workflow or a schedule.
    OfQueue(Command),
    Transact(Vec<Part>),
    OfWorkers(OfWorkers),
    Fire(schedules::Firing),
}

#[derive(Clone, Copy, Debug)]
enum OfTask {
    Cancel,
    Retry,
    RunNow,
}

/// The lease granted so many grants before the last, and what to do with it.
#[derive(Clone, Debug)]
struct Choice {
    back: usize,
    token_off: u64,
    action: Action,
}

#[derive(Clone, Debug)]
struct Key {
    key: String,
    fingerprint: u8,
    retention_ms: u64,
    forwarded: bool,
}

impl Step {
    /// The entry, given the leader's clock and what has come of the steps so far.
    pub(crate) fn entry(&self, at_ms: u64, past: &Past) -> Entry {
        let tasks = past.tasks;
        let settlements = |choices: &[Choice]| {
            choices.iter().filter_map(|choice| choice.settlement(past)).collect()
        };
        let command = |asked: &Asked| match asked {
            Asked::Enqueue(enqueue, sizes) => Command::Enqueue(complete(enqueue, sizes, tasks)),
            Asked::Dequeue(dequeue, choices) => {
                Command::Dequeue(Dequeue { settle: settlements(choices), ..dequeue.clone() })
            }
            Asked::Settle(choices) => Command::Settle(Settle { items: settlements(choices) }),
            Asked::Put(put) => Command::PutQueue(Box::new(put.clone())),
            Asked::Delete(delete) => Command::DeleteQueue(delete.clone()),
            Asked::OfTask(of_task, back) => of_task.command(tasks.saturating_sub(*back)),
            Asked::OfQueue(command) => workflows::placed(command, tasks),
            Asked::Fire(firing) => firing.command(&past.schedules),
            Asked::Transact(parts) => {
                let step = |part: &Part| part.step(past);
                let operations = parts.iter().filter_map(step);
                let operations = operations.map(|step| Operation { step: Some(step) }).collect();
                Command::Transact(Transact { operations })
            }
            Asked::OfWorkers(of_workers) => of_workers.command(past),
        };
        let proposal = |(asked, key): &(Asked, Option<Key>)| Proposal {
            command: Some(command(asked)),
            idempotency: key.as_ref().map(|key| Idempotency {
                key: key.key.clone(),
                fingerprint: Bytes::from(vec![key.fingerprint]),
                retention_ms: key.retention_ms,
                forwarded: key.forwarded,
            }),
        };
        Entry {
            at_ms,
            limits: self.limits,
            proposals: self.asked.iter().map(proposal).collect(),
            node: self.node,
        }
    }
}

impl Step {
    /// The worker that each proposal puts, if it does.
    pub(crate) fn puts(&self) -> Vec<Option<String>> {
        let put = |(asked, _): &(Asked, Option<Key>)| {
            let Asked::OfWorkers(OfWorkers::Just(Command::PutWorker(put))) = asked else {
                return None;
            };
            Some(put.worker.clone())
        };
        self.asked.iter().map(put).collect()
    }
}

impl OfTask {
    fn command(self, task: u64) -> Command {
        match self {
            Self::Cancel => Command::Cancel(Cancel { task }),
            Self::Retry => Command::Retry(Retry { task }),
            Self::RunNow => Command::RunNow(RunNow { task }),
        }
    }
}

impl Choice {
    fn settlement(&self, past: &Past) -> Option<Settlement> {
        let (task, token) = past.granted.iter().rev().nth(self.back)?;
        let action = Some(self.action.clone());
        Some(Settlement { task: *task, token: token + self.token_off, action })
    }
}

/// A step of any kind.
pub(crate) fn step() -> impl Strategy<Value = Step> {
    let clock = prop_oneof![
        4 => Just(0),
        6 => (1..8_i64).prop_map(|halves| halves * 500),
        1 => Just(60_000),
        1 => Just(-7_000),
    ];
    let limits = prop_oneof![8 => Just((4, 5, 6)), 1 => Just((1, 1, 1)), 1 => Just((0, 0, 0))];
    let limits = limits.prop_map(|(keys, finished, events)| TableLimits {
        idempotency_keys_max: keys,
        finished_tasks_max: finished,
        events_max: events,
    });
    let node = prop_oneof![8 => Just(1), 1 => Just(2), 1 => Just(3)];
    let asked = vec((asked(), option::weighted(0.2, key())), 0..4);
    let restart = prop::bool::weighted(0.05);
    (clock, restart, limits, node, asked).prop_map(|(clock, restart, limits, node, asked)| Step {
        clock,
        restart,
        node,
        limits,
        asked,
    })
}

fn asked() -> impl Strategy<Value = Asked> {
    prop_oneof![
        8 => enqueue().prop_map(|(enqueue, sizes)| Asked::Enqueue(enqueue, sizes)),
        10 => (dequeue(), vec(choice(), 0..3)).prop_map(|(d, choices)| Asked::Dequeue(d, choices)),
        10 => vec(choice(), 1..4).prop_map(Asked::Settle),
        2 => (queue(), settings()).prop_map(|(queue, settings)| {
            Asked::Put(PutQueue { queue, settings })
        }),
        1 => (queue(), prop::bool::weighted(0.3))
            .prop_map(|(queue, force)| Asked::Delete(DeleteQueue { queue, force })),
        4 => (select(vec![OfTask::Cancel, OfTask::Retry, OfTask::RunNow]), 0..8_u64)
            .prop_map(|(of_task, back)| Asked::OfTask(of_task, back)),
        2 => of_queue().prop_map(Asked::OfQueue),
        2 => order::of_limit().prop_map(Asked::OfQueue),
        3 => workflows::of_workflow().prop_map(Asked::OfQueue),
        3 => vec(part(), 1..4).prop_map(Asked::Transact),
        8 => workers::of_workers().prop_map(Asked::OfWorkers),
        1 => schedules::of_schedule().prop_map(Asked::OfQueue),
        3 => schedules::firing().prop_map(Asked::Fire),
    ]
}

fn of_queue() -> impl Strategy<Value = Command> {
    let states = vec![PurgedState::All, PurgedState::Ready, PurgedState::Dead];
    let key = option::weighted(0.3, order::key()).prop_map(Option::flatten);
    let filter = (option::of(Just("t1".into())), key, option::of(Just("oo".into()))).prop_map(
        |(task_type, key, error)| DeadFilter { task_type, key, error, ..DeadFilter::default() },
    );
    prop_oneof![
        3 => (queue(), prop::bool::weighted(0.3))
            .prop_map(|(queue, paused)| Command::PauseQueue(PauseQueue { queue, paused })),
        1 => (queue(), select(states)).prop_map(|(queue, state)| {
            Command::Purge(Purge { queue, state: state.into(), from: None })
        }),
        2 => (queue(), filter, option::of(0..3_u64)).prop_map(|(queue, filter, max)| {
            Command::Redrive(Box::new(Redrive { queue, filter, max, from: None }))
        }),
    ]
}

fn queue() -> impl Strategy<Value = String> {
    select(vec!["a", "b", "c"]).prop_map(Into::into)
}

fn halves(range: std::ops::Range<u64>) -> impl Strategy<Value = u64> {
    range.prop_map(|halves| halves * 500)
}

fn retry() -> impl Strategy<Value = RetryPolicy> {
    (halves(0..4), 1..4_u32, halves(0..20)).prop_map(|(initial_ms, times, max_ms)| RetryPolicy {
        initial_ms,
        multiplier_milli: times * 1_000,
        max_ms,
        jitter_milli: 0,
    })
}

/// The tasks with payloads of these sizes. What they depend on is said by place: so many tasks
/// before the last of `tasks`.
fn complete(enqueue: &Enqueue, sizes: &[usize], tasks: u64) -> Enqueue {
    let mut enqueue = enqueue.clone();
    for id in enqueue.tasks.iter_mut().flat_map(|task| &mut task.depends_on) {
        *id = tasks.saturating_sub(*id);
    }
    for (task, size) in enqueue.tasks.iter_mut().zip(sizes) {
        task.payload = Bytes::from_static(&PAYLOAD[..*size]);
    }
    enqueue
}

/// Mostly a few bytes; else of the order of what one dequeue takes, up to just above it.
fn payload_bytes() -> impl Strategy<Value = usize> {
    prop_oneof![6 => 0..20_usize, 1 => select(vec![1 << 20, 2 << 20, PAYLOAD.len()])]
}

fn enqueue() -> impl Strategy<Value = (Enqueue, Vec<usize>)> {
    let wishes = (
        option::weighted(0.3, 0..4_u32),
        option::weighted(0.3, halves(1..10)),
        option::weighted(0.7, retry()),
        order::task_type(),
        0..3_usize,
        option::weighted(0.2, halves(1..20)),
        ties(),
    );
    let time = prop_oneof![
        4 => Just((None, 0)),
        2 => halves(0..10).prop_map(|delay| (None, delay)),
        1 => halves(0..200).prop_map(|at| (Some(at), 0)),
    ];
    let order = (order::key(), order::locks(), workers::resources(), workers::labels());
    let task = (wishes, time, 0..10_u32, payload_bytes(), any::<bool>(), order).prop_map(
        |(wishes, time, priority, bytes, binary, (key, locks, resources, selector))| {
            let (max_attempts, lease_ms, retry, task_type, labels, ttl_ms, ties) = wishes;
            let (unique, depends_on, run_on_dependency_failure) = ties;
            let (run_at_ms, delay_ms) = time;
            let task = NewTask {
                payload: Bytes::new(),
                payload_is_bytes: binary,
                priority,
                run_at_ms,
                delay_ms,
                max_attempts,
                lease_ms,
                retry,
                traceparent: task_type.as_ref().map(|_| "00-1-2-03".into()),
                ttl_ms,
                unique,
                depends_on,
                run_on_dependency_failure,
                task_type,
                key,
                locks,
                firing: None,
                labels: (0..labels).map(|n| (format!("k{n}"), "v".into())).collect(),
                resources,
                selector,
            };
            (task, bytes)
        },
    );
    (queue(), vec(task, 1..4), prop::bool::weighted(0.9)).prop_map(
        |(queue, tasks, create_queue)| {
            let (tasks, sizes) = tasks.into_iter().unzip();
            (Enqueue { queue, tasks, create_queue }, sizes)
        },
    )
}

/// A unique key, tasks to come after, and whether to run even if they fail.
fn ties() -> impl Strategy<Value = (Option<Unique>, Vec<u64>, bool)> {
    let until_ms = option::of(halves(1..20));
    let unique = (select(vec!["u1", "u2"]), until_ms)
        .prop_map(|(key, until_ms)| Unique { key: key.into(), until_ms });
    let depends_on = prop_oneof![4 => Just(Vec::new()), 1 => vec(0..6_u64, 1..3)];
    (option::weighted(0.15, unique), depends_on, any::<bool>())
}

fn dequeue() -> impl Strategy<Value = Dequeue> {
    let worker = option::of(workers::name());
    let lease_ms = option::of(halves(1..12));
    (vec(queue(), 1..3), 1..5_u32, lease_ms, worker).prop_map(|(queues, max, lease_ms, worker)| {
        Dequeue { queues, max, lease_ms, worker, settle: Vec::new() }
    })
}

fn choice() -> impl Strategy<Value = Choice> {
    let action = prop_oneof![
        4 => (0..3_usize).prop_map(|bytes| {
            Action::Ack(Ack { result: Bytes::from(vec![b'r'; bytes]) })
        }),
        4 => (
            option::of(Just("boom".into())),
            option::weighted(0.3, halves(0..6)),
            prop::bool::weighted(0.1),
        )
            .prop_map(|(error, delay_ms, dead)| Action::Nack(Nack { error, delay_ms, dead })),
        2 => option::of(halves(1..12)).prop_map(|lease_ms| Action::Extend(Extend { lease_ms })),
        2 => Just(Action::Release(Release {})),
    ];
    let token_off = prop_oneof![20 => Just(0), 1 => 1..3_u64];
    (0..8_usize, token_off, action).prop_map(|(back, token_off, action)| Choice {
        back,
        token_off,
        action,
    })
}

fn settings() -> impl Strategy<Value = QueueSettings> {
    let bounds = (option::of(0..12_u64), option::of(0..120_u64));
    let kept = (halves(0..40), option::of(halves(0..40)));
    let ttl_ms = option::weighted(0.2, halves(1..20));
    let order = order::settings();
    (halves(1..12), 0..4_u32, retry(), bounds, kept, ttl_ms, order).prop_map(
        |(lease_ms, max_attempts, retry, bounds, (results, dead), ttl_ms, order)| QueueSettings {
            lease_ms,
            max_attempts,
            retry,
            max_tasks: bounds.0,
            max_bytes: bounds.1,
            result_retention_ms: results,
            dead_retention_ms: dead,
            ttl_ms,
            ..order
        },
    )
}

fn key() -> impl Strategy<Value = Key> {
    let fingerprint = prop_oneof![4 => Just(0_u8), 1 => Just(1)];
    (select(vec!["k1", "k2", "k3"]), fingerprint, halves(0..30), any::<bool>()).prop_map(
        |(key, fingerprint, retention_ms, forwarded)| Key {
            key: key.into(),
            fingerprint,
            retention_ms,
            forwarded,
        },
    )
}
