//! Registered workers as processes: how they stop, come back under their name, and ask for tasks.

use std::time::Duration;

use ferry_tests::wait::{self, PATIENCE};
use ferry_tests::{Begun, Client, Cluster, ferry};
use serde_json::json;

/// Starts `ferry work QUEUES... --worker NAME OPTIONS -- sh -c SCRIPT`.
fn work(client: &Client, queues: &[&str], name: &str, options: &[&str], script: &str) -> Begun {
    let named = ["--worker", name];
    let command = ["--", "sh", "-c", script];
    Begun::start(client.base(), &[&["work"], queues, &named, options, &command].concat())
}

async fn until_done(client: &Client, queue: &str, count: u64) {
    let is_done = async || (client.count(queue, "succeeded").await >= count).then_some(());
    wait::until("tasks to be done", PATIENCE, is_done).await;
}

#[tokio::test]
async fn a_stop_under_load_burns_no_attempt() {
    const TASKS: u64 = 3_000;
    let cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    for (queue, assign) in [("assigned", "least_loaded"), ("asked", "pull")] {
        client.put_queue(queue, json!({"assign": assign, "max_attempts": 1})).await;
        client.enqueue_many(queue, usize::try_from(TASKS).expect("small")).await;
        for _ in 0..6 {
            let done = client.count(queue, "succeeded").await;
            let worker = work(&client, &[queue], "w", &["--slots", "16"], "true");
            until_done(&client, queue, done + 30).await;
            worker.interrupt();
            worker.ended().await.ok();
            client.get("/v1/workers/w").await.expect_problem(404, "worker_not_found");
            let counts = client.queue(queue).await["counts"].clone();
            let count = |state: &str| counts[state].as_u64().unwrap_or(0);
            assert_eq!(count("ready") + count("succeeded"), TASKS, "{queue}: {counts}");
            assert!(count("ready") > 0, "{queue}: a stop without load shows nothing");
        }
    }
}

#[tokio::test]
async fn a_worker_that_comes_back_is_what_it_says_by_then() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    client.put_queue("video", json!({"assign": "best_fit"})).await;
    client.put_queue("audio", json!({"assign": "best_fit"})).await;
    let options = ["--slots", "2", "--labels", "zone=a", "--session-ms", "600000"];
    let first = work(&client, &["video"], "w", &options, "true");
    client.enqueue("video", json!({"payload": 1})).await;
    until_done(&client, "video", 1).await;
    ferry(client.base(), &["workers", "drain", "w"], "").ok();
    first.kill();
    let options = ["--slots", "3", "--resources", "gpu=1", "--labels", "zone=b"];
    let second = work(&client, &["audio"], "w", &options, "true");
    let needs = json!({"payload": 1, "resources": {"gpu": 1}, "selector": {"zone": "b"}});
    client.enqueue("audio", needs).await;
    until_done(&client, "audio", 1).await;
    let worker = client.get("/v1/workers/w").await.expect(200);
    for (field, value) in [
        ("queues", json!(["audio"])),
        ("slots", json!(3)),
        ("labels", json!({"zone": "b"})),
        ("session_ms", json!(10_000)),
        ("draining", json!(false)),
    ] {
        assert_eq!(worker[field], value, "{field}");
    }
    second.interrupt();
    second.ended().await.ok();
}

#[tokio::test]
async fn a_stopped_worker_keeps_its_session_until_its_last_task_has_ended() {
    let mut cluster = Cluster::start(3).await;
    let leader = cluster.leader().await;
    let client = cluster.client(cluster.others(leader)[0]);
    client.put_queue("video", json!({"assign": "best_fit", "max_attempts": 1})).await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let gate = folder.path().join("gate");
    let script = format!("until [ -e {} ]; do sleep 0.02; done", gate.display());
    let id = client.enqueue("video", json!({"payload": 1})).await;
    let worker = work(&client, &["video"], "w", &["--slots", "2", "--session-ms", "1000"], &script);
    let is_held = async || (client.state(&id).await == "leased").then_some(());
    wait::until("the command to run", PATIENCE, is_held).await;
    worker.interrupt();
    let is_draining = async || {
        let worker = client.get("/v1/workers/w").await;
        (worker.body["draining"] == true).then_some(())
    };
    wait::until("the worker to drain", PATIENCE, is_draining).await;
    // Its stream ends, and is not opened again.
    cluster.node(leader).kill();
    let is_led = async || (client.get("/v1/workers/w").await.status == 200).then_some(());
    wait::until("another node to lead", PATIENCE, is_led).await;
    wait::holds("the session", Duration::from_secs(4), async || {
        let worker = client.get("/v1/workers/w").await;
        match (worker.status, worker.body["load"]["slots"].as_u64()) {
            // Without a leader for a moment, nothing ends either.
            (200, Some(1)) | (503 | 504, _) => Ok(()),
            _ => Err(worker.text),
        }
    })
    .await;
    std::fs::write(&gate, "").expect("the folder is there");
    worker.ended().await.ok();
    let task = client.task(&id).await;
    assert_eq!((&task["state"], &task["attempt"]), (&json!("succeeded"), &json!(1)));
}

#[tokio::test]
async fn a_registered_worker_asks_for_what_is_not_assigned_within_its_slots() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    client.put_queue("assigned", json!({"assign": "least_loaded"})).await;
    client.put_queue("asked", json!({})).await;
    for queue in ["assigned", "asked"] {
        for number in 0..20 {
            let task = json!({"payload": number, "resources": {"gpu": 1}});
            client.enqueue(queue, task).await;
        }
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    // Each notes how many run beside it.
    let script = format!(
        "mkdir {0}/$FERRY_TASK_ID; ls {0} | wc -l; sleep 0.05; rmdir {0}/$FERRY_TASK_ID",
        folder.path().display()
    );
    let options = ["--slots", "3", "--resources", "gpu=2", "--drain"];
    let worker = work(&client, &["assigned", "asked"], "w", &options, &script);
    worker.ended().await.ok();
    let tasks = client.all_pages("/v1/tasks", "tasks", "").await;
    assert_eq!(tasks.len(), 40);
    for task in tasks {
        assert_eq!((&task["state"], &task["attempt"]), (&json!("succeeded"), &json!(1)), "{task}");
        let id = task["id"].as_str().expect("a task has an id");
        let result = client.task(id).await["result"].as_u64();
        assert!(matches!(result, Some(1..=2)), "{result:?} ran at a time with two GPUs");
    }
}

#[tokio::test]
async fn a_registered_worker_of_an_unknown_queue_is_refused() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    client.put_queue("video", json!({"assign": "best_fit"})).await;
    let ran = work(&client, &["video", "none"], "w", &["--slots", "2"], "true").ended().await;
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(ran.stderr.contains("none"), "{}", ran.stderr);
    client.get("/v1/workers/w").await.expect_problem(404, "worker_not_found");
}
