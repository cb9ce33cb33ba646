//! SKELETON of the interface, to be replaced.
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ferry_core::{Effect, Machine, Proposal};
use ferry_types::{LogIndex, NodeAddress, NodeId, TaskId};
use tokio::sync::{mpsc, watch};

use crate::{AdminError, Answer, ClusterStatus, ProposeError, ReadError, ReplicaOptions, StartError};

/// A node's share in its Raft group. Cheap to clone.
#[derive(Clone)]
pub struct Replica(Arc<()>);

impl Replica {
    /// Opens the data directory and joins the cluster. The receiver yields the effects of what is
    /// applied while this node leads, a batch per apply; unbounded, to be drained by one loop.
    pub async fn start(options: ReplicaOptions) -> Result<(Self, mpsc::UnboundedReceiver<Vec<Effect>>), StartError> { let _ = options; todo!() }
    /// This node.
    pub fn node(&self) -> NodeId { todo!() }
    /// Proposes and waits until the entry is applied here. Only a leader takes it. Not cancel-safe
    /// in the sense that dropping the future withdraws nothing.
    pub async fn propose(&self, proposal: Proposal, patience: Duration) -> Result<Answer, ProposeError> { let _ = (proposal, patience); todo!() }
    /// The leader that this node knows, with its address; changes are seen in the watch. `None`
    /// during an election.
    pub fn leader(&self) -> watch::Receiver<Option<(NodeId, NodeAddress)>> { todo!() }
    /// Makes sure (ReadIndex) that what was acknowledged before this call is applied here, on any node.
    pub async fn linearize(&self, patience: Duration) -> Result<LogIndex, ReadError> { let _ = patience; todo!() }
    /// Waits until `index` is applied here.
    pub async fn applied(&self, index: LogIndex, patience: Duration) -> Result<LogIndex, ReadError> { let _ = (index, patience); todo!() }
    /// Shows the machine, with the index it stands at. Holds up `apply` meanwhile: be quick.
    pub fn view<R>(&self, look: impl FnOnce(LogIndex, &Machine) -> R) -> R { let _ = look; todo!() }
    /// Payloads by task, `None` where there is none. Reads the disk: call it off the runtime.
    pub fn payloads(&self, tasks: &[TaskId]) -> Result<Vec<Option<Bytes>>, ferry_store::StoreError> { let _ = tasks; todo!() }
    /// A task's result, if it has one. Reads the disk: call it off the runtime.
    pub fn result(&self, task: TaskId) -> Result<Option<Bytes>, ferry_store::StoreError> { let _ = task; todo!() }
    /// How long since this node last heard from a leader (zero on a leader): how stale its state may be.
    pub fn staleness(&self) -> Option<Duration> { todo!() }
    /// Whether what was on disk at the start is applied again.
    pub fn is_recovered(&self) -> bool { todo!() }
    /// The cluster as this node sees it. Asks the other nodes; takes 500 ms at most.
    pub async fn status(&self) -> ClusterStatus { todo!() }
    /// Adds a voter: first as a learner until it has caught up. Leader only. Idempotent.
    pub async fn add_node(&self, id: NodeId, address: NodeAddress, patience: Duration) -> Result<(), AdminError> { let _ = (id, address, patience); todo!() }
    /// Removes a node for good. Leader only.
    pub async fn remove_node(&self, id: NodeId, patience: Duration) -> Result<(), AdminError> { let _ = (id, patience); todo!() }
    /// Hands leadership to a voter. Leader only; answers once this node has seen the new leader.
    pub async fn transfer_leader(&self, to: NodeId, patience: Duration) -> Result<(), AdminError> { let _ = (to, patience); todo!() }
    /// Takes a snapshot and lets the log be purged behind it. Any node.
    pub async fn snapshot(&self, patience: Duration) -> Result<(), AdminError> { let _ = patience; todo!() }
    /// Becomes true when the node cannot go on (disk, corruption): the process must exit with the message.
    pub fn fatal(&self) -> watch::Receiver<Option<String>> { todo!() }
    /// Hands leadership over if it has it, then stops. Answers once all is closed.
    pub async fn shutdown(&self) { todo!() }
    /// Prometheus metrics of consensus and disk, in text exposition format.
    pub fn metrics(&self) -> String { todo!() }
}
