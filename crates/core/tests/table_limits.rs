//! Limits on tables (G6, I8) that scripts cannot show.

use std::collections::BTreeMap;

use ferry_core::command::{
    Cancel, DeleteLimit, DeleteQueue, DeleteSchedule, DeleteWorker, Dequeue, Enqueue, Entry,
    Idempotency, LimitSettings, NewTask, PutLimit, PutQueue, PutSchedule, PutWorker, QueueSettings,
    Recurrence, ScheduleSettings, TableLimits, WorkerSettings,
};
use ferry_core::rejection::{LimitLimit, QueueLimit, ScheduleLimit, TooManyKeys, WorkerLimit};
use ferry_core::reply::{QueueDeleted, QueuePut, QueueStatus};
use ferry_core::{Command, Machine, Proposal, Rejection, Reply};
use ferry_types::LogIndex;
use ferry_types::limits::{
    KEYS_SETTLED_MAX, LIMITS_MAX, LINES_PER_DEQUEUE_MAX, LINES_PER_PICK_MAX, QUEUES_MAX,
    SCHEDULES_MAX, WORKERS_MAX,
};

fn put(number: usize) -> Command {
    let queue = format!("q{number}");
    Command::PutQueue(Box::new(PutQueue { queue, settings: QueueSettings::standard() }))
}

fn apply(machine: &mut Machine, commands: Vec<Command>) -> Vec<Result<Reply, Rejection>> {
    let proposal = |command| Proposal { command: Some(command), idempotency: None };
    let limits = TableLimits { idempotency_keys_max: 1, finished_tasks_max: 1, events_max: 1 };
    let proposals = commands.into_iter().map(proposal).collect();
    let applied = machine.apply(LogIndex::new(1), Entry { at_ms: 0, limits, proposals, node: 1 });
    assert_eq!(machine.check(), Ok(()));
    applied.outcomes.into_iter().map(|outcome| outcome.result).collect()
}

#[test]
fn what_is_forgotten_before_its_time_is_counted() {
    let mut machine = Machine::default();
    let put = |key: &str| Proposal {
        command: Some(put(0)),
        idempotency: Some(Idempotency {
            key: key.into(),
            retention_ms: 1_000,
            ..Idempotency::default()
        }),
    };
    let limits = TableLimits { idempotency_keys_max: 2, finished_tasks_max: 1, events_max: 1 };
    let proposals = ["a", "b", "c", "b"].map(put).to_vec();
    machine.apply(LogIndex::new(1), Entry { at_ms: 0, limits, proposals, node: 1 });
    assert_eq!((machine.kept_answers(), machine.evicted_answers()), ((2, 0), 1));
    assert!(!machine.keeps_answer("a", false));
}

#[test]
fn only_living_queues_count() {
    let settings = QueueSettings::standard();
    let status = Some(Box::new(QueueStatus { settings, ..QueueStatus::default() }));
    let created = Ok(Reply::QueuePut(QueuePut { created: true, status }));
    let full = Err(Rejection::QueueLimit(QueueLimit { limit: QUEUES_MAX as u64 }));
    let mut machine = Machine::default();
    let answers = apply(&mut machine, (0..=QUEUES_MAX).map(put).collect());
    assert!(answers[..QUEUES_MAX].iter().all(|answer| *answer == created));
    assert_eq!(answers[QUEUES_MAX], full);

    let queue = "q0".to_owned();
    let tasks = vec![NewTask::default()];
    let enqueue = Enqueue { queue: queue.clone(), tasks, create_queue: false };
    let delete = DeleteQueue { queue, force: true };
    let commands = vec![
        Command::Enqueue(enqueue),
        Command::DeleteQueue(delete),
        put(QUEUES_MAX),
        put(QUEUES_MAX + 1),
    ];
    let answers = apply(&mut machine, commands);
    assert_eq!(answers[1..], [Ok(Reply::QueueDeleted(QueueDeleted {})), created, full.clone()]);
    assert_eq!(apply(&mut machine, vec![put(QUEUES_MAX + 1)]), [full]);
}

#[test]
fn all_keys_of_a_queue_are_settled_at_once_or_not_at_all() {
    let mut machine = Machine::default();
    let task = |key: usize| NewTask { key: Some(format!("k{key}")), ..NewTask::default() };
    let enqueue = |keys: std::ops::Range<usize>| {
        let tasks = keys.map(task).collect();
        Command::Enqueue(Enqueue { queue: "q0".into(), tasks, create_queue: true })
    };
    let fair = QueueSettings { fair: true, ..QueueSettings::standard() };
    let fair = Command::PutQueue(Box::new(PutQueue { queue: "q0".into(), settings: fair }));

    apply(&mut machine, vec![enqueue(0..KEYS_SETTLED_MAX + 1)]);
    let too_many = TooManyKeys { queue: "q0".into(), limit: KEYS_SETTLED_MAX as u64 };
    let answers = apply(&mut machine, vec![fair.clone(), put(0)]);
    assert_eq!(answers[0], Err(Rejection::TooManyKeys(too_many)));
    let is_put = |answer: &Result<Reply, Rejection>| {
        matches!(answer, Ok(Reply::QueuePut(QueuePut { created: false, .. })))
    };
    assert!(is_put(&answers[1]), "{answers:?}");
    let answers = apply(&mut machine, vec![Command::Cancel(Cancel { task: 1 }), fair]);
    assert!(is_put(&answers[1]), "{answers:?}");
}

