use bytes::Bytes;
use ferry_core::command::{
    Ack, Action, Cancel, CancelWorkflow, DeadFilter, DeleteLimit, DeleteQueue, DeleteSchedule,
    DeleteWorker, Dequeue, DrainWorker, Enqueue, Extend, Idempotency, LeaseAck, LeaseNack,
    LimitScope, LimitSettings, Nack, NewTask, Operation, PauseQueue, Purge, PurgedState, PutLimit,
    PutQueue, QueueSettings, Rate, Redrive, Release, Require, Retry, RetryPolicy, RunNow, Settle,
    Settlement, Step, Sweep, Transact, Unique,
};
use ferry_core::{Command, Proposal};
use ferry_types::{LeaseId, TaskId, WorkflowId};

use super::schedule;
use super::words::{Words, duration};
use super::workers;
use super::workflows;

/// The proposal that a command's words make; none for `tick`.
pub(crate) fn proposal(name: &str, text: &str) -> Option<Proposal> {
    let mut words = Words::new(name, text);
    let retention_ms = words.duration("kept").unwrap_or(600_000);
    let (caller, forwarder) = (words.option("key"), words.option("forwarder_key"));
    let forwarded = forwarder.is_some();
    // What is left tells the request from another.
    let request = words.rest();
    let mut words = Words::new(name, &request);
    let command = match words.next().as_str() {
        "tick" => return None,
        "enqueue" => Command::Enqueue(enqueue(&mut words)),
        "dequeue" => Command::Dequeue(dequeue(&mut words)),
        "put" => Command::PutQueue(Box::new(put(&mut words))),
        "delete" => {
            Command::DeleteQueue(DeleteQueue { queue: words.next(), force: words.flag("force") })
        }
        "cancel" => Command::Cancel(Cancel { task: words.id().get() }),
        "retry" => Command::Retry(Retry { task: words.id().get() }),
        "run_now" => Command::RunNow(RunNow { task: words.id().get() }),
        "pause" => Command::PauseQueue(PauseQueue { queue: words.next(), paused: true }),
        "resume" => Command::PauseQueue(PauseQueue { queue: words.next(), paused: false }),
        "purge" => Command::Purge(purge(&mut words)),
        "redrive" => Command::Redrive(Box::new(redrive(&mut words))),
        "transact" => {
            let rest = words.rest();
            let step = |text| Operation { step: Some(step(name, text)) };
            Command::Transact(Transact { operations: rest.split(" + ").map(step).collect() })
        }
        "limit" => Command::PutLimit(Box::new(limit(&mut words))),
        "schedule" => Command::PutSchedule(Box::new(schedule::schedule(&mut words))),
        "unschedule" => Command::DeleteSchedule(DeleteSchedule { schedule: words.next() }),
        "fire" => Command::Fire(schedule::fire(&mut words)),
        "unlimit" => Command::DeleteLimit(DeleteLimit { limit: words.next() }),
        "put_worker" => Command::PutWorker(Box::new(workers::put(&mut words))),
        "drain_worker" => Command::DrainWorker(DrainWorker { worker: words.next() }),
        "delete_worker" => Command::DeleteWorker(DeleteWorker { worker: words.next() }),
        "end_sessions" => Command::EndSessions(workers::sessions(&words.rest())),
        "assign" => Command::Assign(workers::assign(&words.rest())),
        "submit" => Command::SubmitWorkflow(workflows::submit(&mut words)),
        "cancel_workflow" => {
            let workflow = words.parsed_next::<WorkflowId>().first_task().get();
            let from = words.option("from").map(|text| sweep(&text));
            Command::CancelWorkflow(CancelWorkflow { workflow, from })
        }
        "settle" => Command::Settle(Settle { items: settlements(&mut words) }),
        action @ ("ack" | "nack" | "extend" | "release") => {
            let lease = words.next();
            Command::Settle(Settle { items: vec![settlement(action, &lease, &mut words)] })
        }
        other => panic!("{name}: {other:?} is no command"),
    };
    words.done();
    let idempotency = caller.or(forwarder).map(|key| Idempotency {
        key,
        fingerprint: Bytes::from(request),
        retention_ms,
        forwarded,
    });
    Some(Proposal { command: Some(command), idempotency })
}

