use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;

use crate::wait::{self, PATIENCE};
use crate::{Client, Node, Ports};

/// What a cluster is to be like. See [`Cluster::builder`].
pub struct ClusterBuilder {
    nodes: u64,
    name: String,
    settings: toml::Table,
}

impl ClusterBuilder {
    /// Sets a key of every node's configuration.
    pub fn setting(mut self, key: &str, value: impl Into<toml::Value>) -> Self {
        self.settings.insert(key.to_owned(), value.into());
        self
    }

    /// Names the cluster.
    pub fn name(mut self, name: &str) -> Self {
        self.name = name.to_owned();
        self
    }

    /// Starts the nodes and waits until all of them are ready.
    ///
    /// # Panics
    /// If one does not get ready.
    pub async fn start(self) -> Cluster {
        let mut cluster = self.prepare();
        cluster.start_all();
        cluster.wait_all_ready().await;
        cluster
    }

    /// Writes the configuration of the nodes and starts none.
    ///
    /// # Panics
    /// If the temporary folder is not writable.
    pub fn prepare(self) -> Cluster {
        let dir = tempfile::Builder::new().prefix("ferry-test-").tempdir();
        let mut cluster = Cluster {
            dir: Some(dir.expect("the temporary folder is writable")),
            name: self.name,
            settings: self.settings,
            ports: Ports::take(),
            founders: (1..=self.nodes).collect(),
            nodes: BTreeMap::new(),
            clients: BTreeMap::new(),
        };
        for id in 1..=self.nodes {
            cluster.write_node(id, false);
        }
        cluster
    }
}

/// Some `ferry serve` processes on loopback that form one cluster. They die with this value; if a
/// test fails, their folder stays and its path is printed.
pub struct Cluster {
    dir: Option<TempDir>,
    name: String,
    settings: toml::Table,
    ports: Ports,
    founders: Vec<u64>,
    nodes: BTreeMap<u64, Node>,
    clients: BTreeMap<u64, Client>,
}

impl Cluster {
    /// A cluster of this many nodes with the product's defaults.
    pub fn builder(nodes: u64) -> ClusterBuilder {
        let name = format!("test-{}", std::process::id());
        ClusterBuilder { nodes, name, settings: toml::Table::new() }
    }

    /// Starts a cluster of this many nodes with the product's defaults.
    ///
    /// # Panics
    /// If a node does not get ready.
    pub async fn start(nodes: u64) -> Self {
        Self::builder(nodes).start().await
    }

    /// The ids of all nodes, running or not.
    pub fn ids(&self) -> Vec<u64> {
        self.nodes.keys().copied().collect()
    }

    /// The ids of all nodes but this one.
    pub fn others(&self, id: u64) -> Vec<u64> {
        self.ids().into_iter().filter(|&other| other != id).collect()
    }

    /// A node.
    ///
    /// # Panics
    /// If there is none of this id.
    pub fn node(&mut self, id: u64) -> &mut Node {
        self.nodes.get_mut(&id).expect("the test names a node that it made")
    }

    /// A client of a node.
    ///
    /// # Panics
    /// If there is none of this id.
    pub fn client(&self, id: u64) -> Client {
        self.clients.get(&id).expect("the test names a node that it made").clone()
    }

    /// The address at which a node listens for the others.
    pub fn peer_address(&self, id: u64) -> String {
        self.ports.peer(id)
    }

    /// A folder of the test's own that lives as long as the cluster.
    ///
    /// # Panics
    /// Never while the cluster lives.
    pub fn folder(&self) -> PathBuf {
        self.dir.as_ref().expect("the folder lives as long as the cluster").path().to_owned()
    }

    /// Adds a node that joins instead of founding; it is not started, and no member knows it.
    pub fn write_joining_node(&mut self, id: u64) {
        self.write_node(id, true);
    }

    /// Starts all nodes.
    pub fn start_all(&mut self) {
        self.nodes.values_mut().for_each(Node::start);
    }

    /// Kills all nodes at once.
    pub fn kill_all(&mut self) {
        self.nodes.values_mut().for_each(Node::kill);
    }

