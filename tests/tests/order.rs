//! Who may run next: keys, turns, concurrency, rates, limits and locks, over HTTP and over the
//! death of a leader.

use std::time::{Duration, Instant};

use ferry_tests::{Client, Cluster};
use serde_json::{Value, json};

async fn put(client: &Client, queue: &str, settings: Value) {
    let path = format!("/v1/queues/{queue}");
    client.request("PUT", &path).json(&settings).send().await.expect(201);
}

/// The payloads of what a dequeue gets.
async fn taken(client: &Client, queue: &str) -> Vec<Value> {
    let leases = client.dequeue(queue, json!({"max": 100})).await;
    leases.into_iter().map(|lease| lease.payload).collect()
}

#[tokio::test]
async fn a_key_runs_one_at_a_time_in_order_whoever_leads() {
    let mut cluster = Cluster::start(3).await;
    let client = cluster.client(1);
    for (payload, key) in [("a1", "a"), ("a2", "a"), ("b1", "b")] {
        client.enqueue("mail", json!({"payload": payload, "key": key})).await;
    }
    let first = client.take("mail", 30_000).await;
    assert_eq!(first.payload, "a1");
    let leader = cluster.leader().await;
    cluster.node(leader).kill();
    let survivor = cluster.client(if leader == 1 { 2 } else { 1 });
    assert_eq!(taken(&survivor, "mail").await, ["b1"], "a2 waits for a1");
    survivor.settle(&first.id, "ack", json!({})).await.expect(200);
    assert_eq!(taken(&survivor, "mail").await, ["a2"]);
}

#[tokio::test]
async fn pain_15_one_tenant_does_not_starve_another() {
    let mut cluster = Cluster::start(3).await;
    let client = cluster.client(1);
    put(&client, "mail", json!({"fair": true})).await;
    let many: Vec<Value> = (0..500).map(|n| json!({"payload": n, "key": "loud"})).collect();
    let path = "/v1/queues/mail/tasks";
    client.post(path, json!({"tasks": many})).await.expect(201);
    client.enqueue("mail", json!({"payload": "quiet", "key": "quiet"})).await;
    assert_eq!(client.take("mail", 30_000).await.payload, 0);
    let leader = cluster.leader().await;
    cluster.node(leader).kill();
    let survivor = cluster.client(if leader == 1 { 2 } else { 1 });
    assert_eq!(survivor.take("mail", 30_000).await.payload, "quiet");
}

#[tokio::test]
async fn a_waiter_is_woken_when_a_slot_is_free() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    put(&client, "mail", json!({"max_concurrency": 1})).await;
    client.enqueue_many("mail", 2).await;
    let first = client.take("mail", 30_000).await;
    let wait = json!({"wait_ms": 20_000});
    let waiting = async { client.dequeue("mail", wait).await };
    let settling = async { client.settle(&first.id, "ack", json!({})).await.expect(200) };
    let (leases, _) = tokio::join!(waiting, settling);
    assert_eq!(leases[0].payload, 1);
}

#[tokio::test]
async fn a_rate_lets_one_through_after_the_other() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    put(&client, "mail", json!({"rate": {"per_second": 5, "burst": 1}})).await;
    client.enqueue_many("mail", 4).await;
    let begun = Instant::now();
    let wait = || json!({"wait_ms": 20_000});
    let poll = || client.dequeue("mail", wait());
    let leases = tokio::join!(poll(), poll(), poll(), poll());
    let counts = [leases.0, leases.1, leases.2, leases.3].map(|leases| leases.len());
    assert_eq!(counts, [1; 4], "each waiter gets one");
    assert!(begun.elapsed() >= Duration::from_millis(500), "{:?}", begun.elapsed());
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    let empty = client.post("/v1/queues/mail/dequeue", json!({})).await.expect(200);
    assert_eq!(empty["tasks"], json!([]));
}

