//! Fast failover: a dead process says so, since its connections end and its port refuses. Raft's
//! safety does not rest on timers, so a follower that has seen both may act as if the leader had
//! handed over to it, the best placed first.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use ferry_types::{NodeAddress, NodeId};
use futures::future::join_all;
use openraft::async_runtime::WatchReceiver;
use openraft::raft::TransferLeaderRequest;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::leader::LeaderWatch;
use crate::peer::Peers;
use crate::raft::{Raft, convert};

/// How long the suspect and the other followers may take to answer.
const PROBE_PATIENCE: Duration = Duration::from_millis(150);

/// How long a better placed follower gets before this one stands.
const DEFERENCE: Duration = Duration::from_millis(100);

/// How long after it has stood a node does not stand again; the election timers go on meanwhile.
const REST: Duration = Duration::from_millis(300);

/// Watches for the leader's death. `departures` yields the nodes whose connections have ended.
pub(crate) async fn run(
    raft: Raft,
    peers: Arc<Peers>,
    mut leader: LeaderWatch,
    mut departures: mpsc::Receiver<NodeId>,
    stop: CancellationToken,
) {
    let me = NodeId::new(*raft.node_id());
    loop {
        let departed = tokio::select! {
            () = stop.cancelled() => return,
            departed = departures.recv() => departed,
        };
        let Some(departed) = departed else { return };
        let Some((id, address)) = leader.receiver().borrow().clone() else { continue };
        if id != departed || id == me || !is_gone(&raft, &peers, id, &address).await {
            continue;
        }
        tracing::info!(leader = %id, "the leader is gone");
        if !is_best_placed(&raft, &peers, me, id).await
            && tokio::time::timeout(DEFERENCE, leader.changed()).await.is_ok()
        {
            continue;
        }
        stand(&raft, me, id).await;
        // Ends early with the election.
        let _ = tokio::time::timeout(REST, leader.changed()).await;
        while departures.try_recv().is_ok() {}
    }
}

/// Whether no process listens for `leader`, or one that does not lead in its term.
async fn is_gone(raft: &Raft, peers: &Peers, leader: NodeId, address: &NodeAddress) -> bool {
    let term = raft.server_metrics().borrow_watched().vote.leader_id.term;
    match peers.status(leader, &address.peer, PROBE_PATIENCE).await {
        Ok(status) => !status.leads && status.term <= term,
        Err(error) => error.kind() == io::ErrorKind::ConnectionRefused,
    }
}

/// Whether no other voter that answers has a longer log, or an equal one and a larger id.
async fn is_best_placed(raft: &Raft, peers: &Peers, me: NodeId, gone: NodeId) -> bool {
    let server = raft.server_metrics().borrow_watched().clone();
    let last = raft.data_metrics().borrow_watched().last_log.map(|id| convert::stored_log_id(&id));
    let membership = server.membership_config.membership();
    let others = membership
        .voter_ids()
        .map(NodeId::new)
        .filter(|id| *id != me && *id != gone)
        .filter_map(|id| Some((id, membership.get_node(&id.get())?.peer.clone())));
    let ask = |(id, address): (NodeId, String)| async move {
        let status = peers.status(id, &address, PROBE_PATIENCE).await.ok()?;
        Some((status.last.map(ferry_store::LogId::from), id))
    };
    // A voter that hangs does not hold up the others.
    let ask = |other| tokio::time::timeout(PROBE_PATIENCE, ask(other));
    let answers = join_all(others.map(ask)).await;
    answers.into_iter().filter_map(Result::ok).flatten().all(|place| place < (last, me))
}

/// Stands for election as if `gone` had handed over, if it still counts as the leader.
async fn stand(raft: &Raft, me: NodeId, gone: NodeId) {
    let server = raft.server_metrics().borrow_watched().clone();
    let is_voter = server.membership_config.voter_ids().any(|id| id == me.get());
    if server.current_leader != Some(gone.get()) || !is_voter {
        return;
    }
    tracing::info!(%gone, "standing for election");
    let request = TransferLeaderRequest::new(server.vote, me.get(), None);
    if let Err(error) = raft.handle_transfer_leader(request).await {
        tracing::debug!(%error, "consensus has stopped");
    }
}
