use std::path::Path;
use std::sync::Arc;

use ferry_bench::{RequestError, Target};

use super::cluster::{CONSUMER, Cluster};
use super::configuration::Sync;
use super::producer::NatsProducer;
use super::worker::NatsWorker;

/// A NATS cluster of three nodes: a queue is a JetStream stream with three replicas.
pub(crate) struct Nats {
    cluster: Arc<Cluster>,
    /// Whether workers wait for the answers to their settlements.
    awaits_settled: bool,
}

impl Nats {
    /// Starts a cluster with its files in `folder`, and waits until it can make streams.
    pub(crate) async fn start(
        program: &Path,
        folder: &Path,
        first_port: u16,
        sync: Sync,
    ) -> Result<Self, RequestError> {
        let cluster = Cluster::start(program, folder, first_port, sync).await?;
        Ok(Self { cluster: Arc::new(cluster), awaits_settled: false })
    }

    /// The same cluster, with workers that wait for the answers to their settlements.
    pub(crate) fn awaiting_settled(&self) -> Self {
        Self { cluster: self.cluster.clone(), awaits_settled: true }
    }
}

impl Target for Nats {
    type Producer = NatsProducer;
    type Worker = NatsWorker;

    fn name(&self) -> &str {
        "nats"
    }

    async fn create_queue(&self, queue: &str) -> Result<(), RequestError> {
        self.cluster.create_queue(queue).await
    }

    async fn delete_queue(&self, queue: &str) -> Result<(), RequestError> {
        self.cluster.delete_queue(queue).await
    }

    async fn producer(&self, queue: &str) -> Result<NatsProducer, RequestError> {
        Ok(NatsProducer::new(self.cluster.client_at_leader(queue).await?, queue))
    }

    async fn worker(&self, queue: &str, max: usize) -> Result<NatsWorker, RequestError> {
        let node = self.cluster.consumer(queue).await?;
        let tasks = self.cluster.client(node).await?;
        let answers =
            if self.awaits_settled { Some(self.cluster.client(node).await?) } else { None };
        let pull = format!("$JS.API.CONSUMER.MSG.NEXT.{queue}.{CONSUMER}");
        Ok(NatsWorker::new(tasks, answers, pull, max))
    }

    async fn processes(&self) -> Vec<u32> {
        self.cluster.processes()
    }

    async fn kill_leader(&self, queue: &str) -> Result<(), RequestError> {
        self.cluster.kill_leader(queue).await
    }

    async fn heal(&self, queue: &str) -> Result<(), RequestError> {
        self.cluster.heal(queue).await
    }
}
