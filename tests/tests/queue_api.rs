//! Queues: created, configured, described, listed and deleted.

use ferry_tests::Cluster;
use serde_json::json;

#[tokio::test]
async fn a_put_creates_then_replaces_all_settings() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    let settings = json!({"lease_ms": 5_000, "max_tasks": 10, "retry": {"initial_ms": 50}});
    let created = client.put("/v1/queues/mail", settings).await.expect(201);
    assert_eq!(created["queue"], "mail");
    assert_eq!(created["settings"]["lease_ms"], 5_000);
    assert_eq!(created["settings"]["max_tasks"], 10);
    assert_eq!(created["settings"]["retry"]["initial_ms"], 50);
    assert_eq!(created["settings"]["retry"]["max_ms"], 3_600_000);

    let replaced = client.put("/v1/queues/mail", json!({"max_attempts": 3})).await.expect(200);
    assert_eq!(replaced["settings"]["max_attempts"], 3);
    assert_eq!(replaced["settings"]["lease_ms"], 30_000, "what is left out goes back");
    assert!(replaced["settings"]["max_tasks"].is_null(), "what is left out goes back");
}

#[tokio::test]
async fn a_queue_tells_its_defaults_counts_and_bytes() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    client.enqueue("mail", json!({"payload": "abc"})).await;
    client.enqueue("mail", json!({"payload": "abc", "delay_ms": 3_600_000})).await;
    client.take("mail", 30_000).await;
    let queue = client.queue("mail").await;
    assert_eq!(queue["settings"]["lease_ms"], 30_000);
    assert_eq!(queue["settings"]["max_attempts"], 25);
    assert_eq!(queue["settings"]["result_retention_ms"], 3_600_000);
    assert_eq!(queue["counts"]["scheduled"], 1);
    assert_eq!(queue["counts"]["leased"], 1);
    assert_eq!(queue["counts"]["ready"].as_u64().unwrap_or(0), 0);
    assert!(queue["bytes"].as_u64().is_some_and(|bytes| bytes > 0), "{queue}");
    for rate in ["enqueue_per_second", "ack_per_second"] {
        assert!(queue["rates"][rate].is_number(), "{queue}");
    }
}

#[tokio::test]
async fn a_delete_refuses_tasks_that_are_not_finished_unless_forced() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    let id = client.enqueue("mail", json!({"payload": 1})).await;
    let refusal = client.delete("/v1/queues/mail").await.expect_problem(409, "not_empty");
    assert_eq!(refusal["counts"]["ready"], 1);
    client.delete("/v1/queues/mail?force=true").await.expect(204);
    client.get("/v1/queues/mail").await.expect_problem(404, "queue_not_found");
    client.get(&format!("/v1/tasks/{id}")).await.expect_problem(404, "task_not_found");
}

#[tokio::test]
async fn a_queue_with_only_finished_tasks_counts_as_empty() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    client.enqueue("mail", json!({"payload": 1})).await;
    let lease = client.take("mail", 30_000).await;
    client.settle(&lease.id, "ack", json!({})).await.expect(200);
    client.delete("/v1/queues/mail").await.expect(204);
    client.delete("/v1/queues/mail").await.expect_problem(404, "queue_not_found");
}

#[tokio::test]
async fn a_list_comes_in_pages_that_neither_skip_nor_repeat() {
    let mut cluster = Cluster::start(3).await;
    let mut client = cluster.client(1);
    let names: Vec<_> = (0..7).map(|number| format!("q{number}")).collect();
    for name in &names {
        client.put_queue(name, json!({})).await;
    }
    let (mut seen, mut path) = (Vec::new(), "/v1/queues?limit=3".to_owned());
    for number in 0..names.len() {
        if number == 1 {
            client = cluster.kill_leader().await;
        }
        let page = client.get(&path).await.expect(200);
        let queues = page["queues"].as_array().expect("a list");
        assert!(queues.len() <= 3, "{page}");
        seen.extend(queues.iter().map(|queue| queue["queue"].as_str().unwrap_or("?").to_owned()));
        let Some(token) = page["next_page_token"].as_str() else { break };
        path = format!("/v1/queues?limit=3&page_token={token}");
    }
    assert_eq!(seen, names);
}

#[tokio::test]
async fn g6_a_bound_is_exact_under_concurrent_producers() {
    let mut cluster = Cluster::start(3).await;
    let client = cluster.client(1);
    client.put_queue("mail", json!({"max_tasks": 25})).await;
    let producers: Vec<_> = (0..60)
        .map(|number| {
            let client = cluster.client(number % 3 + 1);
            tokio::spawn(async move {
                client.post("/v1/queues/mail/tasks", json!({"payload": number})).await
            })
        })
        .collect();
    let mut accepted = 0;
    for producer in producers {
        let answer = producer.await.expect("a producer does not panic");
        if answer.status == 201 {
            accepted += 1;
        } else {
            assert!(answer.header("retry-after").is_some(), "429 bears Retry-After");
            let refusal = answer.expect_problem(429, "queue_full");
            assert_eq!((&refusal["queue"], &refusal["limit"]), (&json!("mail"), &json!(25)));
        }
    }
    assert_eq!(accepted, 25);
    assert_eq!(client.count("mail", "ready").await, 25);

    let client = cluster.kill_leader().await;
    let batch = json!({"tasks": [{"payload": 1}]});
    client.post("/v1/queues/mail/tasks", batch).await.expect_problem(429, "queue_full");
    let lease = client.take("mail", 30_000).await;
    client.settle(&lease.id, "ack", json!({})).await.expect(200);
    client.enqueue("mail", json!({"payload": "fits again"})).await;
}

#[tokio::test]
async fn g6_a_bound_of_bytes_counts_payloads() {
    let mut cluster = Cluster::start(3).await;
    let client = cluster.client(1);
    client.put_queue("mail", json!({"max_bytes": 100})).await;
    client.enqueue("mail", json!({"payload": "x".repeat(90)})).await;
    let client = cluster.kill_leader().await;
    let more = json!({"payload": "x".repeat(20)});
    client.post("/v1/queues/mail/tasks", more).await.expect_problem(429, "queue_full");
}
