//! A registered worker against a server that ends what it begins.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ferry_api::{Code, WorkerSettings};
use ferry_client::Client;
use ferry_client::worker::{Event, Outcome, Worker};
use serde_json::json;
use tokio::sync::Notify;

use crate::fake::{Fake, Reply, Seen};

/// Answers as for a worker that is registered, whose streams end at once, and whose queue assigns.
fn answer(request: &Seen) -> Reply {
    let worker = json!({"worker": "w", "session": 7, "queues": ["mail"], "slots": 1,
        "session_ms": 10_000, "draining": false, "load": {"slots": 0}, "leases": []});
    let queue = json!({"queue": "mail", "settings": {"assign": "best_fit"}, "counts": {},
        "bytes": 0, "rates": {}});
    match request.line.as_str() {
        "GET /v1/queues/mail" => Reply::Json(200, queue.to_string()),
        "GET /v1/workers/w/assignments" => Reply::Json(200, String::new()),
        "DELETE /v1/workers/w" => Reply::Json(204, String::new()),
        "POST /v1/workers/w/heartbeat" => Reply::problem(Code::WorkerNotFound),
        _ => Reply::Json(200, worker.to_string()),
    }
}

fn lines(fake: &Fake, line: &str) -> usize {
    fake.seen().iter().filter(|seen| seen.line == line).count()
}

#[tokio::test]
async fn streams_that_end_at_once_are_told_of_and_not_opened_in_a_loop() {
    let fake = Fake::start(|_, request| answer(request)).await;
    let client = Client::builder().server(&fake.url).build().expect("the URL is valid");
    let (told, count) = (Arc::new(Notify::new()), Arc::new(AtomicUsize::new(0)));
    let (bell, counter) = (told.clone(), count.clone());
    let queues = vec!["mail".parse().expect("valid")];
    let worker = Worker::new(client, queues)
        .registered("w".parse().expect("valid"), WorkerSettings::default())
        .listener(move |event| {
            if let Event::Contested(name) = event {
                assert_eq!(name.as_str(), "w");
                counter.fetch_add(1, Ordering::Relaxed);
                bell.notify_one();
            }
        });
    let run = worker.run(|_| async { Outcome::Released }, async move { told.notified().await });
    run.await.expect("it is stopped");
    assert_eq!(count.load(Ordering::Relaxed), 1);
    assert_eq!(lines(&fake, "GET /v1/workers/w/assignments"), 5);
    let begun: Vec<String> = fake.seen().into_iter().map(|seen| seen.line).take(3).collect();
    let entered = ["GET /v1/queues/mail", "PUT /v1/workers/w", "GET /v1/workers/w/assignments"];
    assert_eq!(begun, entered, "its settings come before its stream");
    assert_eq!(lines(&fake, "DELETE /v1/workers/w"), 1);
}