fn put_worker(name: &str, slots: u32, cpu: u64) -> Command {
    let resources = BTreeMap::from([("cpu".into(), cpu)]);
    let settings = WorkerSettings { slots, resources, ..WorkerSettings::default() };
    Command::PutWorker(Box::new(PutWorker { worker: name.into(), settings }))
}

#[test]
fn only_so_many_workers_register() {
    let mut machine = Machine::default();
    let worker = |number| put_worker(&format!("w{number}"), 1, 0);
    let answers = apply(&mut machine, (0..WORKERS_MAX).map(worker).collect());
    assert!(answers.iter().all(Result::is_ok));
    let full = Err(Rejection::WorkerLimit(WorkerLimit { limit: WORKERS_MAX as u64 }));
    let delete = Command::DeleteWorker(DeleteWorker { worker: "w1".into() });
    let commands = vec![worker(WORKERS_MAX), worker(0), delete, worker(WORKERS_MAX)];
    let answers = apply(&mut machine, commands);
    assert_eq!(answers[0], full);
    let is_put =
        |answer: &_, again| matches!(answer, Ok(Reply::WorkerPut(put)) if put.created != again);
    assert!(is_put(&answers[1], true) && is_put(&answers[3], false), "{answers:?}");
}

#[test]
fn only_so_many_schedules_are_kept() {
    let mut machine = Machine::default();
    let schedule = |number: usize| {
        let settings = ScheduleSettings {
            recurrence: Some(Recurrence::EveryMs(1_000)),
            queue: "q".into(),
            task: NewTask::default(),
            ..ScheduleSettings::default()
        };
        let schedule = format!("s{number}");
        let put = PutSchedule { schedule, settings, next_at_ms: Some(1_000) };
        Command::PutSchedule(Box::new(put))
    };
    let answers = apply(&mut machine, (0..SCHEDULES_MAX).map(schedule).collect());
    assert!(answers.iter().all(Result::is_ok));
    let full = Err(Rejection::ScheduleLimit(ScheduleLimit { limit: SCHEDULES_MAX as u64 }));
    let answers = apply(&mut machine, vec![schedule(SCHEDULES_MAX), schedule(0)]);
    assert_eq!(answers[0], full);
    assert!(answers[1].is_ok(), "it replaces one that is there");
    assert_eq!(machine.schedule_count(), SCHEDULES_MAX);
    let last = machine.schedule(&format!("s{}", SCHEDULES_MAX - 1));
    assert!(last.is_some_and(|last| last.next_at.is_some()), "the refusal costs none of them");
    let delete = Command::DeleteSchedule(DeleteSchedule { schedule: "s1".into() });
    let answers = apply(&mut machine, vec![delete, schedule(SCHEDULES_MAX), schedule(1)]);
    assert!(answers[1].is_ok(), "there is room again");
    assert_eq!(answers[2], full);
}

#[test]
fn only_so_many_limits_are_kept() {
    let mut machine = Machine::default();
    let limit = |number: usize| {
        let settings = LimitSettings { max_concurrency: Some(1), ..LimitSettings::default() };
        Command::PutLimit(Box::new(PutLimit { limit: format!("l{number}"), settings }))
    };
    let answers = apply(&mut machine, (0..LIMITS_MAX).map(limit).collect());
    assert!(answers.iter().all(Result::is_ok));
    let full = Err(Rejection::LimitLimit(LimitLimit { limit: LIMITS_MAX as u64 }));
    let delete = Command::DeleteLimit(DeleteLimit { limit: "l1".into() });
    let commands = vec![limit(LIMITS_MAX), limit(0), delete, limit(LIMITS_MAX), limit(1)];
    let answers = apply(&mut machine, commands);
    assert_eq!((&answers[0], &answers[4]), (&full, &full));
    assert!(answers[1..4].iter().all(Result::is_ok), "{answers:?}");
}

/// A dequeue by a registered worker passes over what it has no room for, but not without end.
#[test]
fn a_dequeue_looks_at_so_many_lines() {
    let ready = |lines: usize| {
        let mut machine = Machine::default();
        let large = |cpu: u64| NewTask {
            resources: BTreeMap::from([("cpu".into(), 100 + cpu)]),
            ..NewTask::default()
        };
        let fitting =
            || NewTask { resources: BTreeMap::from([("cpu".into(), 1)]), ..NewTask::default() };
        let mut tasks: Vec<NewTask> = (0..lines as u64).map(large).collect();
        tasks.extend((0..100).map(|_| fitting()));
        let enqueue = Enqueue { queue: "q".into(), tasks, create_queue: true };
        apply(&mut machine, vec![Command::Enqueue(enqueue), put_worker("w", 50, 50)]);
        machine
    };
    let leases = |machine: &mut Machine| {
        let worker = Some("w".into());
        let dequeue = Dequeue { queues: vec!["q".into()], max: 50, worker, ..Dequeue::default() };
        match &apply(machine, vec![Command::Dequeue(dequeue)])[..] {
            [Ok(Reply::Dequeued(dequeued))] => dequeued.leases.len(),
            other => panic!("{other:?}"),
        }
    };
    let passed = LINES_PER_PICK_MAX - 1;
    assert_eq!(leases(&mut ready(2)), 50);
    assert_eq!(leases(&mut ready(passed)), LINES_PER_DEQUEUE_MAX / LINES_PER_PICK_MAX);
    assert_eq!(leases(&mut ready(passed + 1)), 0);
}
