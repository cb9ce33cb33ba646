//! Whether the process runs, and whether the node can serve. Neither is forwarded.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use ferry_api::Code;
use ferry_replica::Bootstrap;
use hyper::StatusCode;

use crate::answer::JSON;
use crate::door::Door;
use crate::node::Node;
use crate::probe::Probe;
use crate::problem::Failure;

/// `GET /livez`: the process runs.
pub(crate) async fn live(probe: Probe) -> Result<Response, Failure> {
    probe.check(JSON)?;
    Ok(fine())
}

/// `GET /readyz`: the node has recovered and knows a leader.
pub(crate) async fn ready(
    State(door): State<Arc<Door>>,
    probe: Probe,
) -> Result<Response, Failure> {
    probe.check(JSON)?;
    // Whether it is ready is asked of it as it is.
    let node = door.node(Duration::ZERO).await?;
    let replica = &node.replica;
    let knows_leader = replica.leader().borrow().is_some();
    let missing = match (replica.is_recovered(), knows_leader) {
        (true, true) => return Ok(fine()),
        _ if waits_to_be_added(node).await => {
            "the node waits to be added; POST it to /v1/cluster/nodes at a member of the cluster"
        }
        (false, _) => "the node is recovering what its disk holds; wait",
        (true, false) => "the node knows no leader; see whether a majority of nodes runs",
    };
    Err(Failure::new(Code::NoLeader, missing).retry_after_ms(1_000))
}

/// Whether the node is to join and nobody has told it yet that it is a member.
async fn waits_to_be_added(node: &Node) -> bool {
    let is_to_join = matches!(node.config.bootstrap, Bootstrap::Join);
    is_to_join && !node.replica.status().await.nodes.iter().any(|one| one.id == node.config.node)
}

fn fine() -> Response {
    (StatusCode::OK, [("content-type", JSON)], r#"{"status":"ok"}"#).into_response()
}
