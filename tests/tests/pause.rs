//! A paused queue gives nothing, everything else goes on, and whoever waits is woken at its end.

use std::time::Duration;

use ferry_tests::wait;
use ferry_tests::{Client, Cluster};
use serde_json::{Value, json};

#[tokio::test]
async fn a_paused_queue_gives_nothing_and_takes_everything() {
    let mut cluster = Cluster::start(3).await;
    let client = cluster.client(1);
    client.enqueue_many("mail", 2).await;
    let lease = client.take("mail", 600_000).await;
    assert_eq!(act(&cluster.client(2), "pause").await["paused"], true);
    assert!(client.dequeue("mail", json!({"max": 5})).await.is_empty());
    let settings = json!({"lease_ms": 1_000});
    assert_eq!(client.put_queue("mail", settings).await["paused"], true, "settings keep it");

    let client = cluster.kill_leader().await;
    assert_eq!(client.queue("mail").await["paused"], true);
    client.settle(&lease.id, "extend", json!({})).await.expect(200);
    client.settle(&lease.id, "release", json!({})).await.expect(200);
    client.enqueue("mail", json!({"payload": "more"})).await;
    assert_eq!(client.count("mail", "ready").await, 3);
    assert!(client.dequeue("mail", json!({"max": 5, "wait_ms": 300})).await.is_empty());

    assert_eq!(act(&client, "pause").await["paused"], true, "it may be asked for twice");
    assert_eq!(act(&client, "resume").await["paused"], false);
    assert_eq!(client.dequeue("mail", json!({"max": 5})).await.len(), 3);
}

#[tokio::test]
async fn a_resumed_queue_wakes_who_waits() {
    let cluster = Cluster::start(3).await;
    let client = cluster.client(1);
    client.enqueue("mail", json!({"payload": 1})).await;
    act(&client, "pause").await;
    let waiters: Vec<_> = cluster
        .ids()
        .into_iter()
        .map(|node| {
            let client = cluster.client(node);
            let body = json!({"max": 1, "wait_ms": 20_000});
            tokio::spawn(async move { client.dequeue("mail", body).await })
        })
        .collect();
    let leader = cluster.client(cluster.leader().await);
    let all_wait = async || (leader.metric("ferry_waiters").await >= 3.0).then_some(());
    wait::until("three dequeues to wait", Duration::from_secs(10), all_wait).await;
    client.enqueue_many("mail", 2).await;
    assert!(client.metric("ferry_queue_paused").await > 0.0, "operators see it");
    act(&client, "resume").await;
    let mut taken = Vec::new();
    for waiter in waiters {
        taken.extend(waiter.await.expect("a client does not panic"));
    }
    assert_eq!(taken.len(), 3, "each waiter is woken: {taken:?}");
}

async fn act(client: &Client, action: &str) -> Value {
    client.request("POST", &format!("/v1/queues/mail/{action}")).send().await.expect(200)
}
