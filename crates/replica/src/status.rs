use std::collections::BTreeSet;
use std::time::Duration;

use ferry_store::LogId;
use ferry_types::{ClusterId, LogIndex, NodeAddress, NodeId};
use futures::future::join_all;
use openraft::async_runtime::WatchReceiver;
use tokio::time::timeout;

use crate::peer::Peers;
use crate::raft::Raft;

/// The cluster as this node sees it.
#[derive(Clone, Debug)]
pub struct ClusterStatus {
    /// The cluster's id.
    pub cluster: ClusterId,
    /// The leader, if one is known.
    pub leader: Option<NodeId>,
    /// The Raft term.
    pub term: u64,
    /// All members, by id.
    pub nodes: Vec<NodeStatus>,
}

/// A member of the cluster as this node sees it.
#[derive(Clone, Debug)]
pub struct NodeStatus {
    /// Its id.
    pub id: NodeId,
    /// Where it is reached.
    pub address: NodeAddress,
    /// What it does.
    pub role: Role,
    /// Whether it answered lately; this node itself always does.
    pub reachable: bool,
    /// The last entry of its log, as far as this node knows.
    pub last_log_index: Option<LogIndex>,
    /// The last entry it has applied, as far as this node knows.
    pub applied_index: Option<LogIndex>,
    /// Its process id, if it is this node or answered lately.
    pub pid: Option<u32>,
}

/// What a member does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Takes writes.
    Leader,
    /// Votes.
    Follower,
    /// Only listens.
    Learner,
}

/// How long the other nodes may take to answer.
const PATIENCE: Duration = Duration::from_millis(500);

/// Asks every member how it sees itself.
pub(crate) async fn ask(
    raft: &Raft,
    peers: &Peers,
    cluster: &ClusterId,
    applied: impl Fn() -> LogIndex,
) -> ClusterStatus {
    let metrics = raft.metrics().borrow_watched().clone();
    let membership = metrics.membership_config.membership().clone();
    let me = metrics.id;
    let leader = metrics.current_leader;
    let voters: BTreeSet<u64> = membership.voter_ids().collect();
    let role = |id: u64| match (leader == Some(id), voters.contains(&id)) {
        (true, _) => Role::Leader,
        (false, true) => Role::Follower,
        (false, false) => Role::Learner,
    };
    let last = metrics.last_log_index.map(LogIndex::new);
    let applied = Some(applied());
    let node = |(id, address): (&u64, &NodeAddress)| {
        let (id, address) = (*id, address.clone());
        async move {
            let node = NodeStatus {
                id: NodeId::new(id),
                address,
                role: role(id),
                reachable: false,
                last_log_index: None,
                applied_index: None,
                pid: None,
            };
            if id == me {
                let pid = Some(std::process::id());
                let mine = NodeStatus { last_log_index: last, applied_index: applied, pid, ..node };
                return NodeStatus { reachable: true, ..mine };
            }
            let asked = peers.status(node.id, &node.address.peer, PATIENCE);
            match timeout(PATIENCE, asked).await {
                Ok(Ok(answer)) => NodeStatus {
                    reachable: true,
                    last_log_index: answer.last.map(|id| LogId::from(id).index),
                    applied_index: answer.applied.map(LogIndex::new),
                    pid: Some(answer.pid),
                    ..node
                },
                Ok(Err(_)) | Err(_) => node,
            }
        }
    };
    let nodes = join_all(membership.nodes().map(node)).await;
    ClusterStatus {
        cluster: cluster.clone(),
        leader: leader.map(NodeId::new),
        term: metrics.current_term,
        nodes,
    }
}
