//! G8: leases and delays run on replicated time. A leader change neither shortens nor restarts
//! them, and what ran out while there was no leader runs out at once when there is one.

use ferry_tests::{Client, Cluster, Lease, millis};
use serde_json::json;

/// How late a deadline may be noticed when the leader is there.
const PROMPT_MS: u64 = 1_000;
/// How late if it fell due without one: an election by timers, and the above.
const AFTER_FAILOVER_MS: u64 = 4_000;

#[tokio::test]
async fn pain_11_a_leader_change_neither_shortens_nor_restarts_a_lease() {
    let mut cluster = Cluster::start(3).await;
    let leader = cluster.leader().await;
    let survivor = cluster.client(cluster.others(leader)[0]);
    survivor.enqueue("mail", json!({"payload": 1})).await;
    let held = survivor.take("mail", 6_000).await;
    cluster.node(leader).kill();
    cluster.leader_other_than(leader).await;
    let task = survivor.task(&held.task).await;
    assert_eq!(task["lease"]["id"], held.id.as_str());
    assert_eq!(millis(&task["lease"]["expires_at"]), held.expires_ms, "the deadline moved");

    let next = survivor.take("mail", 30_000).await;
    let granted = next.expires_ms - 30_000;
    assert!(granted >= held.expires_ms, "the lease was cut by {}", held.expires_ms - granted);
    let late = granted - held.expires_ms;
    assert!(late <= PROMPT_MS, "the task came back {late} ms late");
}

#[tokio::test]
async fn pain_2_a_lease_orphaned_by_an_election_gives_its_task_back() {
    let mut cluster = Cluster::start(3).await;
    let leader = cluster.leader().await;
    let survivor = cluster.client(cluster.others(leader)[0]);
    survivor.enqueue("mail", json!({"payload": 1})).await;
    let held = survivor.take("mail", 100).await;
    cluster.node(leader).kill();
    let next = survivor.take("mail", 30_000).await;
    assert_eq!(next.attempt, 2);
    assert_late_at_most(&held, next.expires_ms - 30_000, AFTER_FAILOVER_MS);
}

#[tokio::test]
async fn pain_12_a_delayed_task_falls_due_under_the_next_leader() {
    let mut cluster = Cluster::start(3).await;
    let leader = cluster.leader().await;
    let survivor = cluster.client(cluster.others(leader)[0]);
    let id = survivor.enqueue("mail", json!({"payload": 1, "delay_ms": 4_000})).await;
    let run_at = millis(&survivor.task(&id).await["run_at"]);
    cluster.node(leader).kill();
    let lease = survivor.take("mail", 30_000).await;
    assert_eq!(lease.task, id);
    let granted = lease.expires_ms - 30_000;
    assert!(granted >= run_at, "it ran {} ms early", run_at - granted);
    assert!(granted - run_at <= PROMPT_MS, "it ran {} ms late", granted - run_at);
}

#[tokio::test]
async fn g8_a_restart_of_all_nodes_keeps_deadlines() {
    let mut cluster = Cluster::start(3).await;
    let client = cluster.client(1);
    client.enqueue("mail", json!({"payload": 1})).await;
    let held = client.take("mail", 60_000).await;
    let delayed = client.enqueue("mail", json!({"payload": 2, "delay_ms": 3_600_000})).await;
    let run_at = client.task(&delayed).await["run_at"].clone();
    cluster.kill_all();
    cluster.start_all();
    cluster.wait_all_ready().await;
    let task = client.task(&held.task).await;
    assert_eq!(millis(&task["lease"]["expires_at"]), held.expires_ms);
    assert_eq!(client.task(&delayed).await["run_at"], run_at);
    settle(&client, &held).await;
}

#[tokio::test]
async fn pain_6_a_held_lease_outlives_leaders_as_long_as_it_is_extended() {
    let mut cluster = Cluster::start(3).await;
    let leader = cluster.leader().await;
    let survivor = cluster.client(cluster.others(leader)[0]);
    survivor.enqueue("mail", json!({"payload": 1})).await;
    let held = survivor.take("mail", 5_000).await;
    cluster.node(leader).kill();
    survivor.settle(&held.id, "extend", json!({"lease_ms": 30_000})).await.expect(200);
    assert_eq!(survivor.task(&held.task).await["attempt"], 1);
    settle(&survivor, &held).await;
}

async fn settle(client: &Client, lease: &Lease) {
    let answer = client.settle(&lease.id, "ack", json!({})).await.expect(200);
    assert_eq!(answer["state"], "succeeded");
}

fn assert_late_at_most(held: &Lease, granted: u64, limit: u64) {
    assert!(granted >= held.expires_ms, "the lease was cut by {}", held.expires_ms - granted);
    let late = granted - held.expires_ms;
    assert!(late <= limit, "the task came back {late} ms late");
}
