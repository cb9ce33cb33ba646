//! Time to live: what is not done in time expires, on replicated time.

use ferry_tests::wait::{self, PATIENCE};
use ferry_tests::{Cluster, millis};
use serde_json::json;

#[tokio::test]
async fn g8_tasks_expire_in_time_though_the_leader_is_killed() {
    let mut cluster = Cluster::start(3).await;
    let client = cluster.client(1);
    let held = client.enqueue("mail", json!({"payload": "held", "ttl_ms": 2_000})).await;
    let lease = client.take("mail", 600_000).await;
    let ready = client.enqueue("mail", json!({"payload": "ready", "ttl_ms": 2_000})).await;
    let delayed = json!({"payload": "delayed", "ttl_ms": 2_000, "delay_ms": 500});
    let scheduled = client.enqueue("mail", delayed).await;
    let endless = client.enqueue("mail", json!({"payload": "endless"})).await;
    assert_eq!(client.task(&ready).await["ttl_ms"], 2_000);

    let client = cluster.kill_leader().await;
    for (id, least) in [(&ready, 2_000), (&scheduled, 2_500)] {
        let is_over = async || (client.state(id).await == "expired").then_some(());
        wait::until("the task to expire", PATIENCE, is_over).await;
        let task = client.task(id).await;
        let lived = millis(&task["finished_at"]) - millis(&task["enqueued_at"]);
        assert!(lived >= least, "{id} lived for {lived} ms");
    }
    assert_eq!(client.state(&held).await, "leased", "whoever works on it may end it");
    let leases = client.dequeue("mail", json!({"max": 10})).await;
    let given: Vec<_> = leases.iter().map(|lease| &lease.task).collect();
    assert_eq!(given, [&endless], "what has expired is not given");
    client.settle(&lease.id, "ack", json!({})).await.expect(200);
    let refusal = client.delete(&format!("/v1/tasks/{ready}")).await;
    assert_eq!(refusal.expect_problem(409, "wrong_state")["state"], "expired");
    assert_eq!(client.count("mail", "expired").await, 2);
}

#[tokio::test]
async fn a_queue_has_a_time_to_live_for_tasks_that_name_none() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    let queue = client.put_queue("mail", json!({"ttl_ms": 300})).await;
    assert_eq!(queue["settings"]["ttl_ms"], 300);
    let path = "/v1/queues/mail/tasks";
    let plain = client.post(path, json!({"payload": 1})).await.expect(201);
    assert_eq!(plain["ttl_ms"], 300, "{plain}");
    let plain = plain["id"].as_str().expect("a task has an id").to_owned();
    let own = client.enqueue("mail", json!({"payload": 2, "ttl_ms": 3_600_000})).await;
    let is_over = async || (client.state(&plain).await == "expired").then_some(());
    wait::until("the task to expire", PATIENCE, is_over).await;
    assert_eq!(client.task(&plain).await["ttl_ms"], 300);
    assert_eq!(client.take("mail", 30_000).await.task, own);
}

#[tokio::test]
async fn a_task_past_its_time_goes_back_to_no_place() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    let id = client.enqueue("mail", json!({"payload": 1, "ttl_ms": 400})).await;
    let lease = client.take("mail", 600_000).await;
    let due = millis(&client.task(&id).await["enqueued_at"]) + 400;
    let is_later = async || {
        let probe = client.enqueue("clock", json!({"payload": 0})).await;
        (millis(&client.task(&probe).await["enqueued_at"]) > due).then_some(())
    };
    wait::until("its time to end", PATIENCE, is_later).await;
    client.settle(&lease.id, "release", json!({})).await.expect(200);
    let is_over = async || (client.state(&id).await == "expired").then_some(());
    wait::until("the task to expire", PATIENCE, is_over).await;
    assert!(client.dequeue("mail", json!({"max": 1})).await.is_empty());
}
