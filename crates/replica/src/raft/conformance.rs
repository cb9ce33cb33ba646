//! openraft's own suite for log and state machine, on the real store.

use std::sync::{Arc, Mutex};

use ferry_store::{Log, LogOptions, State, StateOptions};
use ferry_types::Timestamp;
use openraft::StorageError;
use openraft::testing::log::{StoreBuilder, Suite};
use tempfile::TempDir;
use tokio::sync::mpsc;

use super::{Config, LogStorage, StateMachine};
use crate::applier::Applier;
use crate::clock::Clock;

struct RealStore;

impl StoreBuilder<Config, LogStorage, StateMachine, TempDir> for RealStore {
    async fn build(&self) -> Result<(TempDir, LogStorage, StateMachine), StorageError<Config>> {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let options = LogOptions { cache_bytes: 1 << 20, segment_bytes: 1 << 20 };
        let log = Log::open(&dir.path().join("log"), options).expect("a new log");
        let opened = State::open(dir.path(), StateOptions::default()).expect("a new state");
        let state = opened.state.clone();
        let clock = Arc::new(Mutex::new(Clock::after_start(Timestamp::default())));
        let (effects, _) = mpsc::unbounded_channel();
        let (applier, _) = Applier::start(opened, clock, effects).expect("a thread");
        Ok((dir, LogStorage::new(log), StateMachine::new(applier, state)))
    }
}

/// The duties that openraft states for stores: order, readability, votes, purge, truncation,
/// snapshots.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_store_keeps_the_contract_of_openraft() {
    Suite::test_all(RealStore).await.expect("the suite passes");
}
