use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use ferry_api::{AssignPolicy, ClusterStatus, QueueSettings, routes};
use hyper::Method;

use super::connection::{Answer, Connection};
use super::dev_cluster::{DevCluster, is_ready};
use super::paths::queue_path;
use super::puller::Puller;
use super::registered::Registered;
use super::server::Server;
use super::shape::Shape;
use super::{FerryProducer, FerryWorker};
use crate::{RequestError, Target};

/// Longer than any scenario, so that no lease runs out in one.
const LEASE: Duration = Duration::from_secs(3_600);
/// How long a cluster may take to find a leader, and a node to come back.
const PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(10);

/// A Ferry cluster. Its queues keep no results, as a broker keeps nothing of a settled message.
#[derive(Debug)]
pub struct Ferry {
    servers: Vec<Server>,
    is_http2: bool,
    own: Option<DevCluster>,
    killed: Mutex<Option<u64>>,
    shape: Arc<Shape>,
    /// How many workers have been registered.
    registered: AtomicU64,
}

impl Ferry {
    /// The same cluster with queues and tasks of this shape.
    pub fn with_shape(self, shape: Shape) -> Self {
        Self { shape: Arc::new(shape), ..self }
    }

    /// The cluster that one of these URLs belongs to.
    ///
    /// # Errors
    /// If no node answers and knows a leader.
    pub async fn connect(urls: &[String], is_http2: bool) -> Result<Self, RequestError> {
        let servers = urls.iter().map(|url| url.parse()).collect::<Result<_, _>>()?;
        let mut ferry = Self {
            servers,
            is_http2,
            own: None,
            killed: Mutex::default(),
            shape: Arc::default(),
            registered: AtomicU64::new(0),
        };
        let status = ferry.settled_status().await?;
        for node in status.nodes {
            let server = node.http.parse()?;
            if !ferry.servers.contains(&server) {
                ferry.servers.push(server);
            }
        }
        Ok(ferry)
    }

    /// A cluster of three nodes of its own, run by this `ferry`, which ends with the value.
    ///
    /// # Errors
    /// If it does not start.
    pub async fn start(executable: &Path, is_http2: bool) -> Result<Self, RequestError> {
        let cluster = DevCluster::start(executable).await?;
        let ferry = Self::connect(&cluster.urls(), is_http2).await?;
        Ok(Self { own: Some(cluster), ..ferry })
    }

    /// The cluster as the first node that answers sees it, and that node.
    async fn status(&self) -> Result<(ClusterStatus, &Server), RequestError> {
        let mut refusal = RequestError::new("no server was named");
        for server in &self.servers {
            match status_of(server).await {
                Ok(status) => return Ok((status, server)),
                Err(error) => refusal = error,
            }
        }
        Err(refusal)
    }

    /// The status once there is a leader.
    async fn settled_status(&self) -> Result<ClusterStatus, RequestError> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let (status, _) = self.status().await?;
            if status.leader.is_some() {
                return Ok(status);
            }
            if Instant::now() > deadline {
                return Err(RequestError::new("the cluster has no leader"));
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// A connection to the leader, or to another node while there is none that answers.
    async fn link(&self) -> Result<Connection, RequestError> {
        let (status, answering) = self.status().await?;
        let leader = status.nodes.iter().find(|node| Some(node.id) == status.leader);
        if let Some(leader) = leader {
            let server = leader.http.parse()?;
            if let Ok(connection) = Connection::open(&server, self.is_http2).await {
                return Ok(connection);
            }
        }
        Connection::open(answering, self.is_http2).await
    }

    async fn ask(&self, method: Method, path: &str, body: Bytes) -> Result<Answer, RequestError> {
        let what = format!("{method} {path}");
        let answer = self.link().await?.call(method, path, None, body).await;
        let answer = answer.and_then(Answer::success);
        answer.map_err(|error| RequestError::new(format!("{what}: {error}")))
    }

    fn own(&self) -> Result<&DevCluster, RequestError> {
        let refuse = || RequestError::new("only nodes that the bench started itself are killed");
        self.own.as_ref().ok_or_else(refuse)
    }
}

impl Target for Ferry {
    type Producer = FerryProducer;
    type Worker = FerryWorker;

