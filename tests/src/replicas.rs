use std::time::Duration;

use serde_json::Value;

use crate::wait::{self, PATIENCE};
use crate::{Client, Cluster};

/// What a node holds, and at which index.
struct Copy {
    node: u64,
    index: u64,
    queues: Vec<Value>,
    tasks: Vec<Value>,
}

/// S12: all nodes hold the same queues and tasks once they stand at the same index. Returns the
/// tasks.
///
/// # Panics
/// If two nodes differ, or they do not come to stand at one index.
pub async fn assert_replicas_equal(cluster: &Cluster) -> Vec<Value> {
    let clients: Vec<_> = cluster.ids().into_iter().map(|id| (id, cluster.client(id))).collect();
    let mut copies = wait::until("all nodes to stand at one index", PATIENCE, async || {
        let mut copies = Vec::new();
        for (node, client) in &clients {
            copies.push(read(*node, client).await?);
        }
        copies.iter().all(|copy| copy.index == copies[0].index).then_some(copies)
    })
    .await;
    let first = copies.remove(0);
    for copy in copies {
        assert_same("queues", &first, &copy, &first.queues, &copy.queues);
        assert_same("tasks", &first, &copy, &first.tasks, &copy.tasks);
    }
    first.tasks
}

/// A node's state as it stands, or nothing if it moved while it was read or cannot answer yet.
async fn read(node: u64, client: &Client) -> Option<Copy> {
    let before = index(client).await?;
    let queues = client.all_pages("/v1/queues", "queues", "&consistency=stale").await;
    let tasks = client.all_pages("/v1/tasks", "tasks", "&consistency=stale").await;
    let queues = queues.into_iter().map(without_local_fields).collect();
    (index(client).await? == before).then_some(Copy { node, index: before, queues, tasks })
}

async fn index(client: &Client) -> Option<u64> {
    let request = client.request("GET", "/v1/queues?limit=1&consistency=stale");
    let answer = request.patience(Duration::from_secs(2)).attempt().await.ok()?;
    (answer.status == 200).then(|| answer.index())
}

/// Rates and ages are told by the asked node's own clock, and are not part of the state.
fn without_local_fields(mut queue: Value) -> Value {
    if let Some(fields) = queue.as_object_mut() {
        fields.remove("rates");
        fields.remove("oldest_ready_age_ms");
    }
    queue
}

fn assert_same(what: &str, left: &Copy, right: &Copy, ours: &[Value], theirs: &[Value]) {
    let place = format!("at index {} nodes {} and {}", left.index, left.node, right.node);
    for (one, other) in ours.iter().zip(theirs) {
        assert_eq!(one, other, "{place} differ in their {what}");
    }
    assert_eq!(ours.len(), theirs.len(), "{place} differ in the number of their {what}");
}
