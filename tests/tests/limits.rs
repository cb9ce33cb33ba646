//! How many may run, how often, and beside whom: concurrency, rates, named limits and locks, over
//! HTTP and over the death of a leader.

use std::time::{Duration, Instant};

use ferry_tests::Cluster;
use serde_json::{Value, json};

#[tokio::test]
async fn a_slot_that_is_free_under_the_next_leader_wakes_a_waiter() {
    let mut cluster = Cluster::start(3).await;
    let client = cluster.client(1);
    client.put_queue("mail", json!({"max_concurrency": 1})).await;
    client.enqueue_many("mail", 2).await;
    let first = client.take("mail", 30_000).await;
    let survivor = cluster.kill_leader().await;
    assert_eq!(survivor.payloads("mail").await, Vec::<Value>::new(), "the slot is taken");
    let wait = json!({"wait_ms": 10_000});
    let waiting = async { survivor.dequeue("mail", wait).await };
    let settling = async { survivor.settle(&first.id, "ack", json!({})).await.expect(200) };
    let (leases, _) = tokio::join!(waiting, settling);
    assert_eq!(leases[0].payload, 1);
}

#[tokio::test]
async fn a_rate_lets_one_through_after_the_other() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    client.put_queue("mail", json!({"rate": {"per_second": 5, "burst": 1}})).await;
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
async fn the_next_leader_grants_no_rate_anew() {
    let mut cluster = Cluster::start(3).await;
    let client = cluster.client(1);
    // One delivery in a quarter of an hour.
    let rate = json!({"per_second": 0.001, "burst": 2});
    client.put_queue("mail", json!({"rate": rate})).await;
    client.enqueue_many("mail", 4).await;
    let limit = json!({"match": {"type": "send"}, "rate": rate});
    client.put("/v1/limits/smtp", limit).await.expect(201);
    for payload in 0..3 {
        client.enqueue("post", json!({"payload": payload, "type": "send"})).await;
    }
    client.enqueue("post", json!({"payload": "other"})).await;
    assert_eq!(client.take("mail", 600_000).await.payload, 0);
    assert_eq!(client.take("post", 600_000).await.payload, 0);

    let survivor = cluster.kill_leader().await;
    assert_eq!(survivor.payloads("mail").await, [1], "one token was left");
    assert_eq!(survivor.payloads("post").await, [json!(1), json!("other")]);
    assert_eq!(survivor.payloads("mail").await, Vec::<Value>::new());
    let waiting = survivor.dequeue("mail", json!({"max": 10, "wait_ms": 10_000}));
    let faster = survivor.put_queue("mail", json!({"rate": {"per_second": 1_000}}));
    let (leases, _) = tokio::join!(waiting, faster);
    assert!(!leases.is_empty(), "who waits learns of the new rate");
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
    assert_eq!(client.payloads("post").await, Vec::<Value>::new());
    let survivor = cluster.kill_leader().await;
    let read = survivor.get("/v1/limits/smtp").await.expect(200);
    assert_eq!((&read["leased"], &read["match"]), (&json!(1), &json!({"type": "send"})));
    assert_eq!(survivor.payloads("post").await, Vec::<Value>::new());
    survivor.settle(&first.id, "ack", json!({})).await.expect(200);
    assert_eq!(survivor.payloads("post").await, ["post"]);
    let list = survivor.get("/v1/limits").await.expect(200);
    assert_eq!(list["limits"][0]["limit"], "smtp");
    survivor.request("DELETE", "/v1/limits/smtp").send().await.expect(204);
    let gone = survivor.get("/v1/limits/smtp").await.expect(404);
    assert_eq!(gone["code"], "limit_not_found");
}

#[tokio::test]
async fn a_lock_is_held_by_one_whoever_leads() {
    let mut cluster = Cluster::start(3).await;
    let client = cluster.client(1);
    client.enqueue("mail", json!({"payload": "one", "locks": ["db", "disk"]})).await;
    client.enqueue("post", json!({"payload": "two", "locks": ["disk"]})).await;
    client.enqueue("post", json!({"payload": "free"})).await;
    let first = client.take("mail", 600_000).await;
    assert_eq!(first.payload, "one");
    let survivor = cluster.kill_leader().await;
    assert_eq!(survivor.payloads("post").await, ["free"], "the disk is locked");
    survivor.settle(&first.id, "release", json!({})).await.expect(200);
    let second = survivor.take("post", 600_000).await;
    assert_eq!(second.payload, "two");
    assert_eq!(survivor.payloads("mail").await, Vec::<Value>::new(), "all locks, or none");
    survivor.settle(&second.id, "ack", json!({})).await.expect(200);
    assert_eq!(survivor.payloads("mail").await, ["one"]);
}
