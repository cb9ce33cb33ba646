//! G7: reads see every write that was acknowledged before them, on whichever node.

use ferry_tests::Cluster;
use serde_json::json;

#[tokio::test]
async fn g7_a_write_is_seen_by_the_next_read_on_every_node() {
    let cluster = Cluster::start(3).await;
    for round in 0..30 {
        let writer = cluster.client(round % 3 + 1);
        let id = writer.enqueue("mail", json!({"payload": round})).await;
        for node in cluster.ids() {
            let client = cluster.client(node);
            for suffix in ["", "?forward=false"] {
                let answer = client.get(&format!("/v1/tasks/{id}{suffix}")).await;
                assert_eq!(answer.expect(200)["payload"], round, "node {node} {suffix}");
            }
        }
    }
}

#[tokio::test]
async fn a_read_with_min_index_waits_until_it_is_reached() {
    let cluster = Cluster::start(3).await;
    let leader = cluster.leader().await;
    for round in 0..20 {
        let client = cluster.client(leader);
        let written = client.post("/v1/queues/mail/tasks", json!({"payload": round})).await;
        let (index, task) = (written.index(), written.expect(201));
        for node in cluster.others(leader) {
            let id = task["id"].as_str().expect("a task has an id");
            let path = format!("/v1/tasks/{id}?consistency=stale&min_index={index}");
            let answer = cluster.client(node).get(&path).await;
            assert!(answer.index() >= index);
            assert_eq!(answer.node(), node, "a stale read is this node's");
            answer.expect(200);
        }
    }
}

#[tokio::test]
async fn a_min_index_that_does_not_come_is_told() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    let path = "/v1/queues?consistency=stale&min_index=1000000";
    let answer = client.request("GET", path).header("ferry-timeout-ms", "300").send().await;
    answer.expect_problem(503, "index_not_reached");
}

#[tokio::test]
async fn a_stale_read_is_served_here_and_says_how_stale() {
    let cluster = Cluster::start(3).await;
    cluster.client(1).enqueue("mail", json!({"payload": 1})).await;
    for node in cluster.ids() {
        let answer = cluster.client(node).get("/v1/queues?consistency=stale").await;
        assert_eq!(answer.node(), node);
        let stale = answer.header("ferry-stale-ms").and_then(|text| text.parse::<u64>().ok());
        assert!(stale.is_some_and(|millis| millis < 30_000), "{stale:?}");
        answer.expect(200);
    }
}

#[tokio::test]
async fn the_index_of_answers_never_falls_for_one_client() {
    let cluster = Cluster::start(3).await;
    let mut last = 0;
    for round in 0..60 {
        let client = cluster.client(round % 3 + 1);
        let answer = match round % 2 {
            0 => client.post("/v1/queues/mail/tasks", json!({"payload": round})).await,
            _ => client.get("/v1/queues/mail").await,
        };
        assert!(answer.index() >= last, "{} after {last}", answer.index());
        last = answer.index();
    }
}