fn enqueue(words: &mut Words) -> Enqueue {
    let queue = words.next();
    let size = words.parsed("bytes").unwrap_or(2);
    let mut task = NewTask {
        payload: Bytes::from(vec![b'x'; size]),
        payload_is_bytes: words.flag("binary"),
        priority: words.parsed("priority").unwrap_or(4),
        run_at_ms: words.duration("run_at"),
        delay_ms: words.duration("delay").unwrap_or(0),
        max_attempts: words.parsed("attempts"),
        lease_ms: words.duration("lease"),
        retry: words.option("retry").map(|text| retry(&text)),
        task_type: words.option("type"),
        key: words.option("for"),
        locks: words.option("locks").map(|locks| list(&locks)).unwrap_or_default(),
        traceparent: words.option("trace"),
        ttl_ms: words.duration("ttl"),
        unique: words.option("unique").map(|key| Unique { key, until_ms: words.duration("until") }),
        depends_on: words.option("after").map(|text| ids(&text)).unwrap_or_default(),
        run_on_dependency_failure: words.flag("anyway"),
        resources: words
            .option("resources")
            .map(|text| workers::resources(&text))
            .unwrap_or_default(),
        selector: words.option("selector").map(|text| workers::labels(&text)).unwrap_or_default(),
        ..NewTask::default()
    };
    task.labels.extend(std::iter::from_fn(|| words.label()));
    let tasks = vec![task; words.parsed("count").unwrap_or(1)];
    Enqueue { queue, tasks, create_queue: !words.flag("existing") }
}

fn dequeue(words: &mut Words) -> Dequeue {
    Dequeue {
        queues: list(&words.next()),
        max: words.parsed("max").unwrap_or(1),
        lease_ms: words.duration("lease"),
        worker: words.option("worker"),
        settle: settlements(words),
    }
}

/// What `ack=`, `nack=`, `extend=` and `release=` say of leases, in order.
fn settlements(words: &mut Words) -> Vec<Settlement> {
    let mut items = Vec::new();
    while let Some((action, lease)) = words.first_of(&["ack", "nack", "extend", "release"]) {
        items.push(settlement(&action, &lease, words));
    }
    items
}

fn settlement(action: &str, lease: &str, words: &mut Words) -> Settlement {
    let lease: LeaseId = lease.parse().unwrap_or_else(|_| panic!("{lease} is no lease"));
    let action = match action {
        "ack" => {
            let result = words.option("result").map(Bytes::from).unwrap_or_default();
            Action::Ack(Ack { result })
        }
        "nack" => Action::Nack(Nack {
            error: words.option("error"),
            delay_ms: words.duration("delay"),
            dead: words.flag("dead"),
        }),
        "extend" => Action::Extend(Extend { lease_ms: words.duration("lease") }),
        _ => Action::Release(Release {}),
    };
    Settlement { task: lease.task.get(), token: lease.token.get(), action: Some(action) }
}

fn put(words: &mut Words) -> PutQueue {
    let queue = words.next();
    let standard = QueueSettings::standard();
    let settings = QueueSettings {
        lease_ms: words.duration("lease").unwrap_or(standard.lease_ms),
        max_attempts: words.parsed("attempts").unwrap_or(standard.max_attempts),
        retry: words.option("retry").map_or(standard.retry, |text| retry(&text)),
        max_tasks: words.parsed("max_tasks"),
        max_bytes: words.parsed("max_bytes"),
        result_retention_ms: words.duration("results").unwrap_or(standard.result_retention_ms),
        dead_retention_ms: words.duration("dead"),
        max_concurrency: words.parsed("max_concurrency"),
        rate: rate(words),
        key_concurrency: words.parsed("key_concurrency"),
        fair: words.flag("fair"),
        ttl_ms: words.duration("ttl"),
        assign: words.option("assign").map(|text| workers::policy(&text)),
    };
    PutQueue { queue, settings }
}

