//! Purges: operators are rid of what nobody holds.

use ferry_tests::Cluster;
use ferry_tests::wait::{self, PATIENCE};
use serde_json::json;

const PURGE: &str = "/v1/queues/mail/purge";

/// Enough for several log entries.
const MANY: usize = 12_000;

#[tokio::test]
async fn a_purge_removes_what_nobody_holds() {
    let cluster = Cluster::start(3).await;
    let client = cluster.client(1);
    let dead = client.enqueue_many("mail", 2).await;
    for _ in &dead {
        let lease = client.take("mail", 600_000).await;
        client.settle(&lease.id, "nack", json!({"dead": true})).await.expect(200);
    }
    let held = client.enqueue("mail", json!({"payload": "held"})).await;
    let lease = client.take("mail", 600_000).await;
    let ready = client.enqueue_many("mail", 2_500).await;
    let later = client.enqueue("mail", json!({"payload": 1, "delay_ms": 3_600_000})).await;
    let purge = async |node: u64, state: &str| {
        cluster.client(node).post(PURGE, json!({"state": state})).await.expect(200)
    };
    assert_eq!(purge(2, "ready").await, json!({"purged": 2_500}));
    client.get(&format!("/v1/tasks/{}", ready[7])).await.expect_problem(404, "task_not_found");
    assert_eq!(client.count("mail", "dead").await, 2);
    assert_eq!(purge(3, "dead").await, json!({"purged": 2}));
    assert_eq!(purge(1, "all").await, json!({"purged": 1}));
    client.get(&format!("/v1/tasks/{later}")).await.expect_problem(404, "task_not_found");
    assert_eq!(client.state(&held).await, "leased");
    client.settle(&lease.id, "ack", json!({})).await.expect(200);
    let queue = client.queue("mail").await;
    assert_eq!((&queue["counts"]["succeeded"], &queue["bytes"]), (&json!(1), &json!(0)));
    assert_eq!(purge(1, "all").await, json!({"purged": 1}), "finished tasks too");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_purge_goes_on_under_the_next_leader() {
    let mut cluster = Cluster::start(3).await;
    let leader = cluster.leader().await;
    let [one, other] = cluster.others(leader)[..] else { panic!("three nodes") };
    let (client, looker) = (cluster.client(one), cluster.client(other));
    client.enqueue("mail", json!({"payload": "held"})).await;
    let lease = client.take("mail", 600_000).await;
    client.enqueue_many("mail", MANY).await;
    let purge = {
        let client = client.clone();
        tokio::spawn(async move { client.post(PURGE, json!({"state": "ready"})).await })
    };
    let has_begun = async || {
        let queue = looker.get("/v1/queues/mail?consistency=stale").await.expect(200);
        (queue["counts"]["ready"] != MANY).then_some(())
    };
    wait::until("the purge to begin", PATIENCE, has_begun).await;
    cluster.node(leader).kill();
    let purged = purge.await.expect("a client does not panic").expect(200);
    assert_eq!(purged, json!({"purged": MANY}), "each is told once");

    let queue = looker.queue("mail").await;
    assert_eq!((&queue["counts"]["ready"], &queue["counts"]["leased"]), (&json!(0), &json!(1)));
    looker.settle(&lease.id, "ack", json!({})).await.expect(200);
}
