//! A disk that fills up: the leader refuses new tasks in time, and what is there is worked off.

use ferry_tests::{Answer, Client, Cluster, assert_replicas_equal, ferry_command};
use serde_json::{Value, json};

const TASKS: &str = "/v1/queues/mail/tasks";
const FLAG: &str = "--disk-free-min-bytes";
/// 1 PiB: no disk has as much.
const BEYOND_ANY_DISK: u64 = 1 << 50;
const BEGINS: &str = "the disk has no room for enqueues";
const ENDS: &str = "the disk has room again for enqueues";

#[tokio::test]
async fn a_full_disk_refuses_enqueues_on_every_node_and_writes_nothing() {
    let cluster = Cluster::builder(3)
        .setting("disk_free_min_bytes", i64::try_from(BEYOND_ANY_DISK).expect("it is 2^50"))
        .start()
        .await;
    let leader = cluster.leader().await;
    cluster.client(leader).put_queue("mail", json!({})).await;
    let before = cluster.client(leader).get("/v1/queues/mail").await.index();
    let many = json!({"tasks": [{"payload": 1}, {"payload": 2}]});
    for node in cluster.ids() {
        let client = cluster.client(node);
        assert_disk_full(client.post(TASKS, json!({"payload": 1})).await, leader);
        assert_disk_full(client.post(TASKS, many.clone()).await, leader);
        assert_disk_full(keyed(&client, "k1").await, leader);
        let unknown = client.post("/v1/queues/other/tasks", json!({"payload": 1})).await;
        assert_disk_full(unknown, leader);
        // What is wrong with a request is told first.
        let wrong = client.post(TASKS, json!({"payload": 1, "delay_ms": -1})).await;
        wrong.expect_problem(400, "invalid_argument");
    }
    let client = cluster.client(leader);
    assert_eq!(client.get("/v1/queues/mail").await.index(), before, "the log has grown");
    client.get("/v1/queues/other").await.expect_problem(404, "queue_not_found");
    assert_eq!(assert_replicas_equal(&cluster).await, Vec::<Value>::new());
}

#[tokio::test]
async fn what_is_there_is_worked_off_on_a_full_disk_and_enqueues_go_on_once_it_has_room() {
    let mut cluster = Cluster::start(3).await;
    let client = cluster.client(1);
    let free = client.metric("ferry_disk_free_bytes").await;
    assert!(free > 0.0 && free < BEYOND_ANY_DISK as f64, "{free}");
    client.enqueue_many("mail", 6).await;
    let kept = keyed(&client, "k1").await.expect(201);
    let mut held = client.dequeue("mail", json!({"max": 4, "lease_ms": 60_000})).await;

    cluster.kill_all();
    for node in cluster.ids() {
        start_with(&mut cluster, node, BEYOND_ANY_DISK);
    }
    cluster.wait_all_ready().await;
    let leader = cluster.leader().await;
    for node in cluster.ids() {
        assert_eq!(said(&mut cluster, node, BEGINS), 1, "node {node}");
        assert_disk_full(cluster.client(node).post(TASKS, json!({"payload": 1})).await, leader);
        let again = keyed(&cluster.client(node), "k1").await;
        assert_eq!(again.header("ferry-replayed"), Some("true"));
        assert_eq!(again.expect(201)["id"], kept["id"]);
    }
    for action in ["ack", "nack", "extend", "release"] {
        let lease = held.pop().expect("four were leased");
        let body = if action == "extend" { json!({"lease_ms": 60_000}) } else { json!({}) };
        client.settle(&lease.id, action, body).await.expect(200);
    }
    let lease = client.take("mail", 60_000).await;
    let settle = json!([{"lease": lease.id, "action": "ack"}]);
    let next = client.dequeue("mail", json!({"max": 1, "settle": settle})).await;
    assert_eq!(next.len(), 1);
    assert_eq!(client.state(&lease.task).await, "succeeded");
    client.put_queue("empty", json!({})).await;
    let deleted = client.delete("/v1/queues/empty").await;
    assert!(deleted.status < 300, "{}", deleted.text);
    assert_eq!(client.all_pages("/v1/tasks", "tasks", "").await.len(), 7);

    cluster.kill_all();
    cluster.start_all();
    cluster.wait_all_ready().await;
    client.enqueue("mail", json!({"payload": "room again"})).await;
    assert_eq!(assert_replicas_equal(&cluster).await.len(), 8);
    for node in cluster.ids() {
        let lines = (said(&mut cluster, node, BEGINS), said(&mut cluster, node, ENDS));
        assert_eq!(lines, (1, 0), "node {node} speaks of a disk that did not change");
    }
}

#[tokio::test]
async fn only_the_disk_of_the_leader_counts() {
    let mut cluster = Cluster::start(3).await;
    let roomy = cluster.leader().await;
    let full = cluster.others(roomy);
    for &node in &full {
        cluster.node(node).kill();
        start_with(&mut cluster, node, BEYOND_ANY_DISK);
        cluster.wait_ready(node).await;
    }
    for round in 1..=2 {
        lead(&cluster, roomy).await;
        for node in cluster.ids() {
            cluster.client(node).enqueue("mail", json!({"payload": node})).await;
        }
        lead(&cluster, full[0]).await;
        for node in cluster.ids() {
            let answer = cluster.client(node).post(TASKS, json!({"payload": node})).await;
            assert_disk_full(answer, full[0]);
        }
        assert_eq!(assert_replicas_equal(&cluster).await.len(), 3 * round);
    }
}

/// Hands leadership to a node that may have it already.
async fn lead(cluster: &Cluster, to: u64) {
    let leader = cluster.leader().await;
    if leader != to {
        let path = "/v1/cluster/transfer-leader";
        cluster.client(leader).post(path, json!({"to": to})).await.expect(200);
        assert_eq!(cluster.leader_other_than(leader).await, to);
    }
}

fn assert_disk_full(answer: Answer, leader: u64) {
    assert_eq!(answer.node(), leader);
    let problem = answer.expect_problem(507, "disk_full");
    assert_eq!(problem["limit"], BEYOND_ANY_DISK);
    let detail = problem["detail"].as_str().unwrap_or_default();
    for part in [&format!("node {leader}"), "free space", "disk_free_min_bytes"] {
        assert!(detail.contains(part), "{part} is not in {detail}");
    }
}

async fn keyed(client: &Client, key: &str) -> Answer {
    client.request("POST", TASKS).json(&json!({"payload": "keyed"})).key(key).send().await
}

/// Starts a node with another minimum than its configuration says.
fn start_with(cluster: &mut Cluster, node: u64, free_min_bytes: u64) {
    let mut command = ferry_command(&["serve", FLAG, &free_min_bytes.to_string(), "--config"]);
    command.arg(cluster.node(node).config());
    cluster.node(node).start_as(command);
}

/// How often a node's log has a line with these words.
fn said(cluster: &mut Cluster, node: u64, words: &str) -> usize {
    cluster.node(node).log().lines().filter(|line| line.contains(words)).count()
}
