//! Dequeues that wait: woken by a task's arrival and not by a poll, on any node, one task each.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use ferry_tests::wait::{self, PATIENCE};
use ferry_tests::{Client, Cluster, Lease};
use serde_json::{Value, json};
use tokio::task::{JoinHandle, JoinSet};

#[tokio::test]
async fn a_waiter_is_woken_by_arrival_and_not_by_polling() {
    let cluster = Cluster::start(3).await;
    let leader = cluster.leader().await;
    let client = cluster.client(leader);
    client.put_queue("mail", json!({})).await;
    let mut delays = Vec::new();
    for number in 0..20 {
        let waiter = wait_for_one(&client, "mail");
        parked(&client, 1).await;
        client.enqueue("mail", json!({"payload": number})).await;
        let acknowledged = Instant::now();
        let lease = waiter.await.expect("the waiter does not panic").expect("the task came");
        assert_eq!(lease.payload, number);
        delays.push(acknowledged.elapsed());
    }
    delays.sort();
    let median = delays[delays.len() / 2];
    assert!(median < Duration::from_millis(100), "a waiter got its task {median:?} late");
}

#[tokio::test]
async fn a_waiter_on_a_follower_is_woken_too() {
    let cluster = Cluster::start(3).await;
    let leader = cluster.leader().await;
    cluster.client(leader).put_queue("mail", json!({})).await;
    for follower in cluster.others(leader) {
        let waiter = wait_for_one(&cluster.client(follower), "mail");
        parked(&cluster.client(leader), 1).await;
        cluster.client(leader).enqueue("mail", json!({"payload": follower})).await;
        let woken = tokio::time::timeout(Duration::from_secs(2), waiter).await;
        let lease = woken.expect("woken in time").expect("the waiter does not panic");
        assert_eq!(lease.expect("the task came").payload, follower);
    }
}

#[tokio::test]
async fn whoever_waits_on_a_queue_that_is_deleted_is_told_at_once() {
    let cluster = Cluster::start(3).await;
    let leader = cluster.leader().await;
    let client = cluster.client(leader);
    client.put_queue("mail", json!({})).await;
    client.put_queue("post", json!({})).await;
    let waiters: Vec<_> = cluster
        .ids()
        .into_iter()
        .map(|node| {
            let body = json!({"queues": ["post", "mail"], "wait_ms": 60_000});
            let request = cluster.client(node).request("POST", "/v1/dequeue").json(&body);
            tokio::spawn(request.patience(Duration::from_secs(70)).send())
        })
        .collect();
    parked(&client, 3).await;
    let deleted = Instant::now();
    client.delete("/v1/queues/mail").await.expect(204);
    for waiter in waiters {
        let answer = waiter.await.expect("the waiter does not panic");
        assert_eq!(answer.expect_problem(404, "queue_not_found")["queue"], "mail");
    }
    assert!(deleted.elapsed() < Duration::from_secs(20), "told after {:?}", deleted.elapsed());
}

#[tokio::test]
async fn a_thousand_waiters_get_one_task_each() {
    let cluster = Cluster::start(3).await;
    let leader = cluster.leader().await;
    let client = cluster.client(leader);
    client.put_queue("mail", json!({})).await;
    let mut waiters = JoinSet::new();
    for number in 0..1_000 {
        let client = cluster.client(number % 3 + 1);
        waiters.spawn(async move {
            let body = json!({"max": 1, "wait_ms": 60_000, "worker": "w"});
            let request = client.request("POST", "/v1/queues/mail/dequeue").json(&body);
            request.patience(Duration::from_secs(70)).send().await.expect(200)
        });
    }
    parked(&client, 1_000).await;
    let enqueued: BTreeSet<_> = client.enqueue_many("mail", 1_000).await.into_iter().collect();
    let mut taken = BTreeSet::new();
    while let Some(answer) = waiters.join_next().await {
        let answer = answer.expect("a waiter does not panic");
        let tasks = answer["tasks"].as_array().expect("a list");
        assert_eq!(tasks.len(), 1, "a waiter got {answer}");
        assert!(taken.insert(Lease::read(&tasks[0]).task), "a task was given twice");
    }
    assert_eq!(taken, enqueued);
    assert_eq!(client.count("mail", "leased").await, 1_000);
}

#[tokio::test]
async fn g11_empty_polls_write_no_log_entries() {
    let cluster = Cluster::start(3).await;
    let leader = cluster.leader().await;
    let client = cluster.client(leader);
    client.put_queue("mail", json!({})).await;
    // Another key is needed on no write here, so the index is the last write's.
    let before = client.put_queue("mail", json!({})).await;
    let index = last_log_index(&client, leader).await;
    let mut polls = JoinSet::new();
    for number in 0..30 {
        let client = cluster.client(number % 3 + 1);
        polls.spawn(async move {
            for _ in 0..5 {
                assert!(client.dequeue("mail", json!({"max": 1, "wait_ms": 100})).await.is_empty());
                assert!(client.dequeue("mail", json!({"max": 1})).await.is_empty());
            }
        });
    }
    while let Some(ended) = polls.join_next().await {
        ended.expect("a poller does not panic");
    }
    assert_eq!(last_log_index(&client, leader).await, index, "empty polls were logged");
    assert_eq!(client.queue("mail").await["settings"], before["settings"]);
}