    /// Waits until a node serves.
    ///
    /// # Panics
    /// If it does not in time, or has ended.
    pub async fn wait_ready(&mut self, id: u64) {
        let client = self.client(id);
        let node = self.node(id);
        wait::until(&format!("node {id} to get ready"), PATIENCE, async || {
            assert!(node.is_running(), "node {id} has ended; its log:\n{}", node.log());
            let answer = client.request("GET", "/readyz").patience(Duration::from_secs(2));
            answer.attempt().await.ok().filter(|answer| answer.status == 200).map(drop)
        })
        .await;
    }

    /// Waits until all nodes that run serve.
    ///
    /// # Panics
    /// If one does not in time.
    pub async fn wait_all_ready(&mut self) {
        for id in self.ids() {
            if self.node(id).is_running() {
                self.wait_ready(id).await;
            }
        }
    }

    /// Waits for a leader that knows itself as one, and returns its id.
    ///
    /// # Panics
    /// If there is none in time.
    pub async fn leader(&self) -> u64 {
        wait::until("a leader", PATIENCE, async || self.leader_if_known(None).await).await
    }

    /// Waits for a leader other than `old`, and returns its id.
    ///
    /// # Panics
    /// If there is none in time.
    pub async fn leader_other_than(&self, old: u64) -> u64 {
        wait::until("another leader", PATIENCE, async || self.leader_if_known(Some(old)).await)
            .await
    }

    /// Kills the leader and returns a client of a node that is left: what it asks for waits for the
    /// next leader.
    ///
    /// # Panics
    /// If there is no leader, or nobody else.
    pub async fn kill_leader(&mut self) -> Client {
        let leader = self.leader().await;
        self.node(leader).kill();
        self.client(self.others(leader)[0])
    }

    /// Starts a node that was down and waits until it serves.
    ///
    /// # Panics
    /// If it does not in time.
    pub async fn restart(&mut self, id: u64) {
        self.node(id).start();
        self.wait_ready(id).await;
    }

    async fn leader_if_known(&self, old: Option<u64>) -> Option<u64> {
        for (&id, client) in &self.clients {
            if old == Some(id) {
                continue;
            }
            let request = client.request("GET", "/v1/cluster").patience(Duration::from_secs(1));
            let Ok(answer) = request.attempt().await else { continue };
            if answer.body["leader"].as_u64() == Some(id) {
                return Some(id);
            }
        }
        None
    }

    fn write_node(&mut self, id: u64, joins: bool) {
        let folder = self.folder().join(format!("node-{id}"));
        let http = self.ports.http(id);
        let mut config = self.settings.clone();
        let mut set = |key: &str, value: toml::Value| config.insert(key.to_owned(), value);
        set("cluster", self.name.clone().into());
        set("node", number(id));
        set("data_dir", folder.join("data").display().to_string().into());
        set("http_listen", http.clone().into());
        set("peer_listen", self.ports.peer(id).into());
        if joins {
            set("join", true.into());
        } else {
            let members: Vec<_> = self.founders.iter().map(|&id| self.member(id)).collect();
            set("members", members.into());
        }
        self.clients.insert(id, Client::new(&format!("http://{http}")));
        self.nodes.insert(id, Node::new(id, folder, http, &config.to_string()));
    }

    fn member(&self, id: u64) -> toml::Value {
        let mut member = toml::Table::new();
        member.insert("id".to_owned(), number(id));
        member.insert("http".to_owned(), format!("http://{}", self.ports.http(id)).into());
        member.insert("peer".to_owned(), self.ports.peer(id).into());
        member.into()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        for node in self.nodes.values() {
            let log = node.log();
            let end = last_lines(&log);
            eprintln!("node {} in {} said last:\n{end}", node.id(), node.folder().display());
        }
        if let Some(dir) = self.dir.take() {
            eprintln!("the nodes' logs and data are kept in {}", dir.keep().display());
        }
    }
}

/// The end of a log as far as it fits a report; the file has all of it.
fn last_lines(log: &str) -> String {
    let lines: Vec<_> = log.lines().collect();
    let cut = |line: &&str| line.chars().take(160).collect::<String>();
    let last: Vec<_> = lines[lines.len().saturating_sub(5)..].iter().map(cut).collect();
    last.join("\n")
}

fn number(id: u64) -> toml::Value {
    i64::try_from(id).expect("a test has few nodes").into()
}
