//! The worker loop against a server that keeps a few tasks.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::fake::{Fake, Reply, Seen};
use ferry_api::{AckRequest, Code, DequeueRequest, SettledItem};
use ferry_client::worker::{Event, Outcome, Worker};
use ferry_client::{Client, Error};
use serde_json::json;
use tokio::sync::Notify;

fn client(fake: &Fake) -> Client {
    Client::builder().server(&fake.url).build().expect("the URL is valid")
}

fn worker(fake: &Fake) -> Worker {
    let queues = vec!["mail".parse().expect("valid")];
    Worker::new(client(fake), queues).wait(Duration::from_millis(20))
}

/// A leased task whose lease lasts `lease_ms`.
fn leased(number: usize, lease_ms: u64) -> serde_json::Value {
    let at = |millis| ferry_types::Timestamp::from_millis(1_000_000 + millis).to_string();
    json!({
        "id": format!("t{number}"), "queue": "mail", "state": "leased", "priority": 4,
        "attempt": 1, "enqueued_at": at(0), "started_at": at(0), "payload": number, "index": 1,
        "lease": { "id": format!("l{number}.1"), "token": 1, "attempt": 1,
            "expires_at": at(lease_ms) },
    })
}

/// Answers a dequeue with these tasks, and its settlements with success.
fn dequeued(request: &Seen, tasks: &[serde_json::Value]) -> Reply {
    let request: DequeueRequest = serde_json::from_str(&request.body).expect("a dequeue");
    let settled = request.settle.iter().map(|item| SettledItem {
        lease: item.lease,
        status: 200,
        code: None,
        detail: None,
        task: Some(item.lease.task),
        state: None,
        attempt: Some(1),
        expires_at: None,
        cancelled: None,
    });
    let settled: Vec<SettledItem> = settled.collect();
    Reply::Json(200, json!({ "tasks": tasks, "settled": settled }).to_string())
}

fn queue(unfinished: usize) -> Reply {
    let document = json!({
        "queue": "mail", "settings": {}, "counts": { "ready": unfinished }, "bytes": 0, "rates": {},
    });
    Reply::Json(200, document.to_string())
}

