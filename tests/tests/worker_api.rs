//! What registered workers are told, get by asking, and are refused.

use ferry_tests::{Assignments, Client, Cluster, wait};
use serde_json::{Value, json};

async fn assignments(client: &Client, worker: &str) -> Assignments {
    let path = format!("/v1/workers/{worker}/assignments");
    client.request("GET", &path).assignments().await.expect("the worker is registered")
}

#[tokio::test]
async fn a_worker_is_put_shown_drained_and_deleted_over_any_node() {
    let cluster = Cluster::start(3).await;
    let client = cluster.client(cluster.others(cluster.leader().await)[0]);
    let settings = json!({"queues": ["a", "b"], "slots": 2, "resources": {"cpu": 4},
        "labels": {"zone": "x"}, "session_ms": 60_000});
    let put = client.put("/v1/workers/w", settings).await.expect(201);
    let mut shown = client.get("/v1/workers/w").await.expect(200);
    assert_eq!(shown["leases"], json!([]));
    shown.as_object_mut().expect("an object").remove("leases");
    assert_eq!(put, shown);
    // It replaces, in the same session.
    let again = client.put("/v1/workers/w", json!({"queues": ["a"]})).await.expect(200);
    assert_eq!((&again["session"], &again["slots"]), (&put["session"], &json!(1)));
    assert_eq!((&again["session_ms"], &again["resources"]), (&json!(10_000), &json!({})));
    let beat = client.post("/v1/workers/w/heartbeat", json!({})).await.expect(200);
    assert_eq!(beat["session"], put["session"]);

    client.put_queue("a", json!({"assign": "least_loaded"})).await;
    let mut stream = assignments(&client, "w").await;
    client.enqueue("a", json!({"payload": 1})).await;
    let lease = stream.lease().await;
    let drained = client.post("/v1/workers/w/drain", json!({})).await.expect(200);
    assert_eq!((&drained["draining"], &drained["load"]["slots"]), (&json!(true), &json!(1)));
    let second = client.enqueue("a", json!({"payload": 2})).await;
    client.settle(&lease.id, "ack", json!({})).await.expect(200);
    assert_eq!(client.state(&second).await, "ready", "it gets nothing new");
    client.put("/v1/workers/w", json!({"queues": ["a"]})).await.expect(200);
    assert_eq!(stream.lease().await.task, second, "it takes tasks again");
    assert_eq!(client.delete("/v1/workers/w").await.status, 204);
    assert_eq!(client.state(&second).await, "ready", "its leases are given back");
    assert_eq!(stream.next().await, None);
    for (method, path) in [
        ("GET", "/v1/workers/w"),
        ("DELETE", "/v1/workers/w"),
        ("POST", "/v1/workers/w/drain"),
        ("POST", "/v1/workers/w/heartbeat"),
        ("GET", "/v1/workers/w/assignments"),
    ] {
        let answer = client.request(method, path).send().await;
        answer.expect_problem(404, "worker_not_found");
    }
    let later = client.put("/v1/workers/w", json!({})).await.expect(201);
    assert!(later["session"].as_u64() > put["session"].as_u64());
}

