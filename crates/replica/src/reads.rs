//! Linearizable reads by ReadIndex (Raft dissertation, section 6.4), on any node.

use std::sync::Arc;
use std::time::Duration;

use ferry_types::LogIndex;
use openraft::ReadPolicy;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use crate::ReadError;
use crate::applier::Progress;
use crate::leader::LeaderWatch;
use crate::peer::Peers;
use crate::raft::Raft;
use crate::wire::{Body, Nothing};

/// How long to wait before a leader is asked again that could not confirm itself.
const PAUSE: Duration = Duration::from_millis(10);

/// What a read needs.
#[derive(Clone)]
pub(crate) struct Reads {
    pub(crate) raft: Raft,
    pub(crate) peers: Arc<Peers>,
    pub(crate) leader: LeaderWatch,
    pub(crate) progress: watch::Receiver<Progress>,
}

impl Reads {
    /// Waits until everything acknowledged before this call is applied here.
    pub(crate) async fn linearize(&self, patience: Duration) -> Result<LogIndex, ReadError> {
        let deadline = Instant::now() + patience;
        let index = timeout_at(deadline, self.read_index()).await;
        let index = index.map_err(|_| ReadError::NoLeader)?;
        self.applied_by(index, deadline).await
    }

    /// Waits until `index` is applied here.
    pub(crate) async fn applied(
        &self,
        index: LogIndex,
        patience: Duration,
    ) -> Result<LogIndex, ReadError> {
        self.applied_by(index, Instant::now() + patience).await
    }

    async fn applied_by(&self, index: LogIndex, deadline: Instant) -> Result<LogIndex, ReadError> {
        let mut progress = self.progress.clone();
        let reached = progress.wait_for(|progress| progress.index >= index);
        match timeout_at(deadline, reached).await {
            Ok(Ok(progress)) => Ok(progress.index),
            Ok(Err(_)) => Err(ReadError::Stopped),
            Err(_) => Err(ReadError::NotReached { index }),
        }
    }

    /// The index that a leader vouches for, however long it takes to find one.
    async fn read_index(&self) -> LogIndex {
        let mut leader = self.leader.clone();
        loop {
            let index = if leader.is_me() {
                let read = self.raft.get_read_log_id(ReadPolicy::ReadIndex).await;
                read.ok().map(|(read, _)| read.index())
            } else {
                self.ask_leader().await
            };
            if let Some(index) = index {
                return LogIndex::new(index);
            }
            // Whichever comes first: another leader, or the same one confirmed.
            let _ = tokio::time::timeout(PAUSE, leader.changed()).await;
        }
    }

    async fn ask_leader(&self) -> Option<u64> {
        let (id, address) = self.leader.receiver().borrow().clone()?;
        let ask = Body::ReadIndex(Nothing {});
        let patience = Duration::from_secs(1);
        let reply = self.peers.call(id, &address.peer, ask, patience).await.ok()?;
        if let Body::ReadIndexed(reply) = reply { reply.index } else { None }
    }
}
