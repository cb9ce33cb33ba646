//! Nodes come, go, lag and return; an id is never reused, and clusters do not mix.

use std::time::Duration;

use ferry_tests::wait::{self, PATIENCE};
use ferry_tests::{Cluster, Node, Workload, assert_replicas_equal};
use serde_json::{Value, json};

#[tokio::test]
async fn a_node_is_added_and_carries_the_cluster() {
    let mut cluster = Cluster::start(3).await;
    cluster.client(1).enqueue_many("mail", 500).await;
    add(&mut cluster, 4).await;
    cluster.wait_ready(4).await;
    assert_eq!(assert_replicas_equal(&cluster).await.len(), 500);
    let roles = roles(&cluster, 4).await;
    assert_eq!(roles.len(), 4);
    assert!(roles.iter().all(|role| role != "learner"), "{roles:?}");

    // Four voters need three: one of the founders may go.
    let leader = cluster.leader().await;
    let victim = cluster.others(leader).into_iter().find(|&id| id != 4).expect("three founders");
    cluster.node(victim).kill();
    cluster.client(4).enqueue("mail", json!({"payload": "still here"})).await;
}

#[tokio::test]
async fn a_node_is_removed_and_no_longer_counts() {
    let mut cluster = Cluster::start(3).await;
    let leader = cluster.leader().await;
    let [gone, left] = cluster.others(leader)[..] else { panic!("three nodes") };
    let client = cluster.client(leader);
    let answer = client.delete(&format!("/v1/cluster/nodes/{gone}")).await;
    assert!(matches!(answer.status, 200 | 204), "{}", answer.text);
    cluster.node(gone).kill();
    let is_gone = async || (roles(&cluster, leader).await.len() == 2).then_some(());
    wait::until("the node to be gone", PATIENCE, is_gone).await;
    client.enqueue("mail", json!({"payload": 1})).await;
    let path = format!("/v1/cluster/nodes/{gone}");
    cluster.client(left).delete(&path).await.expect_problem(404, "node_not_found");
}

#[tokio::test]
async fn the_leader_can_be_removed() {
    let mut cluster = Cluster::start(3).await;
    let leader = cluster.leader().await;
    let other = cluster.client(cluster.others(leader)[0]);
    let answer = other.delete(&format!("/v1/cluster/nodes/{leader}")).await;
    assert!(matches!(answer.status, 200 | 204), "{}", answer.text);
    cluster.leader_other_than(leader).await;
    cluster.node(leader).kill();
    other.enqueue("mail", json!({"payload": 1})).await;
}

#[tokio::test]
async fn the_last_voter_stays() {
    let cluster = Cluster::start(1).await;
    let answer = cluster.client(1).delete("/v1/cluster/nodes/1").await;
    assert_eq!(answer.status, 409, "{}", answer.text);
    cluster.client(1).enqueue("mail", json!({"payload": 1})).await;
}

