//! A long queue costs memory in proportion, and nothing else: `FERRY_BACKLOG` tasks of 256 bytes
//! (200,000 unless told; 1,000,000 is the size that is published).

use std::fs;
use std::time::Duration;

use ferry_tests::{Cluster, ferry, wait};
use serde_json::json;

/// Bytes of memory that a node may take with a million waiting tasks.
const RESIDENT_BYTES_MAX: u64 = 600 << 20;

/// How long a restart may take until the node is ready.
const RESTART_MAX: Duration = Duration::from_secs(5);

fn backlog() -> usize {
    let size = std::env::var("FERRY_BACKLOG").map(|text| text.parse().expect("a number"));
    size.unwrap_or(200_000)
}

/// What `/proc` says of a process, in bytes.
fn resident_bytes(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("the process runs");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("Linux tells it");
    let kilobytes: u64 =
        line.split_whitespace().nth(1).and_then(|text| text.parse().ok()).expect("a number");
    kilobytes << 10
}

#[tokio::test]
async fn a_long_queue_fits_in_memory_and_survives_a_restart_of_all() {
    let mut cluster = Cluster::start(3).await;
    let size = backlog();
    let line = format!("\"{}\"\n", "x".repeat(254));
    let servers = cluster.client(cluster.leader().await).base().to_owned();
    let input = line.repeat(size);
    let load =
        tokio::task::spawn_blocking(move || ferry(&servers, &["enqueue", "long", "-"], &input));
    load.await.expect("the command runs").ok();

    for node in cluster.ids() {
        let pid = cluster.node(node).pid();
        let resident = resident_bytes(pid);
        println!("node {node}: {} MiB with {size} tasks", resident >> 20);
        assert!(resident < RESIDENT_BYTES_MAX, "node {node} takes {resident} bytes");
    }
    cluster.kill_all();
    let start = std::time::Instant::now();
    cluster.start_all();
    for node in cluster.ids() {
        wait::until("the node to be ready", RESTART_MAX * 4, async || {
            let ready = cluster.client(node).request("GET", "/readyz").attempt().await;
            ready.ok().filter(|answer| answer.status == 200)
        })
        .await;
    }
    println!("ready {:?} after kill -9 of all", start.elapsed());
    assert!(start.elapsed() < RESTART_MAX, "ready only after {:?}", start.elapsed());
    let client = cluster.client(1);
    assert_eq!(client.count("long", "ready").await, size as u64);
    let first = client.dequeue("long", json!({"max": 1})).await;
    assert_eq!(first[0].task, "t1", "the first in is the first out");
}
