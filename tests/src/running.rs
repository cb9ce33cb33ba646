use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::Value;
use tokio::task::JoinSet;

use crate::wait::{self, PATIENCE};
use crate::{Client, Cluster, History, assert_replicas_equal};

/// How long a cluster may take to hand out and settle what is left in a queue.
const DRAIN_PATIENCE: Duration = Duration::from_secs(90);

/// What the clients of a workload share with the test.
#[derive(Default)]
pub(crate) struct Shared {
    pub(crate) history: History,
    pub(crate) stop_producing: AtomicBool,
    pub(crate) stop_working: AtomicBool,
}

/// A workload under way.
pub struct Running {
    queue: String,
    shared: Arc<Shared>,
    producers: JoinSet<()>,
    workers: JoinSet<()>,
}

impl Running {
    pub(crate) fn new(
        queue: String,
        shared: Arc<Shared>,
        producers: JoinSet<()>,
        workers: JoinSet<()>,
    ) -> Self {
        Self { queue, shared, producers, workers }
    }

    /// What the clients have seen so far.
    pub fn history(&self) -> &History {
        &self.shared.history
    }

    /// Waits until this many more enqueues are acknowledged.
    ///
    /// # Panics
    /// If they are not in time.
    pub async fn await_accepted(&self, more: usize) {
        let goal = self.history().accepted() + more;
        let is_reached = async || (self.history().accepted() >= goal).then_some(());
        wait::until("enqueues to be acknowledged", PATIENCE, is_reached).await;
    }

    /// Stops the producers, lets the workers settle all that is left, stops them, and compares the
    /// nodes. Returns the tasks as all nodes hold them.
    ///
    /// # Panics
    /// If a client panicked, the queue does not drain, or two nodes differ.
    pub async fn finish(&mut self, cluster: &Cluster) -> Vec<Value> {
        self.shared.stop_producing.store(true, Ordering::Relaxed);
        join(&mut self.producers).await;
        let client = cluster.client(cluster.leader().await);
        let is_drained = async || is_drained(&client, &self.queue).await.then_some(());
        wait::until("the queue to drain", DRAIN_PATIENCE, is_drained).await;
        self.shared.stop_working.store(true, Ordering::Relaxed);
        join(&mut self.workers).await;
        let tasks = assert_replicas_equal(cluster).await;
        tasks.into_iter().filter(|task| task["queue"] == self.queue.as_str()).collect()
    }
}

async fn is_drained(client: &Client, queue: &str) -> bool {
    let counts = &client.queue(queue).await["counts"];
    let unfinished = ["scheduled", "blocked", "ready", "leased", "retrying"];
    unfinished.iter().all(|state| counts[*state].as_u64().unwrap_or(0) == 0)
}

async fn join(clients: &mut JoinSet<()>) {
    while let Some(ended) = clients.join_next().await {
        ended.expect("a client of the workload does not panic");
    }
}
