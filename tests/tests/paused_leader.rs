//! G9, pain 25: a leader that hangs is replaced, and when it wakes it hands out and expires nothing.

use std::time::Duration;

use ferry_tests::check::{self, Minimum};
use ferry_tests::{Client, Cluster, FaultKind, Workload, gap, wait};
use serde_json::json;
use tokio::task::{JoinHandle, JoinSet};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g9_a_hanging_leader_is_replaced_and_nothing_is_lost() {
    let mut cluster = Cluster::start(3).await;
    let leader = cluster.leader().await;
    let load = Workload::new(&cluster, "mail").only_at(&cluster.others(leader));
    let mut load = load.producers(8).workers(8).start();
    load.await_accepted(200).await;
    let from = load.history().now();
    load.history().fault_begins(FaultKind::Paused, leader);
    cluster.node(leader).pause();
    cluster.leader_other_than(leader).await;
    load.await_accepted(300).await;
    let gap = gap::longest(load.history(), from, load.history().now());
    println!("gap {gap:?}");
    cluster.node(leader).resume();
    cluster.wait_ready(leader).await;
    load.history().fault_ends(leader);
    load.await_accepted(200).await;

    let tasks = load.finish(&cluster).await;
    let minimum = Minimum { enqueues: 700, acks: 700, faults: (FaultKind::Paused, 1) };
    check::drained(load.history(), &tasks, minimum);
    check::no_errors_but_at_victims(load.history());
    assert!(gap < Duration::from_secs(3), "no write for {gap:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pain_25_a_leader_that_wakes_hands_out_and_expires_nothing() {
    let mut cluster = Cluster::start(3).await;
    let leader = cluster.leader().await;
    let survivor = cluster.client(cluster.others(leader)[0]);
    let expiring = survivor.enqueue("mail", json!({"payload": "expires meanwhile"})).await;
    survivor.take("mail", 1_000).await;
    survivor.put_queue("idle", json!({})).await;

    cluster.node(leader).pause();
    // The kernel takes these for the paused leader, which finds them when it wakes.
    let late = [
        late_dequeue(cluster.client(leader), "mail"),
        late_dequeue(cluster.client(leader), "idle"),
    ];
    cluster.leader_other_than(leader).await;
    let held = survivor.take("mail", 60_000).await;
    assert_eq!((held.task.as_str(), held.attempt), (expiring.as_str(), 2));
    survivor.enqueue("idle", json!({"payload": "taken by the new leader's client"})).await;
    let idle = survivor.take("idle", 60_000).await;

    cluster.node(leader).resume();
    for dequeue in late {
        dequeue.await.expect("a late client does not panic");
    }
    cluster.wait_ready(leader).await;
    wait::holds("the new leases", Duration::from_secs(3), async || {
        for held in [&held, &idle] {
            let task = survivor.task(&held.task).await;
            if task["lease"]["id"] != held.id.as_str() || task["state"] != "leased" {
                return Err(task.to_string());
            }
        }
        Ok(())
    })
    .await;
    survivor.settle(&held.id, "ack", json!({})).await.expect(200);
    survivor.settle(&idle.id, "ack", json!({})).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g7_a_leader_that_wakes_does_not_read_from_its_past() {
    let mut cluster = Cluster::start(3).await;
    let leader = cluster.leader().await;
    let survivor = cluster.client(cluster.others(leader)[0]);
    let id = survivor.enqueue("mail", json!({"payload": 1})).await;
    let lease = survivor.take("mail", 600_000).await;
    cluster.node(leader).pause();
    cluster.leader_other_than(leader).await;
    survivor.settle(&lease.id, "ack", json!({})).await.expect(200);

    // Asked after the ack was acknowledged, and answered by whoever thinks that it may.
    let mut late = JoinSet::new();
    for suffix in ["", "?forward=false"].repeat(4) {
        let (client, path) = (cluster.client(leader), format!("/v1/tasks/{id}{suffix}"));
        late.spawn(async move {
            let request = client.request("GET", &path).patience(Duration::from_secs(30));
            request.attempt().await
        });
    }
    cluster.node(leader).resume();
    let mut answered = 0;
    while let Some(read) = late.join_next().await {
        let read = read.expect("a late client does not panic");
        if let Ok(answer) = read
            && answer.status == 200
        {
            assert_eq!(answer.body["state"], "succeeded", "a read from the past");
            answered += 1;
        }
    }
    assert!(answered > 0, "no read was answered");
}

/// A dequeue sent to a paused node. It may end in any way but with a task.
fn late_dequeue(client: Client, queue: &'static str) -> JoinHandle<()> {
    tokio::spawn(async move {
        let path = format!("/v1/queues/{queue}/dequeue");
        let request = client.request("POST", &path).json(&json!({"max": 1, "worker": "late"}));
        let answer = request.patience(Duration::from_secs(30)).attempt().await;
        if let Ok(answer) = answer
            && answer.status == 200
        {
            assert_eq!(answer.body["tasks"], json!([]), "the late client was given a task");
        }
    })
}