/// `t1,t2`.
fn ids(text: &str) -> Vec<u64> {
    let id = |text: &str| text.parse::<TaskId>().unwrap_or_else(|_| panic!("{text} is no id"));
    text.split(',').map(|text| id(text).get()).collect()
}

/// One thing of a transaction.
fn step(name: &str, text: &str) -> Step {
    let mut words = Words::new(name, text);
    let step = match words.next().as_str() {
        "enqueue" => Step::Enqueue(enqueue(&mut words)),
        "cancel" => Step::Cancel(Cancel { task: words.id().get() }),
        "require" => {
            let task = words.id().get();
            let state = words.state("state").expect("a requirement has a state");
            Step::Require(Require { task, state: state.into() })
        }
        action @ ("ack" | "nack") => {
            let lease = words.next();
            let Settlement { task, token, action } = settlement(action, &lease, &mut words);
            match action {
                Some(Action::Ack(ack)) => Step::Ack(LeaseAck { task, token, ack }),
                Some(Action::Nack(nack)) => Step::Nack(LeaseNack { task, token, nack }),
                other => panic!("{other:?} is neither"),
            }
        }
        other => panic!("{name}: {other:?} is no operation"),
    };
    words.done();
    step
}

fn purge(words: &mut Words) -> Purge {
    let queue = words.next();
    let state = match words.next().as_str() {
        "ready" => PurgedState::Ready,
        "dead" => PurgedState::Dead,
        "all" => PurgedState::All,
        other => panic!("{other} is no state that is purged"),
    };
    Purge { queue, state: state.into(), from: words.option("from").map(|text| sweep(&text)) }
}

fn redrive(words: &mut Words) -> Redrive {
    let queue = words.next();
    let mut filter = DeadFilter {
        task_type: words.option("type"),
        key: words.option("for"),
        error: words.option("error"),
        ..DeadFilter::default()
    };
    filter.labels.extend(std::iter::from_fn(|| words.label()));
    let from = words.option("from").map(|text| sweep(&text));
    Redrive { queue, filter, max: words.parsed("max"), from }
}

/// `AFTER,BEFORE,DONE`.
fn sweep(text: &str) -> Sweep {
    let part = |part: &str| part.parse().unwrap_or_else(|_| panic!("{part} is no number"));
    let parts: Vec<u64> = text.split(',').map(part).collect();
    let [after, before, done] = parts[..] else { panic!("{text} is not AFTER,BEFORE,DONE") };
    Sweep { after, before, done }
}

fn limit(words: &mut Words) -> PutLimit {
    let limit = words.next();
    let scope = LimitScope {
        queue: words.option("queue"),
        key: words.option("for"),
        task_type: words.option("type"),
    };
    let max_concurrency = words.parsed("max_concurrency");
    PutLimit { limit, settings: LimitSettings { scope, max_concurrency, rate: rate(words) } }
}

/// `rate=PER_SECOND burst=N`, the second if it is said.
fn rate(words: &mut Words) -> Option<Rate> {
    let per_second: u64 = words.parsed("rate")?;
    Some(Rate { per_second_milli: per_second * 1_000, burst: words.parsed("burst") })
}

/// What stands between commas.
pub(super) fn list(text: &str) -> Vec<String> {
    text.split(',').map(Into::into).collect()
}

/// `INITIAL,TIMES,MAX`, without jitter, so that scripts can foretell it.
fn retry(text: &str) -> RetryPolicy {
    let parts: Vec<&str> = text.split(',').collect();
    let [initial, times, max] = parts[..] else { panic!("{text} is not INITIAL,TIMES,MAX") };
    let times: u32 = times.parse().unwrap_or_else(|_| panic!("{times} is no number"));
    RetryPolicy {
        initial_ms: duration(initial),
        multiplier_milli: times * 1_000,
        max_ms: duration(max),
        jitter_milli: 0,
    }
}
