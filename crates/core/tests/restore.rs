//! What rows a machine is not made of: a disk that contradicts itself is refused, in words (G10).

use bytes::Bytes;
use ferry_core::command::QueueSettings;
use ferry_core::rejection::StateCounts;
use ferry_core::reply::QueuePut;
use ferry_core::row::{
    CountersRow, IdempotencyRow, KeptAnswer, QueueRow, ScheduleRow, TaskRow, WaitRow, WorkerRow,
    WorkflowRow,
};
use ferry_core::{Machine, Reply, Restoring, StateName};
use ferry_types::TaskId;

const COUNTERS: CountersRow = CountersRow {
    now_ms: 1,
    next_task: 3,
    next_token: 2,
    next_queue: 3,
    next_idempotency: 3,
    events_from: 1,
    next_turn: 3,
    next_generation: 3,
};

fn queue(id: u32, name: &str) -> QueueRow {
    QueueRow { id, name: name.into(), settings: QueueSettings::standard(), ..QueueRow::default() }
}

fn deleted(id: u32, name: &str) -> QueueRow {
    QueueRow { deleted: true, ..queue(id, name) }
}

fn task(id: u64) -> TaskRow {
    TaskRow { id, queue: 1, state: StateName::Ready.into(), ..TaskRow::default() }
}

fn leased(id: u64, token: u64) -> TaskRow {
    TaskRow {
        state: StateName::Leased.into(),
        attempt: 1,
        token: Some(token),
        started_at_ms: Some(0),
        expires_at_ms: Some(9),
        leased_for_ms: Some(9),
        ..task(id)
    }
}

fn worker(name: &str, session: u64) -> WorkerRow {
    WorkerRow { worker: name.into(), session, ..WorkerRow::default() }
}

fn workflow(first_task: u64, tasks: u32) -> WorkflowRow {
    WorkflowRow { first_task, tasks, ..WorkflowRow::default() }
}

/// A task of the workflow that begins with the first.
fn member(id: u64) -> TaskRow {
    TaskRow { workflow: Some(1), task_ref: format!("r{id}"), ..task(id) }
}

fn answer(id: u64, key: &str) -> IdempotencyRow {
    let reply = Some(Reply::QueuePut(QueuePut { created: true, status: None }));
    IdempotencyRow {
        id,
        key: key.into(),
        fingerprint: Bytes::from_static(b"f"),
        expires_at_ms: 9,
        answer: KeptAnswer { reply },
        ..IdempotencyRow::default()
    }
}

fn schedule(generation: u64) -> ScheduleRow {
    ScheduleRow { schedule: "tick".into(), generation, ..ScheduleRow::default() }
}

/// What a case adds to sound rows.
type Add = fn(&mut Restoring);

/// A machine of the counters, the queue 1 and what is added.
fn restored(add: impl FnOnce(&mut Restoring)) -> Result<Machine, String> {
    let mut restoring = Restoring::default();
    add(&mut restoring);
    restoring.queue(queue(1, "mail"));
    restoring.counters(COUNTERS);
    restoring.finish()
}

#[test]
fn sound_rows_make_a_machine() {
    let machine = restored(|rows| {
        rows.task(leased(2, 1));
        rows.task(task(1));
        rows.idempotency(answer(2, "a"));
        rows.idempotency(IdempotencyRow { forwarded: true, ..answer(1, "a") });
        rows.queue(queue(2, "post"));
    });
    assert_eq!(machine.and_then(|machine| machine.check()), Ok(()));
}

/// Its name may be another's by then; its tasks are nobody's, and their removal is due (I11).
#[test]
fn a_deleted_queue_is_restored_for_its_tasks() {
    let machine = restored(|rows| {
        rows.task(TaskRow { queue: 2, ..leased(1, 1) });
        rows.task(task(2));
        rows.queue(deleted(2, "mail"));
    })
    .expect("the rows are sound");
    assert_eq!(machine.check(), Ok(()));
    assert_eq!(machine.task(TaskId::new(1)), None);
    assert_eq!(machine.queue("mail").map(|queue| queue.counts.ready), Some(1));
    assert_eq!(machine.next_alarm(), Some(machine.now()));
}

#[test]
fn no_rows_make_a_new_machine() {
    assert!(Restoring::default().finish() == Ok(Machine::default()));
}

#[test]
fn rows_without_counters_are_refused() {
    let mut restoring = Restoring::default();
    restoring.queue(queue(1, "mail"));
    assert_eq!(restoring.finish().err().as_deref(), Some("the row of counters is missing"));
}

