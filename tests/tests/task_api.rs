//! Tasks: enqueued one by one and many at once, kept as they came, found again.

use std::time::Duration;

use ferry_tests::wait::{self, PATIENCE};
use ferry_tests::{Client, Cluster, Lease, millis};
use serde_json::{Value, json};

#[tokio::test]
async fn a_task_comes_back_as_it_was_given() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    let given = json!({
        "payload": {"z": 1, "a": [1.50, 1e3, "\u{fc}"], "deep": {"x": null}},
        "priority": 7, "type": "invoice", "labels": {"team": "billing"},
        "max_attempts": 3, "lease_ms": 4_000,
    });
    let path = "/v1/queues/mail/tasks";
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let request = client.request("POST", path).json(&given).header("traceparent", parent);
    let created = request.send().await.expect(201);
    let id = created["id"].as_str().expect("a task has an id");
    assert_eq!(created["queue"], "mail");
    assert_eq!(created["state"], "ready");

    let read = client.task(id).await;
    for field in ["payload", "priority", "type", "labels", "max_attempts", "lease_ms"] {
        assert_eq!(read[field], given[field], "{field} changed");
    }
    assert_eq!(read["attempt"], 0);
    assert!(read["enqueued_at"].is_string() && read["index"].is_u64(), "{read}");

    let taken = client.post("/v1/queues/mail/dequeue", json!({"worker": "w"})).await.expect(200);
    let task = &taken["tasks"][0];
    assert_eq!(task["payload"], given["payload"]);
    assert_eq!(task["traceparent"], parent);
    assert_eq!((&task["state"], &task["attempt"]), (&json!("leased"), &json!(1)));
    assert_eq!(task["lease"]["worker"], "w");
}

#[tokio::test]
async fn a_payload_keeps_its_bytes() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    let spelled = r#"{"b":1.0,  "a":12345678901234567890123, "c":"\u00fc"}"#;
    let body = format!(r#"{{"payload": {spelled}}}"#);
    let request = client.request("POST", "/v1/queues/mail/tasks").raw("application/json", body);
    let created = request.send().await.expect(201);
    let id = created["id"].as_str().expect("a task has an id");
    let read = client.get(&format!("/v1/tasks/{id}")).await;
    assert!(read.text.contains(spelled), "{}", read.text);

    let bytes = client.enqueue("mail", json!({"payload_base64": "AP/+"})).await;
    assert_eq!(client.task(&bytes).await["payload_base64"], "AP/+");
}

#[tokio::test]
async fn g4_priority_goes_first_then_enqueue_order() {
    let mut cluster = Cluster::start(3).await;
    let mut client = cluster.client(1);
    for (payload, priority) in [("a", 4), ("b", 9), ("c", 0), ("d", 9), ("e", 4)] {
        if payload == "d" {
            client = cluster.kill_leader().await;
        }
        client.enqueue("mail", json!({"payload": payload, "priority": priority})).await;
    }
    let leases = client.dequeue("mail", json!({"max": 10})).await;
    let order: Vec<_> = leases.iter().filter_map(|lease| lease.payload.as_str()).collect();
    assert_eq!(order, ["b", "d", "a", "e", "c"]);
}

#[tokio::test]
async fn g4_a_task_given_back_keeps_its_place() {
    let mut cluster = Cluster::start(3).await;
    let client = cluster.client(1);
    client.enqueue_many("mail", 3).await;
    let first = client.take("mail", 600_000).await;
    assert_eq!(first.payload, 0);
    let client = cluster.kill_leader().await;
    client.settle(&first.id, "release", json!({})).await.expect(200);
    let leases = client.dequeue("mail", json!({"max": 3})).await;
    let order: Vec<_> = leases.iter().map(|lease| lease.payload.clone()).collect();
    assert_eq!(order, [json!(0), json!(1), json!(2)]);
}

#[tokio::test]
async fn a_batch_is_in_order_and_all_or_none() {
    let mut cluster = Cluster::start(3).await;
    let client = cluster.client(1);
    let ids = client.enqueue_many("mail", 1_000).await;
    assert_eq!(ids.len(), 1_000);
    let client = cluster.kill_leader().await;
    let leases = client.dequeue("mail", json!({"max": 1_000})).await;
    let order: Vec<_> = leases.iter().map(|lease| lease.task.clone()).collect();
    assert_eq!(order, ids);

    let bad = json!({"tasks": [{"payload": 1}, {"payload": 2, "priority": 10}]});
    let refusal = client.post("/v1/queues/other/tasks", bad).await;
    let refusal = refusal.expect_problem(400, "invalid_argument");
    assert!(refusal.to_string().contains('1'), "the item's index is named: {refusal}");
    client.get("/v1/queues/other").await.expect_problem(404, "queue_not_found");
}

#[tokio::test]
async fn pain_8_a_delayed_task_runs_once_and_not_before_it_is_due() {
    let cluster = Cluster::start(3).await;
    let client = cluster.client(2);
    let id = client.enqueue("mail", json!({"payload": 1, "delay_ms": 1_500})).await;
    let scheduled = client.task(&id).await;
    assert_eq!(scheduled["state"], "scheduled");
    assert_eq!(millis(&scheduled["run_at"]) - millis(&scheduled["enqueued_at"]), 1_500);
    assert!(client.dequeue("mail", json!({"max": 1})).await.is_empty());

    let lease = client.take("mail", 30_000).await;
    let started = millis(&client.task(&id).await["started_at"]);
    assert!(started >= millis(&scheduled["run_at"]), "it ran before it was due");
    client.settle(&lease.id, "ack", json!({})).await.expect(200);
    assert!(client.dequeue("mail", json!({"max": 1, "wait_ms": 500})).await.is_empty());
}

