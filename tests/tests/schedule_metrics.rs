//! What the metrics tell of schedules.

use ferry_tests::{Client, Cluster, wait};
use serde_json::json;

/// How many firings ended so, at this node.
async fn firings(client: &Client, outcome: &str) -> u64 {
    let text = client.get("/metrics").await.text;
    let start = format!("ferry_schedule_firings_total{{outcome=\"{outcome}\"}} ");
    let count = text.lines().find_map(|line| line.strip_prefix(start.as_str()));
    count.and_then(|count| count.parse().ok()).unwrap_or_else(|| panic!("{start} in\n{text}"))
}

#[tokio::test]
async fn firings_are_counted_by_what_became_of_them_and_timed() {
    let cluster = Cluster::start(3).await;
    let leader = cluster.leader().await;
    let client = cluster.client(leader);
    for name in ["alone", "paused"] {
        let settings = json!({"every_ms": 1_000, "queue": "ticks", "task": {"payload": 1},
            "overlap": "skip", "paused": name == "paused"});
        client.put(&format!("/v1/schedules/{name}"), settings).await.expect(201);
    }
    for id in cluster.ids() {
        let client = cluster.client(id);
        wait::until("a node to have them", wait::PATIENCE, async || {
            (client.metric("ferry_schedules").await == 2.0).then_some(())
        })
        .await;
    }
    wait::until("a firing that is skipped", wait::PATIENCE, async || {
        (firings(&client, "overlap").await > 0).then_some(())
    })
    .await;
    assert_eq!(firings(&client, "enqueued").await, 1);
    for outcome in ["missed", "queue_full", "queue_not_found", "already_exists"] {
        assert_eq!(firings(&client, outcome).await, 0, "{outcome}");
    }
    assert_eq!(client.metric("ferry_schedule_firing_lag_seconds_count").await, 1.0);
    let late = client.metric("ferry_schedule_firing_lag_seconds_sum").await;
    assert!((0.0..5.0).contains(&late), "{late} s late");
    let overdue = client.metric("ferry_schedule_overdue_seconds").await;
    assert!((0.0..5.0).contains(&overdue), "{overdue} s overdue");
    for id in cluster.others(leader) {
        assert_eq!(firings(&cluster.client(id), "enqueued").await, 0, "node {id} does not lead");
    }
}

#[tokio::test]
async fn a_schedule_that_is_late_is_told_of() {
    let mut cluster = Cluster::start(3).await;
    let client = cluster.client(1);
    let settings = json!({"every_ms": 1_000, "queue": "ticks", "task": {"payload": 1}});
    client.put("/v1/schedules/late", settings).await.expect(201);
    for id in cluster.others(1) {
        cluster.node(id).kill();
    }
    wait::until("the firing to be late", wait::PATIENCE, async || {
        (client.metric("ferry_schedule_overdue_seconds").await > 1.0).then_some(())
    })
    .await;
    for id in cluster.others(1) {
        cluster.restart(id).await;
    }
    wait::until("the firings to be done", wait::PATIENCE, async || {
        (client.metric("ferry_schedule_overdue_seconds").await < 1.0).then_some(())
    })
    .await;
}