#[tokio::test]
async fn pain_16_a_limit_binds_all_queues_and_outlives_its_leader() {
    let mut cluster = Cluster::start(3).await;
    let client = cluster.client(1);
    let limit = json!({"match": {"type": "send"}, "max_concurrency": 1});
    let put = client.request("PUT", "/v1/limits/smtp").json(&limit).send().await.expect(201);
    assert_eq!((&put["limit"], &put["leased"]), (&json!("smtp"), &json!(0)));
    for queue in ["mail", "post"] {
        client.enqueue(queue, json!({"payload": queue, "type": "send"})).await;
    }
    let first = client.take("mail", 30_000).await;
    assert_eq!(taken(&client, "post").await, Vec::<Value>::new());
    let leader = cluster.leader().await;
    cluster.node(leader).kill();
    let survivor = cluster.client(if leader == 1 { 2 } else { 1 });
    let read = survivor.get("/v1/limits/smtp").await.expect(200);
    assert_eq!((&read["leased"], &read["match"]), (&json!(1), &json!({"type": "send"})));
    assert_eq!(taken(&survivor, "post").await, Vec::<Value>::new());
    survivor.settle(&first.id, "ack", json!({})).await.expect(200);
    assert_eq!(taken(&survivor, "post").await, ["post"]);
    let list = survivor.get("/v1/limits").await.expect(200);
    assert_eq!(list["limits"][0]["limit"], "smtp");
    survivor.request("DELETE", "/v1/limits/smtp").send().await.expect(204);
    let gone = survivor.get("/v1/limits/smtp").await.expect(404);
    assert_eq!(gone["code"], "limit_not_found");
}

#[tokio::test]
async fn a_lock_is_held_by_one() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    client.enqueue("mail", json!({"payload": "one", "locks": ["db", "disk"]})).await;
    client.enqueue("mail", json!({"payload": "two", "locks": ["disk"]})).await;
    let first = client.take("mail", 30_000).await;
    assert_eq!(first.payload, "one");
    assert_eq!(taken(&client, "mail").await, Vec::<Value>::new());
    client.settle(&first.id, "ack", json!({})).await.expect(200);
    assert_eq!(taken(&client, "mail").await, ["two"]);
}

#[tokio::test]
async fn what_is_out_of_range_is_refused_by_name() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    let locks: Vec<String> = (0..101).map(|n| format!("l{n}")).collect();
    let cases = [
        ("PUT", "/v1/queues/q", json!({"max_concurrency": 0}), "max_concurrency"),
        ("PUT", "/v1/queues/q", json!({"key_concurrency": 0}), "key_concurrency"),
        ("PUT", "/v1/queues/q", json!({"rate": {"per_second": 0}}), "rate.per_second"),
        ("PUT", "/v1/limits/l", json!({"match": {}}), "match"),
        ("PUT", "/v1/limits/l", json!({"match": {"key": ""}}), "match.key"),
        ("PUT", "/v1/limits/..l%20", json!({"match": {"key": "k"}}), "limit"),
        ("POST", "/v1/queues/q/tasks", json!({"payload": 1, "key": ""}), "key"),
        ("POST", "/v1/queues/q/tasks", json!({"payload": 1, "locks": locks}), "locks"),
        ("POST", "/v1/queues/q/tasks", json!({"payload": 1, "locks": [""]}), "locks[0]"),
    ];
    for (method, path, body, field) in cases {
        let answer = client.request(method, path).json(&body).send().await.expect(400);
        assert_eq!(
            (&answer["code"], &answer["field"]),
            (&json!("invalid_argument"), &json!(field))
        );
    }
    client.request("DELETE", "/v1/limits/l").send().await.expect(404);
    client.get("/v1/queues/q").await.expect(404);
}

#[tokio::test]
async fn an_enqueue_answers_with_the_task_as_it_stands() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    let first = client.enqueue("mail", json!({"payload": 1})).await;
    let task = json!({
        "payload": {"b": 1, "a": 2}, "priority": 7, "delay_ms": 60_000, "max_attempts": 3,
        "lease_ms": 5_000, "ttl_ms": 9_000, "type": "send", "labels": {"team": "x"}, "key": "k",
        "locks": ["y", "x", "y"], "unique": {"key": "u", "until": 5_000}, "depends_on": [first],
        "on_dependency_failure": "run",
    });
    let answer = client.post("/v1/queues/mail/tasks", task).await.expect(201);
    let id = answer["id"].as_str().expect("an id");
    assert_eq!(client.task(id).await, answer);
    assert_eq!((&answer["state"], &answer["locks"]), (&json!("blocked"), &json!(["x", "y"])));
}
