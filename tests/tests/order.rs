//! Whose turn it is: keys and fair queues, over HTTP and over the death of a leader.

use ferry_tests::Cluster;
use serde_json::{Value, json};

#[tokio::test]
async fn a_key_runs_one_at_a_time_in_order_whoever_leads() {
    let mut cluster = Cluster::start(3).await;
    let client = cluster.client(1);
    for (payload, key) in [("a1", "a"), ("a2", "a"), ("b1", "b")] {
        client.enqueue("mail", json!({"payload": payload, "key": key})).await;
    }
    let first = client.take("mail", 30_000).await;
    assert_eq!(first.payload, "a1");
    let survivor = cluster.kill_leader().await;
    assert_eq!(survivor.payloads("mail").await, ["b1"], "a2 waits for a1");
    survivor.settle(&first.id, "ack", json!({})).await.expect(200);
    assert_eq!(survivor.payloads("mail").await, ["a2"]);
}

#[tokio::test]
async fn as_many_of_a_key_run_as_its_queue_allows_whoever_leads() {
    let mut cluster = Cluster::start(3).await;
    let client = cluster.client(1);
    client.put_queue("mail", json!({"key_concurrency": 2})).await;
    for payload in 0..4 {
        client.enqueue("mail", json!({"payload": payload, "key": "a"})).await;
    }
    client.enqueue("mail", json!({"payload": "other", "key": "b"})).await;
    let first = client.take("mail", 600_000).await;
    client.take("mail", 600_000).await;
    let survivor = cluster.kill_leader().await;
    assert_eq!(survivor.payloads("mail").await, ["other"], "two of a are leased");
    survivor.settle(&first.id, "ack", json!({})).await.expect(200);
    assert_eq!(survivor.payloads("mail").await, [2], "one more, not two");
}

#[tokio::test]
async fn pain_15_one_tenant_does_not_starve_another() {
    let mut cluster = Cluster::start(3).await;
    let client = cluster.client(1);
    client.put_queue("mail", json!({"fair": true})).await;
    let many: Vec<Value> = (0..500).map(|n| json!({"payload": n, "key": "loud"})).collect();
    let path = "/v1/queues/mail/tasks";
    client.post(path, json!({"tasks": many})).await.expect(201);
    client.enqueue("mail", json!({"payload": "quiet", "key": "quiet"})).await;
    assert_eq!(client.take("mail", 30_000).await.payload, 0);
    let survivor = cluster.kill_leader().await;
    assert_eq!(survivor.take("mail", 30_000).await.payload, "quiet");
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
