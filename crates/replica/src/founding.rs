//! How a cluster begins: of all founders the one with the smallest id writes the first membership,
//! once a majority of them has answered it; the others hear of it.

use std::collections::BTreeMap;
use std::time::Duration;

use ferry_types::{NodeAddress, NodeId};
use futures::future::join_all;

use crate::peer::Peers;
use crate::raft::Raft;

/// How long a founder may take to answer, and how long to wait before asking again.
const PAUSE: Duration = Duration::from_millis(50);

/// Founds the cluster, unless it has been: this log has entries then. A founder that lost its disk
/// never gets this far, because the others refuse it.
pub(crate) async fn run(
    raft: Raft,
    me: NodeId,
    peers: &Peers,
    members: BTreeMap<NodeId, NodeAddress>,
) {
    if members.keys().next() != Some(&me) {
        return;
    }
    while !raft.is_initialized().await.unwrap_or(true) {
        if answering(me, peers, &members).await * 2 <= members.len() {
            tokio::time::sleep(PAUSE).await;
            continue;
        }
        let founders: BTreeMap<u64, NodeAddress> =
            members.iter().map(|(id, address)| (id.get(), address.clone())).collect();
        match raft.initialize(founders).await {
            Ok(()) => tracing::info!(nodes = members.len(), "cluster founded"),
            Err(error) => tracing::warn!(%error, "cluster not founded"),
        }
        return;
    }
}

/// How many founders answer, this one included.
async fn answering(me: NodeId, peers: &Peers, members: &BTreeMap<NodeId, NodeAddress>) -> usize {
    let others = members.iter().filter(|(id, _)| **id != me);
    let asked = others.map(|(id, address)| peers.status(*id, &address.peer, PAUSE));
    1 + join_all(asked).await.into_iter().filter(Result::is_ok).count()
}