#[tokio::test]
async fn a_waiter_that_hangs_up_takes_no_task_with_it() {
    let cluster = Cluster::start(3).await;
    let leader = cluster.leader().await;
    let client = cluster.client(leader);
    client.put_queue("mail", json!({})).await;
    for node in cluster.ids() {
        let waiter = wait_for_one(&cluster.client(node), "mail");
        parked(&client, 1).await;
        waiter.abort();
        parked(&client, 0).await;
        client.enqueue("mail", json!({"payload": node})).await;
        let lease = client.take("mail", 30_000).await;
        assert_eq!((lease.payload, lease.attempt), (json!(node), 1));
    }
}

#[tokio::test]
async fn a_waiter_gets_a_task_that_falls_due() {
    let cluster = Cluster::start(3).await;
    let client = cluster.client(1);
    client.enqueue("mail", json!({"payload": 1, "delay_ms": 1_000})).await;
    let leases = client.dequeue("mail", json!({"max": 1, "wait_ms": 10_000})).await;
    assert_eq!(leases.len(), 1);
}

#[tokio::test]
async fn a_waiter_watches_several_queues_in_order() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    for queue in ["high", "low"] {
        client.put_queue(queue, json!({})).await;
    }
    client.enqueue("low", json!({"payload": "l"})).await;
    client.enqueue("high", json!({"payload": "h"})).await;
    let body = json!({"queues": ["high", "low"], "max": 2});
    let answer = client.post("/v1/dequeue", body).await.expect(200);
    let order: Vec<_> = answer["tasks"].as_array().into_iter().flatten().collect();
    assert_eq!(order.len(), 2, "{answer}");
    assert_eq!((&order[0]["payload"], &order[1]["payload"]), (&json!("h"), &json!("l")));

    let waiting = client.clone();
    let waiter = tokio::spawn(async move {
        let body = json!({"queues": ["high", "low"], "max": 1, "wait_ms": 10_000});
        waiting.post("/v1/dequeue", body).await.expect(200)
    });
    parked(&client, 1).await;
    client.enqueue("low", json!({"payload": "later"})).await;
    let answer = waiter.await.expect("the waiter does not panic");
    assert_eq!(answer["tasks"][0]["payload"], "later");

    let body = json!({"queues": ["high", "none"], "max": 1});
    client.post("/v1/dequeue", body).await.expect_problem(404, "queue_not_found");
}

#[tokio::test]
async fn g9_a_waiter_outlives_the_leader() {
    let mut cluster = Cluster::start(3).await;
    let leader = cluster.leader().await;
    cluster.client(leader).put_queue("mail", json!({})).await;
    let survivors = cluster.others(leader);
    let waiters: Vec<_> =
        survivors.iter().map(|&node| wait_for_one(&cluster.client(node), "mail")).collect();
    parked(&cluster.client(leader), 2).await;
    cluster.node(leader).kill();
    cluster.leader_other_than(leader).await;
    cluster.client(survivors[0]).enqueue_many("mail", 2).await;
    for waiter in waiters {
        let lease = waiter.await.expect("the waiter does not panic");
        assert!(lease.is_some(), "a waiter came back empty");
    }
}

/// A dequeue of one task that waits for up to half a minute.
fn wait_for_one(client: &Client, queue: &str) -> JoinHandle<Option<Lease>> {
    let (client, path) = (client.clone(), format!("/v1/queues/{queue}/dequeue"));
    tokio::spawn(async move {
        let body = json!({"max": 1, "wait_ms": 30_000, "worker": "waiter"});
        let request = client.request("POST", &path).json(&body).patience(Duration::from_secs(40));
        let answer = request.send().await.expect(200);
        answer["tasks"].as_array().and_then(|tasks| tasks.first()).map(Lease::read)
    })
}

/// Waits until exactly this many dequeues are parked at the leader.
async fn parked(leader: &Client, count: u64) {
    let is_parked = async || (leader.metric("ferry_waiters").await == count as f64).then_some(());
    wait::until(&format!("{count} dequeues to be parked"), PATIENCE, is_parked).await;
}

async fn last_log_index(client: &Client, node: u64) -> u64 {
    let cluster = client.get("/v1/cluster").await.expect(200);
    let is_it = |candidate: &&Value| candidate["id"] == node;
    let nodes = cluster["nodes"].as_array().expect("a list");
    let index = nodes.iter().find(is_it).and_then(|node| node["last_log_index"].as_u64());
    index.expect("a node tells its last log index")
}