#[test]
fn contradictions_are_refused() {
    let cases: [(&str, Add); 28] = [
        ("there are two rows of counters", |rows| rows.counters(COUNTERS)),
        ("queue 1 is there twice, or its name is", |rows| rows.queue(queue(1, "post"))),
        ("queue 1 is there twice, or its name is", |rows| rows.queue(queue(2, "mail"))),
        ("queue 1 is there twice, or its name is", |rows| rows.queue(deleted(1, "post"))),
        ("queue 2 is deleted and has no task left", |rows| rows.queue(deleted(2, "mail"))),
        ("queue 3 was not created yet", |rows| rows.queue(queue(3, "post"))),
        ("queue 2 has no valid name", |rows| rows.queue(queue(2, ".."))),
        ("task t1 is there twice", |rows| [1, 1].into_iter().for_each(|id| rows.task(task(id)))),
        ("task t3 was not enqueued yet", |rows| rows.task(task(3))),
        ("the queue of task t1 is missing", |rows| rows.task(TaskRow { queue: 2, ..task(1) })),
        ("task 1 has no such priority", |rows| rows.task(TaskRow { priority: 10, ..task(1) })),
        ("task 1 has no readable history", |rows| {
            rows.task(TaskRow { history: vec![0xff], ..task(1) });
        }),
        ("task 1 lacks its state", |rows| rows.task(TaskRow { state: 0, ..task(1) })),
        ("task 1 lacks its state", |rows| {
            rows.task(TaskRow { expires_at_ms: None, ..leased(1, 1) });
        }),
        ("the lease of task t1 was not granted yet, or twice", |rows| rows.task(leased(1, 2))),
        ("the lease of task t2 was not granted yet, or twice", |rows| {
            [1, 2].into_iter().for_each(|id| rows.task(leased(id, 1)));
        }),
        ("the session of the worker w has not begun yet", |rows| rows.worker(worker("w", 2))),
        ("the worker w is there twice, or its session is", |rows| {
            [0, 1].into_iter().for_each(|session| rows.worker(worker("w", session)));
        }),
        ("the worker v is there twice, or its session is", |rows| {
            ["w", "v"].into_iter().for_each(|name| rows.worker(worker(name, 1)));
        }),
        ("the workflow of task t1 is missing", |rows| rows.task(member(1))),
        ("the workflow of task 1 is there twice", |rows| {
            rows.task(member(1));
            [1, 1].into_iter().for_each(|first| rows.workflow(workflow(first, 1)));
        }),
        ("task 1 cannot wait for task 2", |rows| {
            rows.task(member(1));
            rows.workflow(workflow(1, 1));
            rows.wait(WaitRow { task: 1, dependency: 2 });
        }),
        ("task 1 cannot wait for task 2", |rows| {
            rows.wait(WaitRow { task: 1, dependency: 2 });
        }),
        ("task t1 is blocked and waits for nothing", |rows| {
            rows.task(TaskRow { state: StateName::Blocked.into(), ..member(1) });
            rows.workflow(workflow(1, 1));
        }),
        ("answer 3 was not kept yet", |rows| rows.idempotency(answer(3, "a"))),
        ("answer 1 is empty", |rows| {
            rows.idempotency(IdempotencyRow { answer: KeptAnswer::default(), ..answer(1, "a") });
        }),
        ("the schedule tick was not put yet", |rows| rows.schedule(schedule(3))),
        ("the schedule tick is there twice", |rows| {
            [1, 2].into_iter().for_each(|generation| rows.schedule(schedule(generation)));
        }),
    ];
    for (wrong, add) in cases {
        assert_eq!(restored(add).err().as_deref(), Some(wrong));
    }
    let twice =
        restored(|rows| [1, 2].into_iter().for_each(|id| rows.idempotency(answer(id, "a"))));
    assert!(twice.err().is_some_and(|wrong| wrong.contains("is there twice, or its key is")));
}

#[test]
fn a_workflow_has_all_its_tasks_or_tells_what_became_of_them() {
    let lost = |tasks: u32, gone: StateCounts, removed: u64| {
        restored(|rows| {
            rows.task(member(1));
            rows.workflow(WorkflowRow { gone, removed, ..workflow(1, tasks) });
        })
        .err()
        .is_some_and(|wrong| wrong.contains("has lost tasks"))
    };
    let gone = StateCounts { dead: 1, ..StateCounts::default() };
    assert!(!lost(1, StateCounts::default(), 0) && !lost(3, gone, 1));
    assert!(lost(2, StateCounts::default(), 0) && lost(1, gone, 0) && lost(1, gone, 1));
}
