//! Whether the process runs, and whether the node can serve. Neither is forwarded.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use ferry_api::Code;
use hyper::StatusCode;

use crate::door::Door;
use crate::problem::Failure;

/// `GET /livez`: the process runs.
pub(crate) async fn live() -> Response {
    fine()
}

/// `GET /readyz`: the node has recovered and knows a leader.
pub(crate) async fn ready(State(door): State<Arc<Door>>) -> Result<Response, Failure> {
    let replica = &door.node()?.replica;
    let knows_leader = replica.leader().borrow().is_some();
    let missing = match (replica.is_recovered(), knows_leader) {
        (true, true) => return Ok(fine()),
        (false, _) => "the node is recovering what its disk holds; wait",
        (true, false) => "the node knows no leader; see whether a majority of nodes runs",
    };
    Err(Failure::new(Code::NoLeader, missing).retry_after_ms(1_000))
}

fn fine() -> Response {
    (StatusCode::OK, [("content-type", "application/json")], r#"{"status":"ok"}"#).into_response()
}
