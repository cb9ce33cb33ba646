//! G11 and pain 1: the log is cut however long a task is held, and an idle cluster writes nothing.

use std::time::Duration;

use ferry_tests::wait::{self, PATIENCE};
use ferry_tests::{Client, Cluster, bytes_under, log_segments};
use serde_json::{Value, json};

const BATCH: usize = 100;
const PAYLOAD_BYTES: usize = 16_384;
/// A purge frees whole segments: the newest, and the one that a purge has not quite passed.
const SEGMENTS_BYTES: u64 = 2 * (16 << 20) + (4 << 20);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pain_1_one_task_held_for_long_does_not_pin_the_log() {
    let mut cluster = Cluster::builder(3)
        .setting("snapshot_entries", 100)
        .setting("snapshot_bytes", 1 << 20)
        .setting("log_entries_kept", 20)
        .start()
        .await;
    let client = cluster.client(1);
    client.put_queue("mail", json!({"result_retention_ms": 1_000})).await;
    client.enqueue("held", json!({"payload": "the old one"})).await;
    let held = client.take("held", 60_000).await;

    for _ in 0..4 {
        client.settle(&held.id, "extend", json!({"lease_ms": 60_000})).await.expect(200);
        pass(&client, 10).await;
    }
    let logs = settled_log_bytes(&mut cluster).await;
    let passed = (40 * BATCH * PAYLOAD_BYTES) as u64;
    println!("log bytes per node {logs:?}; payloads that passed {passed}");
    assert!(passed > SEGMENTS_BYTES * 3 / 2, "too little passed to tell");
    for bytes in logs {
        assert!(bytes < SEGMENTS_BYTES, "the log has {bytes} bytes");
    }
    let answer = client.settle(&held.id, "ack", json!({})).await.expect(200);
    assert_eq!((&answer["state"], &answer["attempt"]), (&json!("succeeded"), &json!(1)));
}

#[tokio::test]
async fn g11_an_idle_cluster_writes_nothing() {
    let mut cluster = Cluster::start(3).await;
    let client = cluster.client(cluster.leader().await);
    // Work that stays: a leased, a delayed and a ready task, none of them due soon.
    client.enqueue_many("mail", 3).await;
    client.take("mail", 3_600_000).await;
    client.enqueue("mail", json!({"payload": 1, "delay_ms": 3_600_000})).await;
    let are_level = async || {
        let nodes = indexes(&client).await;
        nodes.iter().all(|node| *node == nodes[0]).then_some(nodes)
    };
    let before = wait::until("all nodes to stand at one index", PATIENCE, are_level).await;
    let bytes: Vec<_> = data_bytes(&mut cluster);
    wait::holds("the log's end", Duration::from_secs(3), async || {
        let now = indexes(&client).await;
        if now == before { Ok(()) } else { Err(format!("{before:?} became {now:?}")) }
    })
    .await;
    // The nodes' own small notes may still be written once, the log may not grow.
    for (before, now) in bytes.iter().zip(data_bytes(&mut cluster)) {
        assert!(now <= before + 65_536, "an idle node's disk grew from {before} to {now} bytes");
    }
}

/// Enqueues, takes and settles batches of large tasks.
async fn pass(client: &Client, batches: usize) {
    for _ in 0..batches {
        let task = json!({"payload": "x".repeat(PAYLOAD_BYTES)});
        let tasks = vec![task; BATCH];
        client.post("/v1/queues/mail/tasks", json!({"tasks": tasks})).await.expect(201);
        let leases = client.dequeue("mail", json!({"max": BATCH})).await;
        assert_eq!(leases.len(), BATCH);
        let acks: Vec<_> =
            leases.iter().map(|lease| json!({"lease": lease.id, "action": "ack"})).collect();
        client.post("/v1/leases/settle", json!({"settle": acks})).await.expect(200);
        // Small entries too: truncation goes by their number as well as by their bytes.
        for number in 0..10 {
            client.put_queue("mail", json!({"result_retention_ms": 1_000 + number})).await;
        }
    }
}

/// The size of each node's log once it has come to rest.
async fn settled_log_bytes(cluster: &mut Cluster) -> Vec<u64> {
    let mut last = Vec::new();
    let mut same = 0;
    let is_at_rest = async || {
        let now: Vec<_> = log_bytes(cluster);
        same = if now == last { same + 1 } else { 0 };
        last = now;
        (same >= 25).then(|| last.clone())
    };
    wait::until("the logs to come to rest", PATIENCE, is_at_rest).await
}

fn log_bytes(cluster: &mut Cluster) -> Vec<u64> {
    let ids = cluster.ids();
    let bytes = |id| {
        let logs = log_segments(&cluster.node(id).data_dir());
        assert!(!logs.is_empty(), "node {id} has no log on disk");
        logs.iter().map(|(_, bytes)| bytes).sum()
    };
    ids.into_iter().map(bytes).collect()
}

fn data_bytes(cluster: &mut Cluster) -> Vec<u64> {
    cluster.ids().into_iter().map(|id| bytes_under(&cluster.node(id).data_dir())).collect()
}

/// The end of each node's log, as the leader knows it.
async fn indexes(leader: &Client) -> Vec<Value> {
    let cluster = leader.get("/v1/cluster").await.expect(200);
    let nodes = cluster["nodes"].as_array().expect("a list");
    nodes.iter().map(|node| node["last_log_index"].clone()).collect()
}