    fn name(&self) -> &str {
        "ferry"
    }

    async fn create_queue(&self, queue: &str) -> Result<(), RequestError> {
        let lease_ms = u64::try_from(LEASE.as_millis()).expect("an hour is a small number");
        let settings = QueueSettings { lease_ms, result_retention_ms: 0, ..self.shape.settings() };
        let body = serde_json::to_vec(&settings).expect("settings have a JSON form");
        self.ask(Method::PUT, &queue_path(routes::QUEUE, queue), body.into()).await.map(drop)
    }

    async fn delete_queue(&self, queue: &str) -> Result<(), RequestError> {
        let path = format!("{}?force=true", queue_path(routes::QUEUE, queue));
        self.ask(Method::DELETE, &path, Bytes::new()).await.map(drop)
    }

    async fn producer(&self, queue: &str) -> Result<FerryProducer, RequestError> {
        Ok(FerryProducer::new(self.link().await?, queue, self.shape.clone()))
    }

    async fn worker(&self, queue: &str, max: usize) -> Result<FerryWorker, RequestError> {
        let connection = self.link().await?;
        if self.shape.settings().assign == AssignPolicy::Pull {
            return Ok(FerryWorker::Pulling(Puller::new(connection, queue, max)));
        }
        let number = self.registered.fetch_add(1, Ordering::Relaxed);
        let name = format!("{queue}-{number}");
        let connections = [connection, self.link().await?];
        let worker = Registered::open(name, connections, queue, max).await?;
        Ok(FerryWorker::Registered(worker))
    }

    async fn processes(&self) -> Vec<u32> {
        let Ok((status, answering)) = self.status().await else { return Vec::new() };
        if !answering.is_loopback() {
            return Vec::new();
        }
        let known: BTreeSet<_> = status.nodes.iter().filter_map(|node| node.pid).collect();
        // Nodes behind a forwarded port have ids that belong to nobody here, or to a stranger.
        let is_ours = |pid: &u32| {
            let name = std::fs::read_to_string(format!("/proc/{pid}/comm"));
            name.is_ok_and(|name| name.starts_with("ferry"))
        };
        let are_all_here = known.len() == status.nodes.len() && known.iter().all(is_ours);
        if are_all_here { known.into_iter().collect() } else { Vec::new() }
    }

    async fn kill_leader(&self, _: &str) -> Result<(), RequestError> {
        let status = self.settled_status().await?;
        let leader = status.leader.ok_or_else(|| RequestError::new("there is no leader"))?;
        self.own()?.kill(leader.get()).await?;
        *self.killed.lock().expect("nobody panics with the lock") = Some(leader.get());
        Ok(())
    }

    async fn heal(&self, _: &str) -> Result<(), RequestError> {
        let killed = self.killed.lock().expect("nobody panics with the lock").take();
        if let Some(node) = killed {
            self.own()?.restart(node).await?;
        }
        let deadline = Instant::now() + PATIENCE;
        for server in &self.servers {
            while !is_ready(server).await || !has_caught_up(server).await {
                if Instant::now() > deadline {
                    return Err(RequestError::new(format!("{server} does not come back")));
                }
                tokio::time::sleep(POLL).await;
            }
        }
        Ok(())
    }
}

/// The cluster as this node sees it.
async fn status_of(server: &Server) -> Result<ClusterStatus, RequestError> {
    let mut connection = Connection::open(server, false).await?;
    let answer = connection.call(Method::GET, routes::CLUSTER, None, Bytes::new()).await?;
    let body = answer.success()?.body;
    serde_json::from_slice(&body)
        .map_err(|error| RequestError::new(format!("{server} is no Ferry node: {error}")))
}

/// Whether this node sees all nodes and has applied what its log holds.
async fn has_caught_up(server: &Server) -> bool {
    let Ok(status) = status_of(server).await else { return false };
    let own = |node: &&ferry_api::NodeStatus| node.http == server.to_string();
    let is_behind =
        status.nodes.iter().find(own).is_none_or(|own| own.applied_index < own.last_log_index);
    status.leader.is_some() && !is_behind && status.nodes.iter().all(|node| node.reachable)
}
