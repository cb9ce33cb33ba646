//! The digest: the same on every node at the same index, whatever the node went through, and
//! another after a change.

use std::time::Duration;

use ferry_tests::{Answer, Client, Cluster, wait};
use serde_json::json;

/// A digest at an index, which may be yet to come.
async fn digest(client: &Client, index: u64) -> Answer {
    let request = client.request("GET", &format!("/v1/cluster/digest?index={index}"));
    let request = request.header("ferry-timeout-ms", "30000");
    request.patience(Duration::from_secs(40)).send().await
}

/// Asks all nodes for the digest some entries ahead, has the entries written, and compares.
async fn assert_same(cluster: &Cluster, nodes: &[u64]) -> String {
    let client = cluster.client(nodes[0]);
    let now = client.enqueue_many("mail", 10).await;
    assert_eq!(now.len(), 10);
    let index = client.get("/v1/tasks").await.index() + 8;
    let asked = nodes.iter().map(|node| {
        let client = cluster.client(*node);
        tokio::spawn(async move { digest(&client, index).await })
    });
    let asked: Vec<_> = asked.collect();
    for (number, asking) in asked.iter().enumerate() {
        let client = cluster.client(nodes[number]);
        wait::until("the asking", wait::PATIENCE, async || {
            let is_done = asking.is_finished();
            let under_way = client.metric("ferry_http_requests_in_flight").await;
            (is_done || under_way >= 2.0).then_some(())
        })
        .await;
    }
    for _ in 0..16 {
        client.enqueue("mail", json!({"payload": 1})).await;
    }
    let mut digests = Vec::new();
    for answer in asked {
        let body = answer.await.expect("the asking does not break").expect(200);
        assert_eq!(body["index"], index);
        digests.push(body["digest"].as_str().expect("a digest is text").to_owned());
    }
    assert!(digests.windows(2).all(|pair| pair[0] == pair[1]), "nodes differ: {digests:?}");
    digests.remove(0)
}

/// Leaves something of every rule in the state.
async fn use_every_rule(client: &Client) {
    let rate = json!({"per_second": 100, "burst": 50});
    let settings = json!({
        "fair": true, "key_concurrency": 2, "max_concurrency": 9, "rate": rate, "max_tasks": 100,
        "ttl_ms": 3_600_000, "retry": {"initial_ms": 600_000},
    });
    client.put_queue("bound", settings).await;
    let limit = json!({"match": {"type": "send"}, "max_concurrency": 8, "rate": rate});
    assert!(client.put("/v1/limits/smtp", limit).await.status < 300);
    for number in 0..6 {
        let task = json!({
            "payload": number, "key": format!("k{}", number % 2), "type": "send",
            "priority": number, "locks": [format!("lock-{number}")],
        });
        client.enqueue("bound", task).await;
    }
    let unique = json!({"payload": "one", "unique": {"key": "u"}, "delay_ms": 600_000});
    let unique = client.enqueue("bound", unique).await;
    client.enqueue("bound", json!({"payload": "after", "depends_on": [unique]})).await;
    let leases = client.dequeue("bound", json!({"max": 4, "lease_ms": 600_000})).await;
    client.settle(&leases[0].id, "nack", json!({"dead": true, "error": "no"})).await.expect(200);
    client.settle(&leases[1].id, "nack", json!({"error": "not yet"})).await.expect(200);
    let operations = json!([
        {"ack": {"lease": leases[2].id, "result": [1]}},
        {"cancel": {"task": unique}},
        {"enqueue": {"queue": "next", "payload": 1}},
    ]);
    client.post("/v1/transactions", json!({"operations": operations})).await.expect(200);
    client.post("/v1/queues/bound/redrive", json!({"filter": {"key": "k1"}})).await.expect(200);
    client.post("/v1/queues/next/pause", json!({})).await.expect(200);
}

#[tokio::test]
async fn all_nodes_have_the_same_state_at_the_same_index() {
    let mut cluster = Cluster::start(3).await;
    let all = cluster.ids();
    use_every_rule(&cluster.client(1)).await;
    let first = assert_same(&cluster, &all).await;
    let leader = cluster.leader().await;
    cluster.node(leader).kill();
    cluster.leader_other_than(leader).await;
    use_every_rule(&cluster.client(cluster.others(leader)[0])).await;
    let second = assert_same(&cluster, &cluster.others(leader)).await;
    cluster.restart(leader).await;
    let third = assert_same(&cluster, &all).await;
    assert!(first != second && second != third && first != third);
}

#[tokio::test]
async fn a_digest_is_of_the_present_or_of_what_is_to_come() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    client.enqueue("mail", json!({"payload": 1})).await;
    let present = client.get("/v1/cluster/digest").await;
    let index = present.index();
    let present = present.expect(200);
    assert_eq!(present["index"], index);
    assert_eq!(digest(&client, index).await.expect(200), present);
    client.get("/v1/queues/nowhere").await.expect(404);
    assert_eq!(client.get("/v1/cluster/digest").await.expect(200), present);

    client.enqueue("mail", json!({"payload": 1})).await;
    let past = digest(&client, index).await.expect_problem(400, "invalid_argument");
    assert_eq!(past["field"], "index");
    let request = client.request("GET", "/v1/cluster/digest?index=1000000");
    let answer = request.header("ferry-timeout-ms", "100").send().await;
    answer.expect_problem(503, "index_not_reached");
    client.get("/v1/cluster/digest?index=x").await.expect_problem(400, "invalid_argument");
    client.get("/v1/cluster/digest?at=1").await.expect_problem(400, "unknown_field");
}
