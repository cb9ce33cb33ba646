//! The change feed: every node tells the same events in the order of the log, none is lost or told
//! twice to whoever comes back, and what is no longer kept is refused.

use ferry_tests::{Client, Cluster, Event, wait};
use serde_json::json;

/// Enqueues a task, takes it and acks it.
async fn work(client: &Client, queue: &str) -> String {
    let id = client.enqueue(queue, json!({"payload": 1})).await;
    let lease = client.take(queue, 30_000).await;
    client.settle(&lease.id, "ack", json!({})).await.expect(200);
    id
}

async fn events(client: &Client, path: &str, count: usize) -> Vec<Event> {
    client.request("GET", path).events().await.take(count).await
}

#[tokio::test]
async fn every_node_tells_the_same_over_a_change_of_the_leader() {
    let mut cluster = Cluster::start(3).await;
    let leader = cluster.leader().await;
    let survivor = cluster.client(cluster.others(leader)[0]);
    let mut live = survivor.request("GET", "/v1/events?after_index=0").events().await;
    let first = work(&survivor, "mail").await;
    let told = live.take(3).await;
    cluster.node(leader).kill();
    let second = work(&survivor, "mail").await;
    let told = [told, live.take(3).await].concat();

    let life = |id: &str| {
        [("enqueued", "ready"), ("leased", "leased"), ("acked", "succeeded")]
            .map(|(change, state)| (id.to_owned(), change.to_owned(), state.to_owned()))
    };
    let changes: Vec<_> = told.iter().flat_map(Event::changes).collect();
    assert_eq!(changes, [life(&first), life(&second)].concat());
    assert!(told.is_sorted_by_key(|event| event.id), "{told:?}");
    assert!(told.iter().all(|event| event.data["index"] == event.id));

    cluster.restart(leader).await;
    for node in cluster.ids() {
        let client = cluster.client(node);
        assert_eq!(events(&client, "/v1/events?after_index=0", 6).await, told, "node {node}");
        // Where a client that saw the first three goes on.
        let request = client.request("GET", "/v1/events?after_index=0");
        let request = request.header("last-event-id", &told[2].id.to_string());
        let rest = request.header("accept", "text/event-stream").events().await.take(3).await;
        assert_eq!(rest, told[3..], "node {node}");
    }
}

#[tokio::test]
async fn a_stream_without_a_beginning_tells_what_is_to_come() {
    let cluster = Cluster::start(3).await;
    let leader = cluster.leader().await;
    let follower = cluster.client(cluster.others(leader)[0]);
    work(&follower, "mail").await;
    let mut all = follower.request("GET", "/v1/events").events().await;
    let mut mine = follower.request("GET", "/v1/events?queue=mine").events().await;
    let other = follower.enqueue("other", json!({"payload": 1})).await;
    let id = follower.enqueue("mine", json!({"payload": 1})).await;
    let enqueued = |id: &str| vec![(id.to_owned(), "enqueued".to_owned(), "ready".to_owned())];
    assert_eq!(all.take(1).await[0].changes(), enqueued(&other));
    let event = mine.take(1).await.remove(0);
    assert_eq!(event.changes(), enqueued(&id));
    assert_eq!(event.data["changes"][0]["queue"], "mine");
    assert_eq!(event.data["changes"][0]["attempt"], 0);
    assert_eq!(all.take(1).await[0], event);
}

#[tokio::test]
async fn what_is_no_longer_kept_is_refused_with_the_oldest() {
    let mut cluster = Cluster::builder(1).setting("events_max", 4).start().await;
    let client = cluster.client(1);
    let mut last = 0;
    for _ in 0..8 {
        let answer = client.post("/v1/queues/mail/tasks", json!({"payload": 1})).await;
        last = answer.index();
    }
    let answer = client.get("/v1/events?after_index=0").await;
    let problem = answer.expect_problem(410, "events_expired");
    assert_eq!(problem["oldest_index"], last - 3);
    let path = format!("/v1/events?after_index={}", last - 4);
    assert_eq!(events(&client, &path, 4).await.last().map(|event| event.id), Some(last));

    // A stream ends with its node, and goes on from there.
    let mut live = client.request("GET", &path).events().await;
    let seen = live.take(4).await;
    cluster.node(1).terminate();
    assert_eq!(live.next().await, None);
    cluster.node(1).wait_exit(wait::PATIENCE).await;
    cluster.restart(1).await;
    let id = client.enqueue("mail", json!({"payload": 1})).await;
    let path = format!("/v1/events?after_index={}", seen[3].id);
    assert_eq!(events(&client, &path, 1).await[0].changes()[0].0, id);
}

#[tokio::test]
async fn what_has_not_happened_yet_cannot_have_been_seen() {
    let cluster = Cluster::start(3).await;
    let leader = cluster.leader().await;
    cluster.client(leader).put_queue("mail", json!({})).await;
    for node in cluster.ids() {
        let client = cluster.client(node);
        let answer = client.get("/v1/events?after_index=99999999").await;
        assert!(answer.index() < 99_999_999, "an index that no node has reached");
        let problem = answer.expect_problem(400, "invalid_argument");
        assert_eq!(problem["field"], "after_index");
        let detail = problem["detail"].as_str().unwrap_or_default();
        assert!(detail.contains("the newest index"), "{detail}");
        let request = client.request("GET", "/v1/events").header("last-event-id", "99999999");
        let problem = request.send().await.expect_problem(400, "invalid_argument");
        assert_eq!(problem["field"], "last-event-id");
        // What one node has acknowledged all others take for seen.
        let newest = cluster.client(leader).post("/v1/queues/mail/pause", json!({})).await.index();
        let path = format!("/v1/events?after_index={newest}");
        client.request("GET", &path).events().await;
    }
}

#[tokio::test]
async fn a_stream_that_is_asked_for_wrongly_is_refused() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    for (path, field) in [
        ("/v1/events?after_index=-1", "after_index"),
        ("/v1/events?after_index=soon", "after_index"),
        ("/v1/events?queue=../etc", "queue"),
    ] {
        let problem = client.get(path).await.expect_problem(400, "invalid_argument");
        assert_eq!(problem["field"], field);
    }
    client.get("/v1/events?limit=1").await.expect_problem(400, "unknown_field");
    let request = client.request("GET", "/v1/events").header("last-event-id", "x");
    let problem = request.send().await.expect_problem(400, "invalid_argument");
    assert_eq!(problem["field"], "last-event-id");
    let request = client.request("GET", "/v1/events").header("accept", "application/json");
    request.send().await.expect_problem(406, "not_acceptable");
}
