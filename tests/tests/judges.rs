//! The judges are judged: each must refuse the history that it is there for.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use ferry_tests::check::{self, Minimum};
use ferry_tests::{Attempt, Call, Failure, FaultKind, Grant, History, Met, Op, Outcome, gap};
use serde_json::{Value, json};

#[test]
fn a_clean_history_passes() {
    let calls = vec![enqueue(1, "a", "t1"), dequeue(2, "t1", "a", 7), ack(3, "t1", 7)];
    check::nothing_lost(&calls, &[task("t1", "a", "succeeded")]);
    check::nothing_from_nowhere(&calls, &[task("t1", "a", "succeeded")]);
    check::tokens_rise(&calls);
    check::one_live_lease(&calls);
    check::one_winning_ack(&calls);
    check::indexes_follow_time(&calls);
}

#[test]
fn an_empty_history_does_not_pass() {
    let minimum = Minimum { enqueues: 1, acks: 0, faults: (FaultKind::Killed, 0) };
    refuses("only 0 enqueues", || check::at_least(&History::default(), minimum));
    let minimum = Minimum { enqueues: 0, acks: 0, faults: (FaultKind::Killed, 1) };
    refuses("only 0 faults", || check::at_least(&History::default(), minimum));
}

#[test]
fn a_lost_task_is_seen() {
    let calls = vec![enqueue(1, "a", "t1"), enqueue(2, "b", "t2")];
    refuses("t2", || check::nothing_lost(&calls, &[task("t1", "a", "succeeded")]));
    let tasks = [task("t1", "a", "succeeded"), task("t2", "b", "ready")];
    refuses("t2", || check::nothing_lost(&calls, &tasks));
}

#[test]
fn a_task_from_nowhere_is_seen() {
    let calls = vec![enqueue(1, "a", "t1"), dequeue(2, "t9", "x", 7)];
    refuses("nobody enqueued t9", || check::nothing_from_nowhere(&calls, &[]));
}

#[test]
fn a_doubled_enqueue_is_seen() {
    let calls = vec![enqueue(1, "a", "t1")];
    let tasks = [task("t1", "a", "ready"), task("t2", "a", "ready")];
    refuses("another id", || check::nothing_from_nowhere(&calls, &tasks));
    let unknown = Call { outcome: Outcome::Info, ..enqueue(1, "a", "") };
    let calls = vec![Call { op: Op::Enqueue { payload: "a".into(), task: None }, ..unknown }];
    refuses("enqueued twice", || check::nothing_from_nowhere(&calls, &tasks));
}

#[test]
fn a_token_that_falls_or_repeats_is_seen() {
    let calls = vec![dequeue(1, "t1", "a", 7), dequeue(2, "t2", "b", 6)];
    refuses("after token 7", || check::tokens_rise(&calls));
    let calls = vec![dequeue(1, "t1", "a", 7), dequeue(2, "t2", "b", 7)];
    refuses("granted twice", || check::tokens_rise(&calls));
}

#[test]
fn two_live_leases_are_seen() {
    let calls = vec![dequeue(1, "t1", "a", 7), dequeue(2, "t1", "a", 8)];
    refuses("overlaps", || check::one_live_lease(&calls));
}

#[test]
fn a_second_completion_is_seen() {
    let grants = [dequeue(1, "t1", "a", 7), dequeue(50, "t1", "a", 8)];
    let twice = [&grants[..], &[ack(60, "t1", 7), ack(61, "t1", 8)]].concat();
    refuses("under two leases", || check::one_winning_ack(&twice));
    let late = [&grants[..], &[ack(60, "t1", 7)]].concat();
    refuses("after its completion", || check::one_winning_ack(&late));
    refuses("unleased", || check::one_winning_ack(&[ack(1, "t1", 7)]));
}

#[test]
fn an_index_that_falls_is_seen() {
    let older = Call { index: Some(1), ..enqueue(2, "b", "t2") };
    refuses("index Some(100)", || check::indexes_follow_time(&[enqueue(1, "a", "t1"), older]));
}

#[test]
fn errors_are_seen_unless_a_fault_excuses_them() {
    let failed = |node, met| {
        let attempt = Attempt { node, met, span: (Duration::ZERO, Duration::ZERO) };
        let history = History::default();
        history.fault_begins(FaultKind::Killed, 1);
        let span = (history.now(), history.now());
        let attempts = vec![Attempt { span, ..attempt }];
        history.record(Call { attempts, ..enqueue(1, "a", "t1") });
        history
    };
    check::no_errors_but_at_victims(&failed(1, Met::Failure(Failure::NotSent)));
    let at_survivor = failed(2, Met::Failure(Failure::Unknown));
    refuses("node: 2", || check::no_errors_but_at_victims(&at_survivor));
    let refused = failed(1, Met::Status(503));
    refuses("503", || check::no_errors_but_at_victims(&refused));
}

#[test]
fn a_gap_counts_to_the_ends_of_the_window() {
    let history = History::default();
    history.record(enqueue(10, "a", "t1"));
    history.record(enqueue(40, "b", "t2"));
    assert_eq!(gap::longest(&history, at(0), at(50)).as_millis(), 30);
    assert_eq!(gap::longest(&history, at(0), at(90)).as_millis(), 49);
}

/// Checks that the judge panics and that its verdict says `word`.
fn refuses(word: &str, judge: impl FnOnce()) {
    let verdict = catch_unwind(AssertUnwindSafe(judge)).expect_err("the judge let it pass");
    let text = verdict.downcast_ref::<String>().map(String::as_str).unwrap_or_default();
    assert!(text.contains(word), "the verdict does not say {word:?}: {text}");
}

fn at(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn call(millis: u64, op: Op) -> Call {
    Call {
        client: "c".into(),
        op,
        outcome: Outcome::Ok,
        called: at(millis),
        returned: at(millis + 1) - Duration::from_micros(1),
        index: Some(millis * 100),
        attempts: Vec::new(),
    }
}

fn enqueue(millis: u64, payload: &str, task: &str) -> Call {
    call(millis, Op::Enqueue { payload: payload.into(), task: Some(task.into()) })
}

/// A dequeue of one task at `millis`, which is also the replicated time, for 10 ms.
fn dequeue(millis: u64, task: &str, payload: &str, token: u64) -> Call {
    let grant = Grant {
        task: task.into(),
        payload: payload.into(),
        token,
        attempt: token,
        granted_ms: millis,
        expires_ms: millis + 10,
    };
    call(millis, Op::Dequeue { grants: vec![grant] })
}

fn ack(millis: u64, task: &str, token: u64) -> Call {
    call(millis, Op::Ack { task: task.into(), token })
}

fn task(id: &str, payload: &str, state: &str) -> Value {
    json!({"id": id, "payload": payload, "state": state})
}
