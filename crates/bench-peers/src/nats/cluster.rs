use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use ferry_bench::RequestError;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::client::{Client, connect};
use super::configuration::{self, Sync};
use super::decoder::Message;
use crate::nodes::Nodes;
use crate::patience::Patience;
use crate::pool::Pool;

/// Connections to a node that all clients share: the best of those tried.
const LINKS: usize = 1;
const CLIENTS_MAX: u64 = u64::MAX;
const API_PATIENCE: Duration = Duration::from_secs(5);
const CLUSTER_PATIENCE: Duration = Duration::from_secs(60);
/// The consumer that all workers of a queue share.
pub(super) const CONSUMER: &str = "workers";
const TASKS_HELD_MAX: u32 = 100_000;

/// The nodes of a cluster, and who leads what in it.
pub(super) struct Cluster {
    nodes: Nodes,
    addresses: Vec<SocketAddr>,
    pool: Pool<Message>,
    /// Which node leads a queue's consumer, once there is one.
    consumers: Mutex<HashMap<String, usize>>,
    leaders: Mutex<HashMap<String, usize>>,
}

impl Cluster {
    /// Starts a cluster with its files in `folder`, and waits until it has a leader.
    pub(super) async fn start(
        program: &Path,
        folder: &Path,
        first_port: u16,
        sync: Sync,
    ) -> Result<Self, RequestError> {
        let nodes = configuration::nodes(program, folder, first_port, sync)?;
        let addresses = configuration::addresses(first_port);
        nodes.start_all()?;
        let cluster = Self {
            nodes,
            addresses,
            pool: Pool::new(LINKS, CLIENTS_MAX),
            consumers: Mutex::default(),
            leaders: Mutex::default(),
        };
        let patience = Patience::new("the cluster to form", CLUSTER_PATIENCE);
        while let Err(error) = cluster.try_queue().await {
            patience.wait(Some(error)).await?;
        }
        Ok(cluster)
    }

    /// Makes a stream with three replicas, for which a formed cluster is needed.
    async fn try_queue(&self) -> Result<(), RequestError> {
        self.create_queue("bench-formed").await?;
        self.delete_queue("bench-formed").await
    }

    /// Waits until a stream has a leader and all replicas are at its heels.
    async fn until_current(&self, queue: &str) -> Result<(), RequestError> {
        let patience = Patience::new("a stream to be whole", CLUSTER_PATIENCE);
        loop {
            match self.learn_leader(queue).await {
                Ok(true) => return Ok(()),
                Ok(false) => patience.wait(None).await?,
                Err(error) => patience.wait(Some(error)).await?,
            }
        }
    }

    /// A client at this node, or at another if it does not live.
    pub(super) async fn client(&self, node: usize) -> Result<Client, RequestError> {
        let connect = |node: usize| connect(self.addresses[node]);
        Client::new(&self.pool.link(node, self.addresses.len(), connect).await?)
    }

    async fn ask(&self, subject: &str, request: &Value) -> Result<Value, RequestError> {
        self.client(0).await?.ask(subject, request, API_PATIENCE).await
    }

    /// Which node leads the stream or consumer that `subject` asks about.
    async fn leader(&self, subject: &str) -> Result<usize, RequestError> {
        let info = self.ask(subject, &json!({})).await?;
        let name = info["cluster"]["leader"].as_str();
        name.and_then(configuration::node_of).ok_or_else(|| RequestError::new("there is no leader"))
    }

    async fn learn_leader(&self, queue: &str) -> Result<bool, RequestError> {
        let info = self.ask(&format!("$JS.API.STREAM.INFO.{queue}"), &json!({})).await?;
        let replicas = info["cluster"]["replicas"].as_array().cloned().unwrap_or_default();
        let is_current = |replica: &Value| replica["current"] == true;
        let leader = info["cluster"]["leader"].as_str().and_then(configuration::node_of);
        let Some(leader) = leader else { return Ok(false) };
        self.leaders.lock().await.insert(queue.to_owned(), leader);
        Ok(replicas.len() + 1 == self.addresses.len() && replicas.iter().all(is_current))
    }

    /// Makes the consumer of a queue unless there is one; answers the node that leads it.
    pub(super) async fn consumer(&self, queue: &str) -> Result<usize, RequestError> {
        let mut consumers = self.consumers.lock().await;
        if let Some(node) = consumers.get(queue) {
            return Ok(*node);
        }
        let config = json!({ "stream_name": queue, "config": {
            "durable_name": CONSUMER, "ack_policy": "explicit", "deliver_policy": "all",
            "replay_policy": "instant", "ack_wait": Duration::from_secs(60).as_nanos() as u64,
            "max_ack_pending": TASKS_HELD_MAX, "max_waiting": 10_000,
        }});
        self.ask(&format!("$JS.API.CONSUMER.CREATE.{queue}.{CONSUMER}"), &config).await?;
        let subject = format!("$JS.API.CONSUMER.INFO.{queue}.{CONSUMER}");
        let patience = Patience::new("a consumer's leader", CLUSTER_PATIENCE);
        let node = loop {
            match self.leader(&subject).await {
                Ok(node) => break node,
                Err(error) => patience.wait(Some(error)).await?,
            }
        };
        consumers.insert(queue.to_owned(), node);
        Ok(node)
    }

    /// Makes a stream with three replicas, and waits until they are whole.
    pub(super) async fn create_queue(&self, queue: &str) -> Result<(), RequestError> {
        let config = json!({
            "name": queue, "subjects": [queue], "retention": "workqueue", "storage": "file",
            "num_replicas": self.addresses.len(),
        });
        self.ask(&format!("$JS.API.STREAM.CREATE.{queue}"), &config).await?;
        self.until_current(queue).await
    }

    /// Deletes a stream.
    pub(super) async fn delete_queue(&self, queue: &str) -> Result<(), RequestError> {
        self.consumers.lock().await.remove(queue);
        self.leaders.lock().await.remove(queue);
        self.ask(&format!("$JS.API.STREAM.DELETE.{queue}"), &json!({})).await.map(drop)
    }

    /// A client at the node that leads a stream.
    pub(super) async fn client_at_leader(&self, queue: &str) -> Result<Client, RequestError> {
        let leader = self.leaders.lock().await.get(queue).copied().unwrap_or(0);
        self.client(leader).await
    }

    /// Kills the node that leads a stream.
    pub(super) async fn kill_leader(&self, queue: &str) -> Result<(), RequestError> {
        let leader = self.leader(&format!("$JS.API.STREAM.INFO.{queue}")).await?;
        self.leaders.lock().await.insert(queue.to_owned(), leader);
        self.nodes.kill(leader);
        Ok(())
    }

    /// Starts the node that led a stream again, and waits until it has caught up.
    pub(super) async fn heal(&self, queue: &str) -> Result<(), RequestError> {
        let killed = self.leaders.lock().await.get(queue).copied();
        if let Some(killed) = killed {
            self.nodes.stop(killed);
            self.nodes.start(killed)?;
        }
        self.consumers.lock().await.remove(queue);
        self.until_current(queue).await
    }

    /// The nodes' processes.
    pub(super) fn processes(&self) -> Vec<u32> {
        self.nodes.processes()
    }
}
