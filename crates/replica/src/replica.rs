//! The replica as the node sees it.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bytes::Bytes;
use ferry_core::{Effect, Machine, Proposal};
use ferry_store::StoreError;
use ferry_types::{GroupId, LogIndex, NodeAddress, NodeId, TaskId, Timestamp};
use openraft::async_runtime::WatchReceiver;
use tokio::sync::{mpsc, watch};

use crate::clock;
use crate::metrics::{self, Metric};
use crate::parts::Parts;
use crate::{
    AdminError, Answer, Bootstrap, ClusterStatus, ProposeError, ReadError, ReplicaOptions, Role,
    StartError, founding, members, start, status,
};

/// How long a leader that stops may take to hand over.
const HANDOVER_PATIENCE: Duration = Duration::from_secs(1);

/// A node's share in its Raft group. Cheap to clone.
#[derive(Clone)]
pub struct Replica {
    pub(crate) parts: Arc<Parts>,
}

impl Replica {
    /// Opens the data directory and joins the cluster. The receiver yields the effects of what is
    /// applied, a batch per apply, on every node; it is unbounded and to be drained by one loop.
    ///
    /// # Errors
    /// A [`StartError`] says in one line what to do.
    pub async fn start(
        options: ReplicaOptions,
    ) -> Result<(Self, mpsc::UnboundedReceiver<Vec<Effect>>), StartError> {
        let (parts, effects) = start::start(options).await?;
        let replica = Self { parts: Arc::new(parts) };
        replica.watch_consensus();
        replica.found_cluster();
        Ok((replica, effects))
    }

    /// This node.
    pub fn node(&self) -> NodeId {
        self.parts.options.node
    }

    /// Proposes `proposal` and waits until its entry is applied here. Only a leader takes it.
    /// `patience` bounds the wait, not the command: running out of it, or dropping the future,
    /// withdraws nothing.
    ///
    /// # Errors
    /// - `NotLeader`, `Overloaded`: nothing was written.
    /// - `OutcomeUnknown`, `Stopped`: it may have been; ask again under the same key.
    pub async fn propose(
        &self,
        proposal: Proposal,
        patience: Duration,
    ) -> Result<Answer, ProposeError> {
        if !self.parts.reads.leader.is_me() {
            let leader = self.leader().borrow().as_ref().map(|(id, _)| *id);
            return Err(ProposeError::NotLeader { leader });
        }
        self.parts.proposer.propose(proposal, patience).await
    }

    /// The leader that this node knows; none during an election. Changes are seen in the watch.
    pub fn leader(&self) -> watch::Receiver<Option<(NodeId, NodeAddress)>> {
        self.parts.reads.leader.receiver()
    }

    /// Makes sure that whatever was acknowledged before this call is applied here (ReadIndex).
    ///
    /// # Errors
    /// - `NoLeader`, `NotReached`: not in time.
    pub async fn linearize(&self, patience: Duration) -> Result<LogIndex, ReadError> {
        self.parts.reads.linearize(patience).await
    }

    /// Waits until `index` is applied here.
    ///
    /// # Errors
    /// - `NotReached`: not in time.
    pub async fn applied(
        &self,
        index: LogIndex,
        patience: Duration,
    ) -> Result<LogIndex, ReadError> {
        self.parts.reads.applied(index, patience).await
    }

    /// The last entry that is applied here and on the shelf.
    pub fn applied_index(&self) -> LogIndex {
        self.parts.reads.progress.borrow().index
    }

    /// Shows the machine and the index it stands at. Holds up `apply` meanwhile: be quick. Rows of
    /// what it shows may not be on the shelf yet: wait with [`applied`](Self::applied) for that
    /// index before reading payloads or results.
    pub fn view<R>(&self, look: impl FnOnce(LogIndex, &Machine) -> R) -> R {
        self.parts.applier.view(|stage| {
            let index = stage.applied.map_or(LogIndex::default(), |id| id.index);
            look(index, &stage.machine)
        })
    }

    /// How long until this node would stamp an entry with `at`, if it led; zero if it would now.
    pub fn until(&self, at: Timestamp) -> Duration {
        self.parts.clock.lock().expect("no holder panics").until(at, Instant::now())
    }

