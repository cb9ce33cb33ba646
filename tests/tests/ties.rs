//! What binds tasks to one another: unique keys and dependencies.

use ferry_tests::Cluster;
use serde_json::json;

#[tokio::test]
async fn pain_23_a_unique_key_belongs_to_its_task_and_goes_with_it() {
    let mut cluster = Cluster::start(3).await;
    let leader = cluster.leader().await;
    let [one, other] = cluster.others(leader)[..] else { panic!("three nodes") };
    let client = cluster.client(one);
    let task = json!({"payload": 1, "unique": {"key": "invoice-7"}});
    let id = client.enqueue("mail", task.clone()).await;
    client.enqueue("post", task.clone()).await;
    let lease = client.take("mail", 600_000).await;
    cluster.node(leader).kill();
    cluster.leader_other_than(leader).await;

    let client = cluster.client(other);
    let path = "/v1/queues/mail/tasks";
    let refusal = client.post(path, task.clone()).await.expect_problem(409, "already_exists");
    assert_eq!(refusal["task"], json!(id));
    client.settle(&lease.id, "nack", json!({"dead": true})).await.expect(200);
    client.post(path, task.clone()).await.expect_problem(409, "already_exists");
    client.post("/v1/queues/mail/purge", json!({"state": "dead"})).await.expect(200);
    let second = client.post(path, task.clone()).await.expect(201);
    assert_eq!(second["unique"], json!({"key": "invoice-7", "until": "done"}));
    let lease = client.take("mail", 600_000).await;
    client.settle(&lease.id, "ack", json!({})).await.expect(200);
    client.post(path, task).await.expect(201);
}

#[tokio::test]
async fn a_refused_batch_says_which_task_it_was() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    let path = "/v1/queues/mail/tasks";
    let unique = |key: &str| json!({"payload": 1, "unique": {"key": key}});
    let taken = client.post(path, unique("a")).await.expect(201);
    let batch = json!({"tasks": [unique("b"), unique("a")]});
    let refusal = client.post(path, batch).await.expect_problem(409, "already_exists");
    assert_eq!((&refusal["field"], &refusal["task"]), (&json!("tasks[1].unique"), &taken["id"]));
    // Two of a batch want the same: neither is there, so no id is named.
    let batch = json!({"tasks": [unique("b"), {"payload": 2}, unique("b")]});
    let refusal = client.post(path, batch).await.expect_problem(409, "already_exists");
    assert_eq!((&refusal["field"], refusal.get("task")), (&json!("tasks[2].unique"), None));
    let detail = refusal["detail"].as_str().unwrap_or_default();
    assert!(detail.starts_with("tasks 0 and 2 have the same unique key b"), "{detail}");

    let batch = json!({"tasks": [{"payload": 1}, {"payload": 1, "depends_on": ["t999"]}]});
    let refusal = client.post(path, batch).await.expect_problem(404, "task_not_found");
    assert_eq!(refusal["field"], "tasks[1].depends_on");
    assert_eq!(refusal["task"], "t999");
    assert_eq!(client.count("mail", "ready").await, 1);
}

#[tokio::test]
async fn a_task_runs_when_all_it_depends_on_is_done() {
    let mut cluster = Cluster::start(3).await;
    let leader = cluster.leader().await;
    let [one, other] = cluster.others(leader)[..] else { panic!("three nodes") };
    let client = cluster.client(one);
    let parts = client.enqueue_many("parts", 3).await;
    let whole = json!({"payload": "whole", "depends_on": parts});
    let whole = client.post("/v1/queues/whole/tasks", whole).await.expect(201);
    assert_eq!(whole["state"], "blocked", "{whole}");
    assert_eq!(client.count("whole", "blocked").await, 1);
    let leases = client.dequeue("parts", json!({"max": 3, "lease_ms": 600_000})).await;
    client.settle(&leases[0].id, "ack", json!({})).await.expect(200);
    cluster.node(leader).kill();
    cluster.leader_other_than(leader).await;

    let client = cluster.client(other);
    client.settle(&leases[1].id, "ack", json!({})).await.expect(200);
    assert!(client.dequeue("whole", json!({"max": 1})).await.is_empty());
    // Who waits for it is woken by the last of them.
    let waiting = client.dequeue("whole", json!({"max": 1, "wait_ms": 30_000}));
    let settling = client.settle(&leases[2].id, "ack", json!({}));
    let (taken, settled) = tokio::join!(waiting, settling);
    settled.expect(200);
    assert_eq!(json!(taken[0].task), whole["id"]);
}

#[tokio::test]
async fn what_depends_on_a_failure_is_cancelled_or_runs_as_it_says() {
    let mut cluster = Cluster::start(3).await;
    let client = cluster.client(1);
    let first = client.enqueue("a", json!({"payload": 1})).await;
    let after =
        |extra: &str| json!({"payload": 2, "depends_on": [first], "on_dependency_failure": extra});
    let cancelled = client.enqueue("b", after("cancel")).await;
    let runs = client.enqueue("b", after("run")).await;
    let further = client.enqueue("c", json!({"payload": 3, "depends_on": [cancelled]})).await;
    let client = cluster.kill_leader().await;
    client.delete(&format!("/v1/tasks/{first}")).await.expect(200);
    assert_eq!(client.state(&cancelled).await, "cancelled");
    assert_eq!(client.state(&further).await, "cancelled");
    assert_eq!(client.state(&runs).await, "ready");
    let late = client.post("/v1/queues/b/tasks", after("cancel")).await.expect(201);
    assert_eq!(late["state"], "cancelled", "{late}");

    let missing = json!({"payload": 1, "depends_on": ["t999"]});
    let answer = client.post("/v1/queues/new/tasks", missing).await;
    assert_eq!(answer.expect_problem(404, "task_not_found")["task"], "t999");
    client.get("/v1/queues/new").await.expect_problem(404, "queue_not_found");
    let many: Vec<String> = (1..=101).map(|n| format!("t{n}")).collect();
    let many = json!({"payload": 1, "depends_on": many});
    client.post("/v1/queues/b/tasks", many).await.expect_problem(400, "invalid_argument");
}
