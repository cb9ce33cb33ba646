//! The cluster: its status, and what an operator does to it.

use axum::response::{IntoResponse, Response};
use ferry_api as api;
use ferry_api::{AddNode, Digest, TransferLeader};
use ferry_replica::{AdminError, ClusterStatus, NodeStatus, Role, StateDigest};
use ferry_types::{LogIndex, NodeAddress, NodeId};
use hyper::StatusCode;

use crate::answer;
use crate::call::Call;
use crate::config_source::{is_address, is_url};
use crate::named::Named;
use crate::problem::Failure;
use crate::relay::{Kind, Relay, Turn};
use crate::routes::leases::NoFields;

/// `GET /v1/cluster`: as this node sees it, never forwarded.
pub(crate) async fn status(call: Call) -> Result<Response, Failure> {
    call.query.allow_none()?;
    Ok(show(&call, StatusCode::OK).await)
}

/// `POST /v1/cluster/nodes`: adds a voter once it has caught up; 200 if it is one already.
pub(crate) async fn add(call: Call) -> Result<Response, Failure> {
    call.query.allow_write(&[])?;
    call.refuse_key()?;
    let mut relay = Relay::new(&call, Kind::Admin);
    loop {
        if let Turn::Answered(response) = relay.next().await? {
            return Ok(response);
        }
        let AddNode { id, http, peer } = call.json::<AddNode>()?.check()?;
        if !is_url(&http) {
            return Err(Failure::invalid("http", "must be a URL like http://127.0.0.1:7101"));
        }
        if !is_address(&peer) {
            return Err(Failure::invalid("peer", "must be host:port"));
        }
        let address = NodeAddress { http: http.trim_end_matches('/').into(), peer };
        let is_new = !is_voter(&call, id).await;
        let outcome = call.node.replica.add_node(id, address, relay.remaining()).await;
        if is_done(&mut relay, outcome).await? {
            let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
            return Ok(show(&call, status).await);
        }
    }
}

/// `DELETE /v1/cluster/nodes/{id}`: removes a node for good.
pub(crate) async fn remove(Named(id): Named<NodeId>, call: Call) -> Result<Response, Failure> {
    call.query.allow_write(&[])?;
    call.refuse_key()?;
    let mut relay = Relay::new(&call, Kind::Admin);
    loop {
        if let Turn::Answered(response) = relay.next().await? {
            return Ok(response);
        }
        let outcome = call.node.replica.remove_node(id, relay.remaining()).await;
        if is_done(&mut relay, outcome).await? {
            return Ok(StatusCode::NO_CONTENT.into_response());
        }
    }
}

/// `POST /v1/cluster/transfer-leader`: hands leadership to a voter.
pub(crate) async fn transfer(call: Call) -> Result<Response, Failure> {
    call.query.allow_write(&[])?;
    call.refuse_key()?;
    let mut relay = Relay::new(&call, Kind::Admin);
    loop {
        if let Turn::Answered(response) = relay.next().await? {
            return Ok(response);
        }
        let TransferLeader { to } = call.json::<TransferLeader>()?.check()?;
        let outcome = call.node.replica.transfer_leader(to, relay.remaining()).await;
        if is_done(&mut relay, outcome).await? {
            return Ok(show(&call, StatusCode::OK).await);
        }
    }
}

/// `POST /v1/cluster/snapshot`: of the node that is asked, never forwarded.
pub(crate) async fn snapshot(call: Call) -> Result<Response, Failure> {
    call.query.allow_none()?;
    call.refuse_key()?;
    call.json_or_default::<NoFields>()?;
    call.node.replica.snapshot(call.patience).await?;
    Ok(show(&call, StatusCode::OK).await)
}

/// `GET /v1/cluster/digest`: the state of the node that is asked, never forwarded.
pub(crate) async fn digest(call: Call) -> Result<Response, Failure> {
    call.query.allow_alone(&["index"])?;
    let index = call.query.parsed::<u64>("index", "a log index")?.map(LogIndex::new);
    let StateDigest { index, sha256 } = call.node.replica.digest(index, call.remaining()).await?;
    let digest = sha256.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(answer::json(StatusCode::OK, index, &Digest { index, digest }))
}

async fn is_voter(call: &Call, id: NodeId) -> bool {
    let nodes = call.node.replica.status().await.nodes;
    nodes.iter().any(|node| node.id == id && node.role != Role::Learner)
}

/// Whether it is done; if not, it is worth another try.
async fn is_done(relay: &mut Relay<'_>, outcome: Result<(), AdminError>) -> Result<bool, Failure> {
    match outcome {
        Ok(()) => Ok(true),
        Err(AdminError::NotLeader { .. }) => {
            relay.pause().await;
            Ok(false)
        }
        Err(error) => Err(error.into()),
    }
}

async fn show(call: &Call, status: StatusCode) -> Response {
    let index = call.node.replica.applied_index();
    let ClusterStatus { cluster, leader, term, nodes } = call.node.replica.status().await;
    let nodes = nodes.into_iter().map(node).collect();
    answer::json(status, index, &api::ClusterStatus { cluster_id: cluster, leader, term, nodes })
}

fn node(node: NodeStatus) -> api::NodeStatus {
    api::NodeStatus {
        id: node.id,
        http: node.address.http,
        peer: node.address.peer,
        role: match node.role {
            Role::Leader => api::NodeRole::Leader,
            Role::Follower => api::NodeRole::Follower,
            Role::Learner => api::NodeRole::Learner,
        },
        reachable: node.reachable,
        last_log_index: node.last_log_index,
        applied_index: node.applied_index,
        pid: node.pid,
    }
}