#[tokio::test]
async fn outcomes_travel_with_the_next_dequeue_until_the_queue_is_empty() {
    let given = AtomicUsize::new(0);
    let fake = Fake::start(move |_, request| {
        if request.line.starts_with("GET") {
            return queue(0);
        }
        match given.fetch_add(1, Ordering::Relaxed) {
            number @ 0..=2 => dequeued(request, &[leased(number, 60_000)]),
            _ => dequeued(request, &[]),
        }
    });
    let fake = fake.await;
    let settled = Arc::new(Mutex::new(Vec::new()));
    let log = settled.clone();
    let worker = worker(&fake).until_empty().listener(move |event| {
        if let Event::Settled(item) = event {
            log.lock().expect("no panic under the lock").push(item.lease.to_string());
        }
    });
    let handler = |task: ferry_api::TaskDocument| async move {
        Outcome::Done(AckRequest { result: task.payload })
    };
    worker.run(handler, std::future::pending()).await.expect("the queue runs empty");
    assert_eq!(*settled.lock().expect("no panic"), ["l0.1", "l1.1", "l2.1"]);
    let lines: Vec<String> = fake.seen().into_iter().map(|seen| seen.line).collect();
    let dequeue = "POST /v1/dequeue";
    assert_eq!(lines, [dequeue, dequeue, dequeue, dequeue, "GET /v1/queues/mail"]);
    assert!(fake.seen()[1].body.contains(r#"{"lease":"l0.1","action":"ack","result":0}"#));
}

#[tokio::test]
async fn a_stopped_worker_settles_what_it_has() {
    let fake = Fake::start(|_, request| {
        if request.line.ends_with("/settle") {
            return Reply::Json(200, r#"{"settled":[]}"#.to_owned());
        }
        dequeued(request, &[leased(7, 60_000)])
    });
    let fake = fake.await;
    let stop = Arc::new(Notify::new());
    let (begun, asked) = (stop.clone(), stop.clone());
    let handler = move |_| {
        begun.notify_one();
        async {
            tokio::task::yield_now().await;
            Outcome::Done(AckRequest::default())
        }
    };
    worker(&fake).run(handler, async move { asked.notified().await }).await.expect("stopped");
    let last = fake.seen().pop().expect("it was asked");
    assert_eq!(last.line, "POST /v1/leases/settle");
    assert!(last.body.contains(r#""lease":"l7.1""#), "{}", last.body);
}

#[tokio::test]
async fn a_lease_is_extended_while_its_handler_runs() {
    let extended = Arc::new(Notify::new());
    let bell = extended.clone();
    let fake = Fake::start(move |_, request| {
        if request.line.ends_with("/extend") {
            bell.notify_one();
            let answer = json!({ "task": "t7", "state": "leased", "attempt": 1,
                "expires_at": "2026-01-02T03:04:05Z", "cancelled": false });
            return Reply::Json(200, answer.to_string());
        }
        if request.line.starts_with("GET") {
            return queue(0);
        }
        let settles = request.body.contains("l7.1");
        dequeued(request, if settles { vec![] } else { vec![leased(7, 90)] }.as_slice())
    });
    let fake = fake.await;
    let handler = move |_| {
        let extended = extended.clone();
        async move {
            extended.notified().await;
            extended.notified().await;
            Outcome::Done(AckRequest::default())
        }
    };
    let run = worker(&fake).until_empty().run(handler, std::future::pending());
    run.await.expect("the handler ends after two extensions");
    let extensions = fake.seen().iter().filter(|seen| seen.line.ends_with("/extend")).count();
    assert!(extensions >= 2, "only {extensions}");
}

#[tokio::test]
async fn a_handler_whose_lease_is_lost_is_dropped_and_not_settled() {
    let given = AtomicUsize::new(0);
    let fake = Fake::start(move |_, request| {
        if request.line.ends_with("/extend") {
            return Reply::problem(Code::LeaseLost);
        }
        if request.line.starts_with("GET") {
            return queue(0);
        }
        match given.fetch_add(1, Ordering::Relaxed) {
            0 => dequeued(request, &[leased(7, 30)]),
            _ => dequeued(request, &[]),
        }
    });
    let fake = fake.await;
    let lost = Arc::new(AtomicUsize::new(0));
    let counter = lost.clone();
    let worker = worker(&fake).until_empty().listener(move |event| {
        if let Event::Lost(_) = event {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    });
    let run = worker.run(|_| std::future::pending(), std::future::pending());
    run.await.expect("the queue runs empty");
    assert_eq!(lost.load(Ordering::Relaxed), 1);
    assert!(fake.seen().iter().all(|seen| !seen.body.contains("l7.1")), "a lost lease was settled");
}

#[tokio::test]
async fn a_refused_dequeue_ends_the_worker() {
    let fake = Fake::start(|_, _| Reply::problem(Code::QueueNotFound)).await;
    let handler = |_| async { Outcome::Released };
    let error = worker(&fake).concurrency(4).run(handler, std::future::pending()).await;
    let Err(Error::Refused(problem)) = error else { panic!("{error:?}") };
    assert_eq!(problem.code, Code::QueueNotFound);
}

#[tokio::test]
async fn trouble_is_told_and_waited_out() {
    let given = AtomicUsize::new(0);
    let fake = Fake::start(move |_, request| {
        if request.line.starts_with("GET") {
            return queue(0);
        }
        match given.fetch_add(1, Ordering::Relaxed) {
            0 => Reply::problem(Code::NoLeader),
            _ => dequeued(request, &[]),
        }
    });
    let fake = fake.await;
    let client = Client::builder().server(&fake.url).timeout(Duration::ZERO);
    let queues = vec!["mail".parse().expect("valid")];
    let troubles = Arc::new(AtomicUsize::new(0));
    let counter = troubles.clone();
    let worker = Worker::new(client.build().expect("valid"), queues).until_empty();
    let worker = worker.listener(move |event| {
        if let Event::Trouble(_) = event {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    });
    let handler = |_| async { Outcome::Released };
    worker.run(handler, std::future::pending()).await.expect("the cluster comes back");
    assert_eq!(troubles.load(Ordering::Relaxed), 1);
}
