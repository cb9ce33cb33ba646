//! G10, mistake 2: a disk that fails is not tried again. The node ends, and the others go on.

use std::process::{Command, Stdio};
use std::time::Duration;

use ferry_tests::{Cluster, ferry_command};
use serde_json::json;

/// Kilobytes that a file may have: enough to start, not enough for the load.
const FILE_KILOBYTES_MAX: u32 = 1_024;

/// The same `ferry serve`, whose files the system lets grow only so far: a write beyond fails like
/// one to a broken disk.
fn serve_on_a_small_disk(config: &std::path::Path) -> Command {
    let ferry = ferry_command(&["serve"]);
    let mut shell = Command::new("sh");
    let script =
        format!("trap '' XFSZ; ulimit -f {FILE_KILOBYTES_MAX}; exec \"$0\" serve --config \"$1\"");
    shell.args(["-c", &script]).arg(ferry.get_program()).arg(config).stdin(Stdio::null());
    shell
}

#[tokio::test]
async fn g10_a_node_whose_disk_fails_ends_and_nothing_acknowledged_is_lost() {
    let mut cluster = Cluster::start(3).await;
    let leader = cluster.leader().await;
    let victim = cluster.others(leader)[0];
    cluster.node(victim).kill();
    let printed = cluster.node(victim).log().len();
    let command = serve_on_a_small_disk(&cluster.node(victim).config());
    cluster.node(victim).start_as(command);
    cluster.wait_ready(victim).await;

    let client = cluster.client(leader);
    let payload = "x".repeat(10_000);
    let mut acknowledged = 0;
    for _ in 0..30 {
        let tasks: Vec<_> = (0..20).map(|_| json!({"payload": payload})).collect();
        client.post("/v1/queues/mail/tasks", json!({"tasks": tasks})).await.expect(201);
        acknowledged += tasks.len() as u64;
    }
    let said = cluster.node(victim).wait_refusal(printed, Duration::from_secs(20)).await;
    assert!(said.contains("ferry: "), "no line says why:\n{said}");

    cluster.node(victim).start();
    cluster.wait_ready(victim).await;
    for node in cluster.ids() {
        assert_eq!(cluster.client(node).count("mail", "ready").await, acknowledged, "node {node}");
    }
}
