//! How a replica comes to life: the disk first, then the port, then consensus.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use ferry_core::Effect;
use ferry_store::{Identity, Log, LogId, LogOptions, Opened, State, StateOptions};
use ferry_types::GroupId;
use openraft::{Config, SnapshotPolicy};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::applier::Applier;
use crate::clock::Clock;
use crate::freshness::Freshness;
use crate::leader::LeaderWatch;
use crate::loops::Loops;
use crate::options::Bootstrap;
use crate::parts::Parts;
use crate::peer::{Greeter, Listener, Peers, Served};
use crate::proposer::Proposer;
use crate::raft::{LogStorage, NetworkFactory, Raft, StateMachine};
use crate::reads::Reads;
use crate::{ReplicaOptions, StartError, alarm, succession, upkeep};

/// News of ended connections that may wait.
const DEPARTURES_MAX: usize = 64;

/// Opens the data directory and joins the cluster.
pub(crate) async fn start(
    options: ReplicaOptions,
) -> Result<(Parts, mpsc::UnboundedReceiver<Vec<Effect>>), StartError> {
    let identity = Identity::open(&options.data_dir, &options.cluster, options.node)?;
    let is_new = identity.is_new();
    let group = options.data_dir.join(format!("group-{}", GroupId::FIRST));
    let (log, opened) = open_stores(group.clone()).await?;
    require_no_gap(group, &log, &opened)?;
    let state = opened.state.clone();
    let (fatal, fatal_seen) = watch::channel(None);
    let greeter = Greeter {
        cluster: options.cluster.clone(),
        node: options.node,
        identity: Arc::new(identity),
        fatal: fatal.clone(),
    };
    let peers = Arc::new(Peers::new(greeter.clone()));
    let listen = |source| StartError::Listen { address: options.peer_listen.clone(), source };
    let listener = Listener::bind(&options.peer_listen).await.map_err(listen)?;
    if is_new {
        ask_members(&options, &peers, &fatal_seen).await?;
    }

    let clock = Arc::new(Mutex::new(Clock::after_start(opened.machine.now())));
    let (effects, effects_seen) = mpsc::unbounded_channel();
    let (applier, apply_thread) =
        Applier::start(opened, clock.clone(), effects).map_err(StartError::Thread)?;
    let raft = Raft::new(
        options.node.get(),
        Arc::new(raft_config(&options)?),
        NetworkFactory::new(peers.clone(), options.election.1, clock.clone()),
        LogStorage::new(log.clone()),
        StateMachine::new(applier.clone(), state.clone()),
    )
    .await
    .map_err(|error| StartError::Consensus(error.to_string()))?;

    let (loops, stop) = (Loops::new(fatal.clone()), CancellationToken::new());
    let (leader, watch_leader) = LeaderWatch::new(raft.clone(), stop.clone());
    loops.spawn("leader watch", watch_leader);
    let (proposer, propose) =
        Proposer::new(raft.clone(), clock.clone(), options.table_limits, options.node);
    loops.spawn("proposer", stop.clone().run_until_cancelled_owned(propose));
    let (departures, departed) = mpsc::channel(DEPARTURES_MAX);
    let (progress, freshness) = (applier.progress(), Freshness::new());
    let served = Served {
        greeter,
        refused: Arc::default(),
        raft: raft.clone(),
        state: state.clone(),
        freshness: freshness.clone(),
        clock: clock.clone(),
        progress: progress.clone(),
        departures,
        stop: stop.clone(),
    };
    loops.spawn("listener", listener.run(served));
    let succeed =
        succession::run(raft.clone(), peers.clone(), leader.clone(), departed, stop.clone());
    loops.spawn("succession", succeed);
    let ring =
        alarm::run(applier.clone(), clock.clone(), proposer.clone(), leader.clone(), stop.clone());
    loops.spawn("alarm", ring);
    let (entries, bytes) = (options.snapshot_entries, options.snapshot_bytes);
    let keep = upkeep::run(raft.clone(), applier.clone(), entries, bytes, stop.clone());
    loops.spawn("upkeep", keep);
    let reads = Reads { raft: raft.clone(), peers, leader, progress };
    let parts = Parts {
        options,
        raft,
        reads,
        proposer,
        applier,
        clock,
        log,
        state,
        fatal,
        fatal_seen,
        loops,
        stop,
        freshness,
        apply_thread: Mutex::new(Some(apply_thread)),
    };
    Ok((parts, effects_seen))
}

async fn open_stores(group: PathBuf) -> Result<(Log, Opened), StartError> {
    let open = move || -> Result<(Log, Opened), ferry_store::StoreError> {
        let log = Log::open(&group.join("log"), LogOptions::default())?;
        Ok((log, State::open(&group, StateOptions::default())?))
    };
    let opened = tokio::task::spawn_blocking(open).await;
    Ok(opened.map_err(|error| StartError::Consensus(error.to_string()))??)
}

/// G10: `purged <= applied`, or entries that nobody can apply any more are missing.
fn require_no_gap(path: PathBuf, log: &Log, opened: &Opened) -> Result<(), StartError> {
    let purged = log.state().purged;
    if purged <= opened.applied {
        return Ok(());
    }
    let index = |id: Option<LogId>| id.map_or(0, |id| id.index.get());
    Err(StartError::Gap { path, applied: index(opened.applied), purged: index(purged) })
}

/// A node with an empty disk asks the members whether they know its id with another disk. Those
/// who do not answer now will refuse it later.
async fn ask_members(
    options: &ReplicaOptions,
    peers: &Peers,
    fatal: &watch::Receiver<Option<String>>,
) -> Result<(), StartError> {
    let Bootstrap::Members(members) = &options.bootstrap else { return Ok(()) };
    let others = members.iter().filter(|(id, _)| **id != options.node);
    let patience = options.election.0;
    let asked = others.map(|(id, address)| async move {
        // Only the greeting matters.
        let _ = peers.status(*id, &address.peer, patience).await;
        *id
    });
    for by in futures::future::join_all(asked).await {
        if fatal.borrow().is_some() {
            return Err(StartError::UsedId { id: options.node, by });
        }
    }
    Ok(())
}

fn raft_config(options: &ReplicaOptions) -> Result<Config, StartError> {
    let millis = |duration: std::time::Duration| {
        u64::try_from(duration.as_millis()).expect("a timer of less than half a billion years")
    };
    let (election_min, election_max) = options.election;
    let config = Config {
        cluster_name: options.cluster.to_string(),
        heartbeat_interval: millis(options.heartbeat),
        election_timeout_min: millis(election_min),
        election_timeout_max: millis(election_max),
        // `upkeep` takes the snapshots.
        snapshot_policy: SnapshotPolicy::Never,
        max_in_snapshot_log_to_keep: options.log_entries_kept,
        // A learner has caught up when it lacks no more entries than this.
        replication_lag_threshold: 100,
        purge_batch_size: 1,
        max_payload_entries: 256,
        enable_pre_vote: Some(true),
        enable_leader_restore: Some(false),
        // Twice the leader's lease and more, as openraft requires.
        quorum_loss_probe_interval: Some(2 * millis(election_max) + 1),
        backoff: "20ms 40ms 80ms ...500ms".to_owned(),
        ..Config::default()
    };
    config.validate().map_err(|error| StartError::Consensus(error.to_string()))
}
