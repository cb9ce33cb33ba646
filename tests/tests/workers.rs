//! Registered workers: sessions, assignments, and what they need.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use ferry_tests::{Assignments, Client, Cluster, Lease, wait};
use serde_json::json;

async fn stream(client: &Client, worker: &str) -> Assignments {
    let path = format!("/v1/workers/{worker}/assignments");
    client.request("GET", &path).assignments().await.expect("the worker is registered")
}

#[tokio::test]
async fn an_assignment_comes_over_any_node_and_again_after_the_leader_died() {
    let mut cluster = Cluster::start(3).await;
    let leader = cluster.leader().await;
    let [one, other] = cluster.others(leader)[..] else { panic!("three nodes") };
    let client = cluster.client(one);
    client.put("/v1/queues/mail", json!({"assign": "least_loaded"})).await.expect(201);
    let settings = json!({"queues": ["mail"], "slots": 2, "session_ms": 60_000});
    let worker = client.put("/v1/workers/w1", settings).await.expect(201);
    assert_eq!(worker["session_ms"], 60_000, "{worker}");
    let mut assignments = stream(&client, "w1").await;
    let ids = client.enqueue_many("mail", 3).await;
    let (first, second) = (assignments.lease().await, assignments.lease().await);
    assert_eq!([&first.task, &second.task], [&ids[0], &ids[1]]);
    let worker = client.get("/v1/workers/w1").await.expect(200);
    assert_eq!(worker["load"], json!({"slots": 2, "resources": {}}), "{worker}");
    let leases: Vec<_> = worker["leases"].as_array().expect("a list").iter().collect();
    assert_eq!((leases.len(), &leases[0]["lease"]), (2, &json!(first.id)), "{worker}");
    client.settle(&first.id, "ack", json!({})).await.expect(200);
    assert_eq!(assignments.lease().await.task, ids[2], "a slot is free again");

    cluster.node(leader).kill();
    assert_eq!(assignments.next().await, None, "it ends with leadership");
    let client = cluster.client(other);
    cluster.leader_other_than(leader).await;
    let mut assignments = stream(&client, "w1").await;
    let again = assignments.lease().await;
    assert_eq!(again.id, second.id, "what is live comes first");
    client.settle(&again.id, "ack", json!({})).await.expect(200);
    let last = assignments.lease().await;
    assert_eq!(last.task, ids[2]);
    client.settle(&last.id, "ack", json!({})).await.expect(200);
    assert_eq!(client.count("mail", "succeeded").await, 3);
}

/// Takes so many leases under the name of a worker.
async fn take(client: &Client, worker: &str, count: usize, lease_ms: u64) -> BTreeSet<String> {
    let mut leases = BTreeSet::new();
    while leases.len() < count {
        let request = json!({"worker": worker, "max": 40, "wait_ms": 5_000, "lease_ms": lease_ms});
        let taken = client.post("/v1/queues/mail/dequeue", request).await.expect(200);
        let taken = taken["tasks"].as_array().expect("a list").iter().map(Lease::read);
        leases.extend(taken.map(|lease| lease.id));
    }
    leases
}

#[tokio::test]
async fn who_reads_late_gets_no_lease_of_somebody_else() {
    const TASKS: usize = 400;
    let cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    client.put_queue("mail", json!({"assign": "least_loaded", "max_attempts": 0})).await;
    let settings = json!({"queues": ["mail"], "slots": TASKS, "session_ms": 60_000});
    client.put("/v1/workers/slow", settings.clone()).await.expect(201);
    // More than the sockets on the way hold, so that most of it is written after the leases ended.
    let payload = "x".repeat(100_000);
    let tasks = vec![json!({"payload": payload}); 40];
    for _ in 0..TASKS / tasks.len() {
        client.post("/v1/queues/mail/tasks", json!({"tasks": tasks})).await.expect(201);
    }
    let slow_leases = take(&client, "slow", TASKS, 5_000).await;
    let mut slow = stream(&client, "slow").await;
    client.post("/v1/workers/slow/drain", json!({})).await.expect(200);
    client.put("/v1/workers/quick", settings).await.expect(201);
    take(&client, "quick", TASKS, 60_000).await;
    client.delete("/v1/workers/slow").await.expect(204);
    while let Some(task) = slow.next().await {
        let lease = Lease::read(&task);
        assert!(slow_leases.contains(&lease.id), "{} is not its own", lease.id);
    }
}

#[tokio::test]
async fn a_rate_lets_through_in_its_time_what_is_assigned() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    let rate = json!({"per_second": 4, "burst": 1});
    client.put_queue("mail", json!({"assign": "least_loaded", "rate": rate})).await;
    let settings = json!({"queues": ["mail"], "slots": 10, "session_ms": 60_000});
    client.put("/v1/workers/w1", settings).await.expect(201);
    let ids = client.enqueue_many("mail", 6).await;
    // Nothing else is written meanwhile: time alone has to bring them.
    let (mut assignments, begin) = (stream(&client, "w1").await, Instant::now());
    for id in ids {
        assert_eq!(assignments.lease().await.task, id);
    }
    let took = begin.elapsed();
    let due = Duration::from_millis(5 * 250);
    assert!(took > due.mul_f64(0.8) && took < due + Duration::from_secs(2), "it took {took:?}");
}

#[tokio::test]
async fn a_worker_that_hangs_with_its_stream_open_gets_nothing_more() {
    const TASKS: usize = 20;
    let cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    let policy = json!({"assign": "least_loaded", "lease_ms": 1_000, "max_attempts": 3});
    client.put_queue("mail", policy).await;
    let settings = json!({"queues": ["mail"], "slots": 2, "session_ms": 1_000});
    for worker in ["hung", "lively"] {
        client.put(&format!("/v1/workers/{worker}"), settings.clone()).await.expect(201);
    }
    let mut hung = stream(&client, "hung").await;
    client.enqueue_many("mail", 2).await;
    for _ in 0..2 {
        assert_eq!(hung.lease().await.attempt, 1);
    }
    let mut lively = stream(&client, "lively").await;
    client.enqueue_many("mail", TASKS - 2).await;
    for _ in 0..TASKS {
        let lease = lively.lease().await;
        client.settle(&lease.id, "ack", json!({})).await.expect(200);
    }
    assert_eq!(client.count("mail", "succeeded").await, TASKS as u64);
    assert_eq!(hung.next().await, None, "its stream has ended");
    let patience = Duration::from_secs(10);
    wait::until("its session to end", patience, async || {
        (client.get("/v1/workers/hung").await.status == 404).then_some(())
    })
    .await;
}
