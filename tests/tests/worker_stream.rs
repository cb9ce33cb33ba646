//! The stream of a worker's assignments as server-sent events, over a node that does not lead.

use std::collections::{BTreeMap, BTreeSet};

use ferry_tests::{Assignments, Client, Cluster, Lease, wait};
use serde_json::json;

const TASKS: usize = 60;
const SLOTS: usize = 4;

/// Opens the stream, now or once there is a leader.
async fn connect(client: &Client) -> Assignments {
    let stream = wait::until("a stream", wait::PATIENCE, async || {
        let request = client.request("GET", "/v1/workers/w/assignments");
        request.header("accept", "text/event-stream").assignments().await
    });
    let stream = stream.await;
    assert!(stream.are_events());
    stream
}

/// Takes assignments until it holds as many.
async fn fill(stream: &mut Assignments, held: &mut BTreeMap<String, Lease>, room: usize) {
    while held.len() < room {
        let lease = stream.lease().await;
        let again = held.insert(lease.id.clone(), lease);
        assert_eq!(again, None, "one stream sends a lease once");
    }
}

#[tokio::test]
async fn events_through_a_follower_lose_and_double_no_assignment_when_the_leader_dies() {
    let mut cluster = Cluster::start(3).await;
    let leader = cluster.leader().await;
    let client = cluster.client(cluster.others(leader)[0]);
    client.put_queue("q", json!({"assign": "least_loaded", "lease_ms": 600_000})).await;
    let settings = json!({"queues": ["q"], "slots": SLOTS, "session_ms": 600_000});
    client.put("/v1/workers/w", settings).await.expect(201);
    let ids: BTreeSet<String> = client.enqueue_many("q", TASKS).await.into_iter().collect();
    let mut stream = connect(&client).await;
    let (mut held, mut done) = (BTreeMap::new(), BTreeSet::new());
    while done.len() < TASKS {
        let room = SLOTS.min(TASKS - done.len());
        fill(&mut stream, &mut held, room).await;
        if done.len() == TASKS / 2 {
            cluster.node(leader).kill();
            assert_eq!(stream.next().await, None, "it ends with its leader");
            stream = connect(&client).await;
            // What it holds comes first, and all of it, under the same leases.
            let mut again = BTreeMap::new();
            fill(&mut stream, &mut again, room).await;
            assert_eq!(again, held);
        }
        let (_, lease) = held.pop_first().expect("it holds as much as it may");
        assert_eq!(lease.attempt, 1, "{lease:?}");
        client.settle(&lease.id, "ack", json!({})).await.expect(200);
        assert!(done.insert(lease.task.clone()), "{} is done twice", lease.task);
    }
    assert_eq!(done, ids);
}