    /// The time that this node would stamp on an entry, if it led.
    pub fn now(&self) -> Timestamp {
        clock::tell(&self.parts.clock)
    }

    /// Payloads by task, none where there is none. Reads the disk: call it off the runtime.
    ///
    /// # Errors
    /// A disk that cannot be read.
    pub fn payloads(&self, tasks: &[TaskId]) -> Result<Vec<Option<Bytes>>, StoreError> {
        self.parts.state.payloads(tasks)
    }

    /// A task's result, if it has one. Reads the disk: call it off the runtime.
    ///
    /// # Errors
    /// A disk that cannot be read.
    pub fn result(&self, task: TaskId) -> Result<Option<Bytes>, StoreError> {
        self.parts.state.result(task)
    }

    /// How old this node's state may be: nothing on a leader; otherwise how long ago it last had
    /// applied all that its leader said was committed. None if it never had since it started.
    pub fn staleness(&self) -> Option<Duration> {
        if self.parts.reads.leader.is_me() {
            return Some(Duration::ZERO);
        }
        self.parts.freshness.age()
    }

    /// Whether all that was committed before the start is applied again, as far as this node can
    /// know: it has heard of a leader and has caught up with what it knew then.
    pub fn is_recovered(&self) -> bool {
        let metrics = self.parts.raft.metrics().borrow_watched().clone();
        metrics.current_leader.is_some()
            && metrics.last_applied.map(|id| id.index)
                >= metrics.cluster_committed.map(|id| id.index).min(metrics.last_log_index)
    }

    /// The cluster as this node sees it. Asks the other nodes, for half a second at most.
    pub async fn status(&self) -> ClusterStatus {
        status::ask(&self.parts.raft, &self.parts.reads.peers, &self.parts.options.cluster, || {
            self.parts.reads.progress.borrow().index
        })
        .await
    }

    /// Adds a voter: first as a learner, until it has caught up. Leader only. May be repeated.
    ///
    /// # Errors
    /// See [`AdminError`].
    pub async fn add_node(
        &self,
        id: NodeId,
        address: NodeAddress,
        patience: Duration,
    ) -> Result<(), AdminError> {
        members::add(&self.parts.raft, &self.parts.reads.peers, id, address, patience).await
    }

    /// Removes a node for good. Leader only.
    ///
    /// # Errors
    /// See [`AdminError`].
    pub async fn remove_node(&self, id: NodeId, patience: Duration) -> Result<(), AdminError> {
        members::remove(&self.parts.raft, id, patience).await
    }

    /// Hands leadership to a voter. Leader only; returns once this node has seen the new leader.
    ///
    /// # Errors
    /// See [`AdminError`].
    pub async fn transfer_leader(&self, to: NodeId, patience: Duration) -> Result<(), AdminError> {
        members::transfer(&self.parts.raft, &self.parts.reads.leader, to, patience).await
    }

    /// Takes a snapshot of what is applied here and lets the log be purged behind it. Any node.
    ///
    /// # Errors
    /// - `OutcomeUnknown`: not in time; it goes on.
    pub async fn snapshot(&self, patience: Duration) -> Result<(), AdminError> {
        let index = self.view(|index, _| index);
        let raft = &self.parts.raft;
        raft.trigger().snapshot().await.map_err(|_| AdminError::Stopped)?;
        let taken = |metrics: &openraft::RaftMetrics<_>| {
            metrics.snapshot.map(|id: openraft::alias::LogIdOf<crate::raft::Config>| id.index)
                >= Some(index.get())
        };
        let waited = raft.wait(Some(patience)).metrics(taken, "a snapshot").await;
        waited.map(|_| ()).map_err(|_| AdminError::OutcomeUnknown)
    }

    /// Becomes a message when the node cannot go on: its disk failed, it is corrupt, or its id
    /// was used before. The process must then exit with it (G10).
    pub fn fatal(&self) -> watch::Receiver<Option<String>> {
        self.parts.fatal_seen.clone()
    }

