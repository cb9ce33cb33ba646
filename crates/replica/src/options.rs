use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use ferry_core::command::TableLimits;
use ferry_types::{ClusterId, NodeAddress, NodeId};

/// How a replica is to run.
#[derive(Clone, Debug)]
pub struct ReplicaOptions {
    /// The cluster it belongs to.
    pub cluster: ClusterId,
    /// Which of the cluster's nodes this is.
    pub node: NodeId,
    /// How the other nodes and clients reach it.
    pub address: NodeAddress,
    /// `host:port` to listen on for the other nodes; may differ from `address.peer`.
    pub peer_listen: String,
    /// Where everything is kept that outlives the process.
    pub data_dir: PathBuf,
    /// Where the first members come from, if the data directory is empty.
    pub bootstrap: Bootstrap,
    /// How often the leader is heard of.
    pub heartbeat: Duration,
    /// After how long without the leader an election starts: at least, and at most.
    pub election: (Duration, Duration),
    /// Log entries between two snapshots.
    pub snapshot_entries: u64,
    /// Log bytes between two snapshots.
    pub snapshot_bytes: u64,
    /// Log entries kept behind a snapshot for nodes that lag.
    pub log_entries_kept: u64,
    /// Limits on tables that grow, stamped on entries while this node leads.
    pub table_limits: TableLimits,
}

/// What a node with an empty data directory does.
#[derive(Clone, Debug)]
pub enum Bootstrap {
    /// It founds the cluster with these voters, itself among them. Every founder is given the same.
    Members(BTreeMap<NodeId, NodeAddress>),
    /// It waits until a leader adds it.
    Join,
}
