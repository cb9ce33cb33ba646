use ferry_types::{ClusterId, LogIndex, NodeAddress, NodeId};

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