    /// Hands leadership, if this node has it, to the voter that answers and has most of the log,
    /// so that nobody waits for an election.
    pub async fn hand_over(&self) {
        if !self.parts.reads.leader.is_me() {
            return;
        }
        let nodes = self.status().await.nodes;
        let successor = nodes
            .iter()
            .filter(|node| node.role == Role::Follower && node.reachable)
            .max_by_key(|node| node.last_log_index);
        let Some(successor) = successor else { return };
        match self.transfer_leader(successor.id, HANDOVER_PATIENCE).await {
            Ok(()) => tracing::info!(to = %successor.id, "leadership handed over"),
            Err(error) => tracing::warn!(%error, "leadership not handed over"),
        }
    }

    /// Stops. Returns once all is closed.
    pub async fn shutdown(&self) {
        // A node that stops twice, or whose engine died, has nothing left to wait for.
        let _ = self.parts.raft.shutdown().await;
        self.parts.stop.cancel();
        self.parts.loops.join().await;
        self.parts.applier.stop();
        let thread = self.parts.apply_thread.lock().expect("no holder panics").take();
        let joined = tokio::task::spawn_blocking(|| thread.map(JoinHandle::join)).await;
        if !matches!(joined, Ok(None | Some(Ok(())))) {
            tracing::error!("the apply thread broke");
        }
        if let Err(error) = self.parts.state.flush() {
            tracing::warn!(%error, "the state was not flushed; the log has it all");
        }
    }

    /// Prometheus metrics of consensus and disk, in the text exposition format.
    pub fn metrics(&self) -> String {
        let raft = self.parts.raft.metrics().borrow_watched().clone();
        let index =
            |id: Option<openraft::alias::LogIdOf<crate::raft::Config>>| id.map_or(0, |id| id.index);
        let gauge = |name, meaning, value| Metric { name, kind: "gauge", meaning, value };
        let leads = u64::from(self.parts.reads.leader.is_me());
        let applied = self.parts.reads.progress.borrow().index.get();
        metrics::render(
            GroupId::FIRST,
            &[
                gauge(metrics::TERM, "The Raft term.", raft.current_term),
                gauge(metrics::IS_LEADER, "Whether this node leads.", leads),
                gauge(
                    metrics::LAST_LOG_INDEX,
                    "The last entry of the log.",
                    raft.last_log_index.unwrap_or(0),
                ),
                gauge(metrics::APPLIED_INDEX, "The last entry that is applied.", applied),
                gauge(
                    metrics::SNAPSHOT_INDEX,
                    "The last entry of the last snapshot.",
                    index(raft.snapshot),
                ),
                gauge(
                    metrics::PURGED_INDEX,
                    "The last entry that is purged from the log.",
                    index(raft.purged),
                ),
                gauge(metrics::LOG_BYTES, "Bytes of the log on disk.", self.parts.log.disk_bytes()),
            ],
        )
    }

    /// Founds the cluster in the background, if this node is to.
    fn found_cluster(&self) {
        let Bootstrap::Members(members) = self.parts.options.bootstrap.clone() else { return };
        let (raft, peers) = (self.parts.raft.clone(), self.parts.reads.peers.clone());
        let (me, stop) = (self.node(), self.parts.stop.clone());
        self.parts.loops.spawn("founding", async move {
            stop.run_until_cancelled(founding::run(raft, me, &peers, members)).await;
        });
    }

    /// Turns the end of the consensus engine into a message for the process.
    fn watch_consensus(&self) {
        let (stop, fatal) = (self.parts.stop.clone(), self.parts.fatal.clone());
        let mut metrics = self.parts.raft.metrics();
        self.parts.loops.spawn("consensus watch", async move {
            loop {
                let running = metrics.borrow_watched().running_state.clone();
                if let Err(error) = running {
                    if !matches!(error, openraft::errors::Fatal::Stopped) {
                        fatal.send_replace(Some(error.to_string()));
                    }
                    return;
                }
                tokio::select! {
                    () = stop.cancelled() => return,
                    changed = metrics.changed() => if changed.is_err() { return },
                }
            }
        });
    }
}
