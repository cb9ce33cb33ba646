//! Cancelling a task, waiting or running: its holder learns it, and nobody gets it any more.

use ferry_tests::wait::{self, PATIENCE};
use ferry_tests::{Answer, Client, Cluster};
use serde_json::{Value, json};

#[tokio::test]
async fn pain_19_a_running_task_is_cancelled_and_its_holder_learns_it() {
    let mut cluster = Cluster::start(3).await;
    let leader = cluster.leader().await;
    let [one, other] = cluster.others(leader)[..] else { panic!("three nodes") };
    let client = cluster.client(one);
    let ids = client.enqueue_many("mail", 4).await;
    let body = json!({"max": 4, "lease_ms": 600_000, "worker": "host-7"});
    let leases = client.dequeue("mail", body).await;
    for id in &ids {
        let task = cancel(&client, id).await.expect(200);
        assert_eq!((&task["state"], &task["id"]), (&json!("cancelled"), &json!(id)));
        assert!(task["payload"].is_u64() && task["finished_at"].is_string(), "{task}");
        assert_eq!(task["lease"]["worker"], "host-7", "who still works on it is shown");
    }
    cluster.node(leader).kill();
    cluster.leader_other_than(leader).await;

    let client = cluster.client(other);
    for _ in 0..2 {
        let extended = client.settle(&leases[0].id, "extend", json!({})).await.expect(200);
        assert!(is_told(&extended), "{extended}");
    }
    for (lease, action) in [(&leases[1], "ack"), (&leases[2], "nack")] {
        let refusal = client.settle(&lease.id, action, json!({})).await;
        let refusal = refusal.expect_problem(409, "wrong_state");
        assert_eq!(
            (&refusal["state"], &refusal["task"]),
            (&json!("cancelled"), &json!(lease.task))
        );
    }
    let settle = json!([
        {"lease": leases[0].id, "action": "extend"},
        {"lease": leases[3].id, "action": "release"},
    ]);
    let settled = client.post("/v1/leases/settle", json!({"settle": settle})).await.expect(200);
    let (extended, released) = (&settled["settled"][0], &settled["settled"][1]);
    assert!(is_told(extended), "{extended}");
    assert_eq!((&released["status"], &released["code"]), (&json!(409), &json!("wrong_state")));

    assert!(client.dequeue("mail", json!({"max": 10})).await.is_empty());
    assert_eq!(client.count("mail", "cancelled").await, 4);
    for id in &ids {
        assert!(client.task(id).await.get("lease").is_none(), "all holders have learned it");
    }
}

#[tokio::test]
async fn what_waits_is_cancelled_and_never_delivered() {
    let mut cluster = Cluster::start(3).await;
    let client = cluster.client(1);
    let ready = client.enqueue("mail", json!({"payload": "ready"})).await;
    let scheduled = client.enqueue("mail", json!({"payload": 1, "delay_ms": 3_600_000})).await;
    let retrying = client.enqueue("mail", json!({"payload": 2, "priority": 9})).await;
    let lease = client.take("mail", 30_000).await;
    client.settle(&lease.id, "nack", json!({"delay_ms": 3_600_000})).await.expect(200);
    for (node, id) in [(1, &ready), (2, &scheduled), (3, &retrying)] {
        let task = cancel(&cluster.client(node), id).await.expect(200);
        assert_eq!(task["state"], "cancelled", "{task}");
        let refusal = cancel(&cluster.client(node), id).await.expect_problem(409, "wrong_state");
        assert_eq!((&refusal["task"], &refusal["state"]), (&json!(id), &json!("cancelled")));
        for action in ["retry", "run-now"] {
            let answer = client.post(&format!("/v1/tasks/{id}/{action}"), json!({})).await;
            answer.expect_problem(409, "wrong_state");
        }
    }
    let client = cluster.kill_leader().await;
    assert!(client.dequeue("mail", json!({"max": 10})).await.is_empty());
    let queue = client.queue("mail").await;
    assert_eq!((&queue["counts"]["cancelled"], &queue["bytes"]), (&json!(3), &json!(0)));
    let refusal = client.settle(&lease.id, "ack", json!({})).await;
    assert_eq!(refusal.expect_problem(409, "lease_lost")["state"], "cancelled");
    let page = client.get("/v1/tasks?state=cancelled").await.expect(200);
    assert_eq!(page["tasks"].as_array().map(Vec::len), Some(3), "{page}");
}

#[tokio::test]
async fn g5_a_repeated_cancel_gives_the_same_answer_on_every_node() {
    let cluster = Cluster::start(3).await;
    let id = cluster.client(1).enqueue("mail", json!({"payload": {"n": 1}})).await;
    let path = format!("/v1/tasks/{id}");
    let first = cluster.client(1).request("DELETE", &path).key("c1").send().await;
    assert_eq!(first.header("ferry-replayed"), None);
    let first = first.expect(200);
    assert_eq!(first["payload"], json!({"n": 1}));
    for node in cluster.ids() {
        let again = cluster.client(node).request("DELETE", &path).key("c1").send().await;
        assert_eq!(again.header("ferry-replayed"), Some("true"));
        assert_eq!(again.expect(200), first);
    }
}

#[tokio::test]
async fn a_lease_on_a_cancelled_task_ends_by_itself() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    let id = client.enqueue("mail", json!({"payload": 1})).await;
    let lease = client.take("mail", 300).await;
    cancel(&client, &id).await.expect(200);
    let is_free = async || client.task(&id).await.get("lease").is_none().then_some(());
    wait::until("the lease to run out", PATIENCE, is_free).await;
    let late = client.settle(&lease.id, "extend", json!({})).await;
    assert_eq!(late.expect_problem(409, "wrong_state")["state"], "cancelled");
    assert_eq!(client.state(&id).await, "cancelled");
}

async fn cancel(client: &Client, id: &str) -> Answer {
    client.delete(&format!("/v1/tasks/{id}")).await
}

/// Whether an extend tells the holder that it may stop.
fn is_told(extended: &Value) -> bool {
    extended["state"] == "cancelled" && extended["cancelled"] == true
}
