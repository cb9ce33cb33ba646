//! Sessions of registered workers: who lives, who does not, and what that costs.

use std::time::{Duration, Instant};

use ferry_tests::{Client, Cluster, Lease, wait};
use serde_json::json;
use tokio::task::JoinSet;

/// What a lost worker's tasks may take to run again beyond its session.
const SLACK: Duration = Duration::from_secs(2);

async fn register(client: &Client, worker: &str, session_ms: u64) {
    let settings = json!({"queues": ["q"], "slots": 100, "session_ms": session_ms});
    client.put(&format!("/v1/workers/{worker}"), settings).await.expect(201);
}

#[tokio::test]
async fn a_lost_worker_gives_all_its_leases_back_in_one_entry_when_its_session_ends() {
    let cluster = Cluster::start(3).await;
    let follower = cluster.others(cluster.leader().await)[0];
    let client = cluster.client(follower);
    client.put_queue("q", json!({"assign": "best_fit"})).await;
    register(&client, "lost", 2_000).await;
    let path = "/v1/workers/lost/assignments";
    let mut assignments = client.request("GET", path).assignments().await.expect("it is there");
    client.enqueue_many("q", 50).await;
    for _ in 0..50 {
        assignments.lease().await;
    }
    let before = client.get("/v1/queues/q").await.index();
    drop(assignments);
    let lost_at = Instant::now();
    register(&client, "other", 60_000).await;
    let path = "/v1/workers/other/assignments";
    let mut assignments = client.request("GET", path).assignments().await.expect("it is there");
    for _ in 0..50 {
        assert_eq!(assignments.lease().await.attempt, 2);
    }
    let took = lost_at.elapsed();
    assert!(took < Duration::from_secs(2) + SLACK, "it took {took:?}");
    assert!(took > Duration::from_millis(1_900), "it had its whole session: {took:?}");
    client.get("/v1/workers/lost").await.expect_problem(404, "worker_not_found");
    client
        .post("/v1/workers/lost/heartbeat", json!({}))
        .await
        .expect_problem(404, "worker_not_found");
    // One entry for the registration, one for the session's end, one or a few for the assignments.
    let entries = client.get("/v1/queues/q").await.index() - before;
    assert!(entries <= 8, "{entries} entries");
}

#[tokio::test]
async fn a_new_leader_gives_every_worker_a_whole_session_and_no_more() {
    let mut cluster = Cluster::start(3).await;
    let client = cluster.client(cluster.others(cluster.leader().await)[0]);
    register(&client, "beats", 4_000).await;
    register(&client, "silent", 4_000).await;
    let client = cluster.kill_leader().await;
    // The next leader is there before a session can end.
    client.post("/v1/workers/beats/heartbeat", json!({})).await.expect(200);
    client.get("/v1/workers/silent").await.expect(200);
    let elected = Instant::now();
    let mut beaten = Instant::now();
    let patience = Duration::from_secs(4) + SLACK;
    wait::until("the silent one to be gone", patience, async || {
        if beaten.elapsed() > Duration::from_millis(500) {
            client.post("/v1/workers/beats/heartbeat", json!({})).await.expect(200);
            beaten = Instant::now();
        }
        (client.get("/v1/workers/silent").await.status == 404).then_some(())
    })
    .await;
    assert!(elected.elapsed() > Duration::from_secs(2), "not before its time");
    client.get("/v1/workers/beats").await.expect(200);
}

#[tokio::test]
async fn to_settle_is_a_sign_of_life_of_every_worker_whose_lease_it_was() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    client.enqueue_many("q", 200).await;
    let mut leases = Vec::new();
    for worker in ["first", "second", "acks"] {
        register(&client, worker, 1_500).await;
        let take = json!({"worker": worker, "max": 60, "lease_ms": 60_000});
        leases.push(client.dequeue("q", take).await);
    }
    let mut acked = leases.pop().expect("there are three").into_iter();
    register(&client, "silent", 1_500).await;
    let extend = |lease: &Lease| json!({"lease": lease.id, "action": "extend"});
    let extends = json!({"settle": leases.iter().map(|of| extend(&of[0])).collect::<Vec<_>>()});
    let mut settled = Instant::now();
    wait::until("the silent one to be gone", wait::PATIENCE, async || {
        if settled.elapsed() > Duration::from_millis(300) {
            settled = Instant::now();
            let answer = client.post("/v1/leases/settle", extends.clone()).await.expect(200);
            assert_eq!(answer["settled"][1]["status"], 200, "{answer}");
            let lease = acked.next().expect("there are enough").id;
            let ack = json!({"operations": [{"ack": {"lease": lease}}]});
            client.post("/v1/transactions", ack).await.expect(200);
        }
        (client.get("/v1/workers/silent").await.status == 404).then_some(())
    })
    .await;
    for worker in ["first", "second", "acks"] {
        client.get(&format!("/v1/workers/{worker}")).await.expect(200);
    }
}

#[tokio::test]
async fn a_worker_that_settles_and_takes_in_one_call_lives() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    client.enqueue_many("q", 1_000).await;
    register(&client, "busy", 1_000).await;
    let mut lease = client.dequeue("q", json!({"worker": "busy"})).await.remove(0);
    register(&client, "silent", 1_000).await;
    wait::until("the silent one to be gone", wait::PATIENCE, async || {
        // There is always another task, so it never waits.
        let settle = json!([{"lease": lease.id, "action": "ack"}]);
        lease = client.dequeue("q", json!({"worker": "busy", "settle": settle})).await.remove(0);
        (client.get("/v1/workers/silent").await.status == 404).then_some(())
    })
    .await;
    client.get("/v1/workers/busy").await.expect(200);
}

#[tokio::test]
async fn ten_thousand_beating_workers_add_no_entry_to_the_log() {
    const WORKERS: usize = 10_000;
    const BEATS: usize = 2_000;
    let cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    let settings = json!({"queues": ["q"], "session_ms": 600_000});
    for begin in (0..WORKERS).step_by(100) {
        let register: JoinSet<_> =
            (begin..begin + 100)
                .map(|worker| {
                    let (client, settings) = (client.clone(), settings.clone());
                    async move {
                        client.put(&format!("/v1/workers/w{worker}"), settings).await.expect(201)
                    }
                })
                .collect();
        register.join_all().await;
    }
    assert_eq!(client.metric("ferry_workers").await, WORKERS as f64);
    let before = client.get("/v1/cluster").await.body["nodes"][0]["last_log_index"].clone();
    for begin in (0..BEATS).step_by(100) {
        let beat: JoinSet<_> = (begin..begin + 100)
            .map(|worker| {
                let path = format!("/v1/workers/w{worker}/heartbeat");
                let client = client.clone();
                async move { client.post(&path, json!({})).await.expect(200) }
            })
            .collect();
        beat.join_all().await;
    }
    let after = client.get("/v1/cluster").await.body["nodes"][0]["last_log_index"].clone();
    assert_eq!(before, after);
    let page = client.get("/v1/workers?limit=1000").await.expect(200);
    assert_eq!(page["workers"].as_array().map(Vec::len), Some(1_000));
    assert_eq!(client.all_pages("/v1/workers", "workers", "").await.len(), WORKERS);
}