#[tokio::test]
async fn pain_13_a_delay_of_years_is_taken() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    let id = client.enqueue("mail", json!({"payload": 1, "run_at": "2035-01-01T00:00:00Z"})).await;
    let task = client.task(&id).await;
    assert_eq!(task["state"], "scheduled");
    assert_eq!(millis(&task["run_at"]), millis(&json!("2035-01-01T00:00:00Z")));
}

#[tokio::test]
async fn tasks_are_browsed_without_being_taken() {
    let mut cluster = Cluster::start(3).await;
    let client = cluster.client(1);
    client.enqueue_many("mail", 5).await;
    client.enqueue("mail", json!({"payload": "x", "type": "special"})).await;
    client.enqueue("other", json!({"payload": "y", "key": "k"})).await;
    client.take("mail", 600_000).await;

    let client = cluster.kill_leader().await;
    assert_eq!(found(&client, "queue=mail").await.len(), 6);
    assert_eq!(found(&client, "queue=mail&state=ready").await.len(), 5);
    assert_eq!(found(&client, "state=leased").await.len(), 1);
    assert_eq!(found(&client, "worker=taker").await.len(), 1);
    assert_eq!(found(&client, "type=special").await.len(), 1);
    assert_eq!(found(&client, "key=k").await.len(), 1);
    assert_eq!(found(&client, "queue=nothing-here").await.len(), 0);
    let pages = client.all_pages("/v1/tasks", "tasks", "&queue=mail").await;
    assert_eq!(pages.len(), 6);
    assert_eq!(client.count("mail", "ready").await, 5, "browsing took something");
}

#[tokio::test]
async fn pain_18_any_node_tells_who_holds_what() {
    let cluster = Cluster::start(3).await;
    cluster.client(1).enqueue_many("mail", 2).await;
    let body = json!({"max": 1, "worker": "host-7"});
    let lease = cluster.client(2).dequeue("mail", body).await.pop().expect("two are ready");
    for node in cluster.ids() {
        let path = "/v1/tasks?queue=mail&state=leased";
        let page = cluster.client(node).get(path).await.expect(200);
        let held = page["tasks"].as_array().expect("a list");
        assert_eq!(held.len(), 1, "{page}");
        assert_eq!(held[0]["lease"]["worker"], "host-7");
        assert_eq!(held[0]["lease"]["id"], lease.id.as_str());
        assert_eq!(millis(&held[0]["lease"]["expires_at"]), lease.expires_ms);
    }
}

#[tokio::test]
async fn pain_5_the_last_failure_makes_a_task_dead_and_keeps_it() {
    let mut cluster = Cluster::start(3).await;
    let mut client = cluster.client(1);
    let id = client.enqueue("mail", json!({"payload": 1, "max_attempts": 2})).await;
    for attempt in 1..=2 {
        let lease = client.take("mail", 600_000).await;
        assert_eq!(lease.attempt, attempt);
        if attempt == 2 {
            client = cluster.kill_leader().await;
        }
        let failure = json!({"error": format!("failure {attempt}"), "delay_ms": 0});
        client.settle(&lease.id, "nack", failure).await.expect(200);
    }
    let task = client.task(&id).await;
    assert_eq!((&task["state"], &task["attempt"]), (&json!("dead"), &json!(2)));
    assert_eq!(task["last_error"], "failure 2");
    assert_eq!(client.count("mail", "dead").await, 1);
}

#[tokio::test]
async fn a_finished_task_is_kept_for_its_retention() {
    let mut cluster = Cluster::start(3).await;
    let client = cluster.client(1);
    client.put_queue("mail", json!({"result_retention_ms": 2_000})).await;
    let id = client.enqueue("mail", json!({"payload": 1})).await;
    let lease = client.take("mail", 30_000).await;
    client.settle(&lease.id, "ack", json!({"result": {"n": 1}})).await.expect(200);
    let task = client.task(&id).await;
    assert_eq!((&task["state"], &task["result"]), (&json!("succeeded"), &json!({"n": 1})));
    assert!(task["finished_at"].is_string(), "{task}");
    let client = cluster.kill_leader().await;
    let path = format!("/v1/tasks/{id}");
    let is_gone = async || (client.get(&path).await.status == 404).then_some(());
    wait::until("the finished task to be dropped", PATIENCE, is_gone).await;
}

#[tokio::test]
async fn a_failed_task_backs_off_and_keeps_its_place() {
    let mut cluster = Cluster::start(3).await;
    let client = cluster.client(1);
    client.put_queue("mail", json!({"retry": {"initial_ms": 1_000, "jitter": 0.0}})).await;
    let ids = client.enqueue_many("mail", 2).await;
    let lease = client.take("mail", 30_000).await;
    client.settle(&lease.id, "nack", json!({"error": "no"})).await.expect(200);
    let task = client.task(&ids[0]).await;
    assert_eq!(task["state"], "retrying");
    assert!(task["run_at"].is_string(), "run_at tells when: {task}");

    let client = cluster.kill_leader().await;
    let is_ready = async || (client.state(&ids[0]).await == "ready").then_some(());
    wait::until("the backoff to end", Duration::from_secs(10), is_ready).await;
    let leases = client.dequeue("mail", json!({"max": 2})).await;
    let order: Vec<_> = leases.iter().map(|lease: &Lease| lease.task.clone()).collect();
    assert_eq!(order, ids, "it has its old place");
}

async fn found(client: &Client, query: &str) -> Vec<Value> {
    let page = client.get(&format!("/v1/tasks?{query}")).await.expect(200);
    page["tasks"].as_array().expect("a list").clone()
}
