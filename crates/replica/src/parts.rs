use std::sync::Mutex;
use std::thread::JoinHandle;

use ferry_store::{Log, State};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::ReplicaOptions;
use crate::applier::Applier;
use crate::clock::SharedClock;
use crate::freshness::Freshness;
use crate::loops::Loops;
use crate::proposer::Proposer;
use crate::raft::Raft;
use crate::reads::Reads;

/// Everything that makes a replica.
pub(crate) struct Parts {
    pub(crate) options: ReplicaOptions,
    pub(crate) raft: Raft,
    pub(crate) reads: Reads,
    pub(crate) proposer: Proposer,
    pub(crate) applier: Applier,
    pub(crate) clock: SharedClock,
    pub(crate) log: Log,
    pub(crate) state: State,
    pub(crate) fatal: watch::Sender<Option<String>>,
    pub(crate) fatal_seen: watch::Receiver<Option<String>>,
    pub(crate) loops: Loops,
    pub(crate) stop: CancellationToken,
    pub(crate) freshness: Freshness,
    pub(crate) apply_thread: Mutex<Option<JoinHandle<()>>>,
}

impl Drop for Parts {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
