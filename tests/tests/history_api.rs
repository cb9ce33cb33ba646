//! What happened to a task, and what came of it: told by every node, whichever led meanwhile.

use std::time::{Duration, Instant};

use ferry_tests::{Answer, Client, Cluster, wait};
use serde_json::{Value, json};

/// Change, state, attempt and worker of each item.
fn told(history: &Value) -> Vec<(String, String, u64, Option<String>)> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let items = history["history"].as_array().expect("a history is a list");
    items
        .iter()
        .map(|item| {
            let change = text(&item["change"]).expect("a change has a word");
            let state = text(&item["state"]).expect("a state is told");
            let attempt = item["attempt"].as_u64().expect("attempts are counted");
            (change, state, attempt, text(&item["worker"]))
        })
        .collect()
}

async fn result(client: &Client, task: &str, seconds: u64) -> Answer {
    let request = client.request("GET", &format!("/v1/tasks/{task}/result"));
    let request = request.header("prefer", &format!("wait={seconds}"));
    request.patience(Duration::from_secs(seconds + 20)).send().await
}

#[tokio::test]
async fn a_history_tells_leaders_and_workers_over_a_change_of_the_leader() {
    let mut cluster = Cluster::start(3).await;
    let first = cluster.leader().await;
    let survivor = cluster.client(cluster.others(first)[0]);
    let id = survivor.enqueue("mail", json!({"payload": 1})).await;
    let lease = survivor.take("mail", 30_000).await;
    survivor.settle(&lease.id, "nack", json!({"delay_ms": 0, "error": "boom"})).await.expect(200);
    cluster.node(first).kill();
    let second = cluster.leader_other_than(first).await;
    let lease = survivor.take("mail", 30_000).await;
    survivor.settle(&lease.id, "ack", json!({})).await.expect(200);

    let history = survivor.get(&format!("/v1/tasks/{id}/history")).await.expect(200);
    let taker = Some("taker".to_owned());
    let expected = [
        ("enqueued", "ready", 0, None),
        ("leased", "leased", 1, taker.clone()),
        ("nacked", "ready", 1, taker.clone()),
        ("leased", "leased", 2, taker.clone()),
        ("acked", "succeeded", 2, taker),
    ];
    let expected = expected.map(|(change, state, n, who)| (change.into(), state.into(), n, who));
    assert_eq!(told(&history), expected);
    let items = history["history"].as_array().expect("a history is a list");
    let nodes: Vec<_> = items.iter().map(|item| item["node"].as_u64()).collect();
    assert_eq!(nodes[..3], [Some(first); 3]);
    assert_eq!(nodes[3..], [Some(second); 2]);
    let indexes: Vec<_> = items.iter().map(|item| item["index"].as_u64()).collect();
    assert!(indexes.is_sorted() && indexes[0] < indexes[4], "{indexes:?}");
    assert_eq!(indexes[4], survivor.task(&id).await["index"].as_u64());

    cluster.restart(first).await;
    for node in cluster.ids() {
        let same = cluster.client(node).get(&format!("/v1/tasks/{id}/history")).await;
        assert_eq!(same.expect(200), history, "node {node} tells otherwise");
    }
}

#[tokio::test]
async fn a_result_is_waited_for_at_any_node_over_a_change_of_the_leader() {
    let mut cluster = Cluster::start(3).await;
    let leader = cluster.leader().await;
    let [one, two] = cluster.others(leader)[..] else { panic!("three nodes have two others") };
    let (waiting, worker) = (cluster.client(one), cluster.client(two));
    let id = worker.enqueue("mail", json!({"payload": 1})).await;
    let waited = tokio::spawn({
        let (client, id) = (waiting.clone(), id.clone());
        async move { result(&client, &id, 60).await }
    });
    wait::until("the wait to begin", wait::PATIENCE, async || {
        (waiting.metric("ferry_http_requests_in_flight").await >= 2.0).then_some(())
    })
    .await;
    cluster.node(leader).kill();
    let lease = worker.take("mail", 30_000).await;
    worker.settle(&lease.id, "ack", json!({"result": {"sum": 3}})).await.expect(200);

    let answer = waited.await.expect("the wait does not break");
    assert_eq!(answer.header("preference-applied"), Some("wait=60"));
    assert_eq!(answer.node(), one);
    let task = answer.expect(200);
    assert_eq!((&task["state"], &task["result"]), (&json!("succeeded"), &json!({"sum": 3})));
}

#[tokio::test]
async fn a_result_is_told_at_once_or_as_pending() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    client.put_queue("mail", json!({"max_attempts": 1})).await;
    let id = client.enqueue("mail", json!({"payload": 1})).await;
    let path = format!("/v1/tasks/{id}/result");
    let pending = client.get(&path).await;
    assert_eq!(pending.header("preference-applied"), None);
    assert_eq!(pending.expect(202)["state"], "ready");

    let begun = Instant::now();
    let pending = result(&client, &id, 1).await;
    assert!(begun.elapsed() >= Duration::from_secs(1), "the wait was cut short");
    assert_eq!(pending.header("preference-applied"), Some("wait=1"));
    assert_eq!(pending.expect(202)["id"], id.as_str());

    let lease = client.take("mail", 30_000).await;
    client.settle(&lease.id, "nack", json!({"error": "boom"})).await.expect(200);
    let task = result(&client, &id, 60).await.expect(200);
    assert_eq!((&task["state"], &task["last_error"]), (&json!("dead"), &json!("boom")));

    for prefer in ["wait=61", "wait=-1", "wait=soon"] {
        let answer = client.request("GET", &path).header("prefer", prefer).send().await;
        assert_eq!(answer.expect_problem(400, "invalid_argument")["field"], "prefer");
    }
    client.get("/v1/tasks/t99/result").await.expect_problem(404, "task_not_found");
    client.get("/v1/tasks/t99/history").await.expect_problem(404, "task_not_found");
    client.get("/v1/tasks/nonsense/history").await.expect_problem(400, "invalid_argument");
    let unknown = format!("/v1/tasks/{id}/history?colour=red");
    client.get(&unknown).await.expect_problem(400, "unknown_field");
}
