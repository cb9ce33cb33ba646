//! Many tasks fall due in the same moment: `FERRY_DUE` of them (20,000 unless told; 1,000,000 is
//! the size that is published). Nobody waits long meanwhile, and all are delivered.

use std::time::{Duration, Instant};

use ferry_tests::{Client, Cluster, wait};
use serde_json::{Value, json};

/// Tasks of a request.
const BATCH: usize = 1_000;
/// The longest that a request of others may take while a worker empties the queue. What is
/// published is the 99th percentile on a quiet machine; this is for one that builds beside it.
const ANSWER_MAX: Duration = Duration::from_secs(5);

fn due() -> usize {
    let size = std::env::var("FERRY_DUE").map(|text| text.parse().expect("a number"));
    size.unwrap_or(20_000)
}

#[tokio::test]
async fn all_that_falls_due_at_once_is_delivered_and_nobody_else_waits() {
    let cluster = Cluster::start(3).await;
    let client = cluster.client(cluster.leader().await);
    let size = due();
    client.put_queue("due", json!({"result_retention_ms": 0})).await;
    // Late enough that all are enqueued before.
    let ahead = Duration::from_millis(3_000 + size as u64 / 20);
    let at = std::time::SystemTime::now() + ahead;
    let at = at.duration_since(std::time::UNIX_EPOCH).expect("a clock after 1970").as_millis();
    let run_at = ferry_types::Timestamp::from_millis(at as u64).to_string();
    let tasks = vec![json!({"payload": 1, "run_at": run_at}); BATCH];
    for _ in 0..size / BATCH {
        client.post("/v1/queues/due/tasks", json!({"tasks": tasks})).await.expect(201);
    }
    assert_eq!(client.count("due", "scheduled").await, size as u64, "one was due too early");

    let first = wait::until("the first to be due", ahead + wait::PATIENCE, async || {
        let body = json!({"max": 1, "wait_ms": 10_000, "lease_ms": 600_000});
        client.dequeue("due", body).await.pop()
    })
    .await;
    let draining = tokio::spawn(drain(client.clone(), size - 1));
    let mut took = Vec::new();
    while !draining.is_finished() {
        let start = Instant::now();
        client.enqueue("other", json!({"payload": 1})).await;
        took.push(start.elapsed());
    }
    draining.await.expect("the worker ends");
    client.settle(&first.id, "ack", json!({})).await.expect(200);
    took.sort();
    let p99 = took[took.len() * 99 / 100];
    println!("{size} due at once: {} others answered, 99 % within {p99:?}", took.len());
    assert!(took[took.len() - 1] < ANSWER_MAX, "one took {:?}", took[took.len() - 1]);
    wait::until("the queue to be empty", wait::PATIENCE, async || {
        let counts = client.queue("due").await["counts"].clone();
        counts.as_object().expect("counts").values().all(|count| *count == json!(0)).then_some(())
    })
    .await;
}

/// Takes and acks so many tasks, each exactly once.
async fn drain(client: Client, size: usize) {
    let mut seen = std::collections::BTreeSet::new();
    let mut settle: Vec<Value> = Vec::new();
    while seen.len() < size {
        let body = json!({"max": BATCH, "wait_ms": 10_000, "lease_ms": 600_000, "settle": settle});
        let leases = client.dequeue("due", body).await;
        assert!(!leases.is_empty(), "{} of {size} were delivered", seen.len());
        settle = leases.iter().map(|lease| json!({"lease": lease.id, "action": "ack"})).collect();
        for lease in leases {
            assert!(seen.insert(lease.task.clone()), "{} was delivered twice", lease.task);
        }
    }
    client.post("/v1/leases/settle", json!({"settle": settle})).await.expect(200);
}