#[tokio::test]
async fn pull_and_push_work_side_by_side_within_slots_and_needs() {
    let cluster = Cluster::start(3).await;
    let client = cluster.client(cluster.others(cluster.leader().await)[0]);
    client.put_queue("q", json!({"assign": "best_fit"})).await;
    let register = |gpus: u64, zone: &str| json!({"queues": ["q"], "slots": 2, "resources": {"gpu": gpus}, "labels": {"zone": zone}});
    client.put("/v1/workers/push", register(1, "a")).await.expect(201);
    client.put("/v1/workers/pull", register(1, "b")).await.expect(201);
    let mut stream = assignments(&client, "push").await;
    let gpu =
        |zone: &str| json!({"payload": 1, "resources": {"gpu": 1}, "selector": {"zone": zone}});
    let for_push = client.enqueue("q", gpu("a")).await;
    let for_pull = client.enqueue("q", gpu("b")).await;
    let other = client.enqueue("q", gpu("b")).await;
    assert_eq!(stream.lease().await.task, for_push);
    // One that is not registered gets no task with needs; nor does one without room.
    assert!(client.dequeue("q", json!({"max": 9})).await.is_empty());
    assert!(client.dequeue("q", json!({"max": 9, "worker": "stranger"})).await.is_empty());
    let taken = client.dequeue("q", json!({"max": 9, "worker": "pull"})).await;
    assert_eq!(taken.iter().map(|lease| &lease.task).collect::<Vec<_>>(), [&for_pull]);
    // Who waits under its name hears when there is room again.
    let waiting = client.dequeue("q", json!({"max": 9, "worker": "pull", "wait_ms": 30_000}));
    let settling = client.settle(&taken[0].id, "ack", json!({}));
    let (taken, settled) = tokio::join!(waiting, settling);
    settled.expect(200);
    assert_eq!(taken[0].task, other);
    // The wake of a task that the first waiter cannot take reaches the one who can.
    client.settle(&taken[0].id, "ack", json!({})).await.expect(200);
    let first = tokio::spawn(wait_for_any(client.clone()));
    until_parked(&cluster, 1).await;
    let second = client.dequeue("q", json!({"max": 1, "worker": "pull", "wait_ms": 30_000}));
    let enqueueing = async {
        until_parked(&cluster, 2).await;
        client.enqueue("q", gpu("b")).await
    };
    let (taken, id) = tokio::join!(second, enqueueing);
    assert_eq!(taken[0].task, id);
    first.abort();
}

/// Waits until so many dequeues wait in the cluster.
async fn until_parked(cluster: &Cluster, dequeues: u64) {
    wait::until("dequeues to wait", wait::PATIENCE, async || {
        let mut parked = 0.0;
        for id in cluster.ids() {
            parked += cluster.client(id).metric("ferry_waiters").await;
        }
        (parked >= dequeues as f64).then_some(())
    })
    .await;
}

async fn wait_for_any(client: Client) -> Value {
    client.post("/v1/queues/q/dequeue", json!({"max": 1, "wait_ms": 20_000})).await.body
}

#[tokio::test]
async fn what_a_worker_may_not_say_is_refused_and_changes_nothing() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    for (body, field) in [
        (json!({"queues": ["a", "a"]}), "queues[1]"),
        (json!({"slots": 0}), "slots"),
        (json!({"slots": 1_001}), "slots"),
        (json!({"session_ms": 999}), "session_ms"),
        (json!({"session_ms": 600_001}), "session_ms"),
        (json!({"resources": {"": 1}}), "resources"),
        (json!({"labels": {"": "x"}}), "labels"),
    ] {
        let problem = client.put("/v1/workers/w", body).await;
        let problem = problem.expect_problem(400, "invalid_argument");
        assert_eq!(problem["field"], field, "{problem}");
    }
    let problem = client.put("/v1/workers/w", json!({"slot": 1})).await;
    problem.expect_problem(400, "unknown_field");
    let problem = client.put("/v1/workers/a%2fb", json!({})).await;
    problem.expect_problem(400, "invalid_argument");
    client.get("/v1/workers/w").await.expect_problem(404, "worker_not_found");
    let path = "/v1/queues/q/tasks";
    let task = json!({"payload": 1, "resources": {"gpu": -1}});
    client.post(path, task).await.expect_problem(400, "invalid_argument");
    let task = json!({"payload": 1, "selector": {"": "x"}});
    let problem = client.post(path, task).await.expect_problem(400, "invalid_argument");
    assert_eq!(problem["field"], "selector", "{problem}");
    for assign in [json!("push"), json!({"spread": ""}), json!({"spread": 1})] {
        let problem = client.put("/v1/queues/q", json!({"assign": assign})).await;
        problem.expect_problem(400, "invalid_argument");
    }
    client.put("/v1/workers/w", json!({})).await.expect(201);
    let path = "/v1/workers/w/assignments";
    let answer = client.request("GET", path).header("accept", "application/json").send().await;
    answer.expect_problem(406, "not_acceptable");
    let answer = client.request("GET", &format!("{path}?x=1")).send().await;
    answer.expect_problem(400, "unknown_field");
}