#[tokio::test]
async fn leadership_is_handed_over_on_request() {
    let cluster = Cluster::start(3).await;
    for _ in 0..3 {
        let leader = cluster.leader().await;
        let [to, asked] = cluster.others(leader)[..] else { panic!("three nodes") };
        let body = json!({"to": to});
        let answer = cluster.client(asked).post("/v1/cluster/transfer-leader", body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(cluster.leader().await, to);
        cluster.client(asked).enqueue("mail", json!({"payload": to})).await;
    }
    let answer = cluster.client(1).post("/v1/cluster/transfer-leader", json!({"to": 9})).await;
    answer.expect_problem(404, "node_not_found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_lags_beyond_the_log_catches_up_by_snapshot() {
    let mut cluster = Cluster::builder(3)
        .setting("snapshot_entries", 100)
        .setting("log_entries_kept", 20)
        .start()
        .await;
    let leader = cluster.leader().await;
    let away = cluster.others(leader)[0];
    cluster.client(leader).enqueue("before", json!({"payload": 1})).await;
    let stands = metric(&cluster, away, "ferry_raft_last_log_index").await;
    cluster.node(away).kill();
    let load = Workload::new(&cluster, "mail").only_at(&[leader]).producers(4).workers(2);
    let mut load = load.start();
    load.await_accepted(800).await;
    let purged = metric(&cluster, leader, "ferry_raft_purged_index").await;
    assert!(purged > stands, "the log still reaches back to node {away}: no test of a snapshot");
    cluster.restart(away).await;
    load.await_accepted(100).await;
    let tasks = load.finish(&cluster).await;
    assert!(tasks.len() >= 900, "only {} tasks", tasks.len());

    // What was installed is on its disk: it comes back with it.
    cluster.node(away).kill();
    cluster.restart(away).await;
    assert_replicas_equal(&cluster).await;
}

#[tokio::test]
async fn a_snapshot_is_taken_on_request_and_outlives_a_kill() {
    let mut cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    client.enqueue_many("mail", 300).await;
    let answer = client.request("POST", "/v1/cluster/snapshot").send().await;
    assert_eq!(answer.expect(200)["leader"], 1);
    client.enqueue_many("mail", 50).await;
    cluster.node(1).kill();
    cluster.restart(1).await;
    assert_eq!(client.count("mail", "ready").await, 350);
}

#[tokio::test]
async fn a_used_node_id_with_an_empty_disk_refuses_to_start() {
    let mut cluster = Cluster::start(3).await;
    let leader = cluster.leader().await;
    let wiped = cluster.others(leader)[0];
    cluster.client(leader).enqueue("mail", json!({"payload": 1})).await;
    cluster.node(wiped).kill();
    cluster.node(wiped).wipe();
    let printed = cluster.node(wiped).log().len();
    cluster.node(wiped).start();
    let said = cluster.node(wiped).wait_refusal(printed, PATIENCE).await;
    assert!(said.contains("remove node") && said.contains("new id"), "it said:\n{said}");
    cluster.client(leader).enqueue("mail", json!({"payload": 2})).await;
}

#[tokio::test]
async fn a_used_node_id_that_waits_to_join_with_an_empty_disk_refuses_too() {
    let mut cluster = Cluster::start(3).await;
    let leader = cluster.leader().await;
    let wiped = cluster.others(leader)[0];
    cluster.node(wiped).kill();
    cluster.node(wiped).wipe();
    cluster.write_joining_node(wiped);
    let printed = cluster.node(wiped).log().len();
    cluster.node(wiped).start();
    let said = cluster.node(wiped).wait_refusal(printed, PATIENCE).await;
    assert!(said.contains("remove node") && said.contains("new id"), "it said:\n{said}");
}

#[tokio::test]
async fn a_lost_disk_is_replaced_under_a_new_id() {
    let mut cluster = Cluster::start(3).await;
    let leader = cluster.leader().await;
    let lost = cluster.others(leader)[0];
    cluster.client(leader).enqueue_many("mail", 200).await;
    cluster.node(lost).kill();
    cluster.node(lost).wipe();
    let answer = cluster.client(leader).delete(&format!("/v1/cluster/nodes/{lost}")).await;
    assert!(matches!(answer.status, 200 | 204), "{}", answer.text);
    add(&mut cluster, 4).await;
    cluster.wait_ready(4).await;
    let tasks = cluster.client(4).all_pages("/v1/tasks", "tasks", "&consistency=stale").await;
    assert_eq!(tasks.len(), 200);
}

#[tokio::test]
async fn a_node_of_another_cluster_is_refused() {
    let mut ours = Cluster::builder(3).name("ours").start().await;
    let mut other = Cluster::builder(1).name("other").start().await;
    let leader = ours.leader().await;
    let body = json!({"id": 4, "http": other.client(1).base(), "peer": other.peer_address(1)});
    let request = ours.client(leader).request("POST", "/v1/cluster/nodes").json(&body);
    let request = request.header("ferry-timeout-ms", "2000");
    let answer = request.patience(Duration::from_secs(70)).send().await;
    assert!(answer.status >= 400, "a stranger was taken in: {}", answer.text);
    let refusals = |node: &mut Node| node.log().matches("refused").count();
    let is_told = async || (refusals(other.node(1)) > 0).then_some(());
    wait::until("the stranger to log its refusal", PATIENCE, is_told).await;
    ours.client(leader).enqueue("mail", json!({"payload": 1})).await;
    other.client(1).get("/v1/queues/mail").await.expect_problem(404, "queue_not_found");
    // The stranger never became a voter: two of three still are a majority.
    let victim = ours.others(leader)[0];
    ours.node(victim).kill();
    ours.client(leader).enqueue("mail", json!({"payload": 2})).await;
    // Once a connection, however often it is tried: there are three nodes with three kinds.
    let logged = refusals(other.node(1));
    assert!(logged < 10, "the stranger logged {logged} refusals");
}

#[tokio::test]
async fn a_disk_of_another_cluster_is_refused() {
    let mut cluster = Cluster::start(1).await;
    cluster.node(1).kill();
    let path = cluster.node(1).config();
    let config = std::fs::read_to_string(&path).expect("the configuration is ours");
    let mut config: toml::Table = config.parse().expect("the configuration is TOML");
    config.insert("cluster".into(), "another".into());
    std::fs::write(&path, config.to_string()).expect("the test's folder is writable");
    let printed = cluster.node(1).log().len();
    cluster.node(1).start();
    let said = cluster.node(1).wait_refusal(printed, PATIENCE).await;
    assert!(said.contains("another") && said.contains("data_dir"), "it said:\n{said}");
}

/// Starts node `id` and has the cluster take it in.
async fn add(cluster: &mut Cluster, id: u64) {
    let leader = cluster.leader().await;
    cluster.write_joining_node(id);
    cluster.node(id).start();
    let body = json!({
        "id": id, "http": cluster.node(id).url(), "peer": cluster.peer_address(id),
    });
    let request = cluster.client(leader).request("POST", "/v1/cluster/nodes").json(&body);
    let request = request.header("ferry-timeout-ms", "30000").patience(Duration::from_secs(40));
    let answer = request.send().await;
    assert_eq!(answer.status, 201, "{}", answer.text);
}

async fn roles(cluster: &Cluster, node: u64) -> Vec<String> {
    let status = cluster.client(node).get("/v1/cluster").await.expect(200);
    let nodes = status["nodes"].as_array().expect("a list");
    let role = |node: &Value| node["role"].as_str().unwrap_or("?").to_owned();
    nodes.iter().map(role).collect()
}

async fn metric(cluster: &Cluster, node: u64, name: &str) -> f64 {
    cluster.client(node).metric(name).await
}
