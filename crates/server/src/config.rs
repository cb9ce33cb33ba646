//! The configuration of a node: what [`crate::config_key::KEYS`] lists, checked and typed.

use std::path::PathBuf;
use std::time::Duration;

use ferry_core::command::TableLimits;
use ferry_replica::{Bootstrap, ReplicaOptions};
use ferry_types::{ClusterId, NodeAddress, NodeId};

use crate::config_source::{ConfigProblems, ConfigSource, Value, Values};

/// How a node is to run.
#[derive(Clone, Debug)]
pub struct Config {
    /// The cluster it belongs to.
    pub cluster: ClusterId,
    /// Which of the cluster's nodes it is.
    pub node: NodeId,
    /// Where everything is kept that outlives the process.
    pub data_dir: PathBuf,
    /// `host:port` of the HTTP API.
    pub http_listen: String,
    /// `host:port` for the other nodes.
    pub peer_listen: String,
    /// How clients and the other nodes reach it.
    pub address: NodeAddress,
    /// Where the first members come from, if the data directory is empty.
    pub bootstrap: Bootstrap,
    /// Whether an enqueue to an unknown queue creates it.
    pub auto_create_queues: bool,
    /// How long the answer to an `Idempotency-Key` is kept.
    pub idempotency_retention: Duration,
    /// Limits on replicated tables that grow.
    pub table_limits: TableLimits,
    /// Dequeues that may wait for a task at a time.
    pub waiters_max: usize,
    /// HTTP connections at a time.
    pub connections_max: usize,
    /// How often the leader is heard of.
    pub heartbeat: Duration,
    /// After how long without a leader an election starts: at least, and at most.
    pub election: (Duration, Duration),
    /// Log entries between two snapshots.
    pub snapshot_entries: u64,
    /// Log bytes between two snapshots.
    pub snapshot_bytes: u64,
    /// Log entries kept behind a snapshot.
    pub log_entries_kept: u64,
    /// Free disk space below which a leader refuses enqueues.
    pub disk_free_min_bytes: u64,
    /// Threads of the runtime that the caller builds.
    pub worker_threads: usize,
    /// What is logged.
    pub log: String,
    /// How log lines look.
    pub log_format: LogFormat,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines: one JSON object a line.
    Json,
}

impl Config {
    /// Reads the file, then the environment, then the flags, the later overriding the earlier.
    ///
    /// # Errors
    /// Everything that is wrong, at once.
    pub fn load(
        source: &ConfigSource,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigProblems> {
        let mut values = Values::read(source, environment);
        let cluster = values.cluster();
        values.check_times();
        let node = values.get_integer("node").map(NodeId::new);
        let place = values.place(node);
        match (cluster, node, place, values.problems.is_empty()) {
            (Some(cluster), Some(node), Some(place), true) => {
                Ok(Self::assemble(&values, cluster, node, place))
            }
            _ => Err(ConfigProblems(values.problems)),
        }
    }

    /// What the replica is told.
    pub fn replica_options(&self) -> ReplicaOptions {
        ReplicaOptions {
            cluster: self.cluster.clone(),
            node: self.node,
            address: self.address.clone(),
            peer_listen: self.peer_listen.clone(),
            data_dir: self.data_dir.clone(),
            bootstrap: self.bootstrap.clone(),
            heartbeat: self.heartbeat,
            election: self.election,
            snapshot_entries: self.snapshot_entries,
            snapshot_bytes: self.snapshot_bytes,
            log_entries_kept: self.log_entries_kept,
            table_limits: self.table_limits,
        }
    }

    fn assemble(
        values: &Values,
        cluster: ClusterId,
        node: NodeId,
        (address, bootstrap): (NodeAddress, Bootstrap),
    ) -> Self {
        let count = |name| usize::try_from(values.integer(name)).unwrap_or(usize::MAX);
        let millis = |name| Duration::from_millis(values.integer(name));
        Self {
            cluster,
            node,
            data_dir: values.text("data_dir").into(),
            http_listen: values.text("http_listen").into(),
            peer_listen: values.text("peer_listen").into(),
            address,
            bootstrap,
            auto_create_queues: values.boolean("auto_create_queues"),
            idempotency_retention: millis("idempotency_retention_ms"),
            table_limits: TableLimits {
                idempotency_keys_max: values.integer("idempotency_keys_max"),
                finished_tasks_max: values.integer("finished_tasks_max"),
                events_max: values.integer("events_max"),
            },
            waiters_max: count("waiters_max"),
            connections_max: count("connections_max"),
            heartbeat: millis("heartbeat_ms"),
            election: (millis("election_min_ms"), millis("election_max_ms")),
            snapshot_entries: values.integer("snapshot_entries"),
            snapshot_bytes: values.integer("snapshot_bytes"),
            log_entries_kept: values.integer("log_entries_kept"),
            disk_free_min_bytes: values.integer("disk_free_min_bytes"),
            worker_threads: count("worker_threads"),
            log: values.text("log").into(),
            log_format: match values.text("log_format") {
                "json" => LogFormat::Json,
                _ => LogFormat::Text,
            },
        }
    }
}

impl Values {
    fn get_text(&self, name: &str) -> Option<&str> {
        match &self.given.get(name)?.value {
            Value::Text(text) => Some(text),
            Value::Integer(_) | Value::Boolean(_) | Value::Members(_) => None,
        }
    }

    fn get_integer(&self, name: &str) -> Option<u64> {
        match self.given.get(name)?.value {
            Value::Integer(number) => Some(number),
            Value::Text(_) | Value::Boolean(_) | Value::Members(_) => None,
        }
    }

    fn text(&self, name: &str) -> &str {
        self.get_text(name).expect("the key has a default, or its lack is a problem")
    }

    fn integer(&self, name: &str) -> u64 {
        self.get_integer(name).expect("the key has a default, or its lack is a problem")
    }

    fn boolean(&self, name: &str) -> bool {
        matches!(self.given.get(name).map(|given| &given.value), Some(Value::Boolean(true)))
    }

    fn origin(&self, name: &str) -> String {
        self.given.get(name).map_or_else(|| "not set".into(), |given| given.origin.clone())
    }

    fn cluster(&mut self) -> Option<ClusterId> {
        let parsed = self.get_text("cluster")?.parse::<ClusterId>();
        match parsed {
            Ok(cluster) => Some(cluster),
            Err(invalid) => {
                let origin = self.origin("cluster");
                self.problem("cluster", &origin, format!("must be {}", invalid.grammar));
                None
            }
        }
    }

    /// A heartbeat has to fit into an election's shortest timer several times.
    fn check_times(&mut self) {
        let get = |name| self.get_integer(name);
        let (heartbeat, min, max) =
            (get("heartbeat_ms"), get("election_min_ms"), get("election_max_ms"));
        if let (Some(heartbeat), Some(min)) = (heartbeat, min)
            && heartbeat * 2 > min
        {
            let origin = self.origin("election_min_ms");
            let detail = format!("must be at least twice heartbeat_ms, which is {heartbeat}");
            self.problem("election_min_ms", &origin, detail);
        }
        if let (Some(min), Some(max)) = (min, max)
            && min >= max
        {
            let origin = self.origin("election_max_ms");
            let detail = format!("must be above election_min_ms, which is {min}");
            self.problem("election_max_ms", &origin, detail);
        }
    }

    /// The node's own address and its bootstrap.
    fn place(&mut self, node: Option<NodeId>) -> Option<(NodeAddress, Bootstrap)> {
        let join = self.boolean("join");
        let origin = self.origin("members");
        let members = match self.given.get("members").map(|given| &given.value) {
            Some(Value::Members(members)) if !members.is_empty() => Some(members.clone()),
            _ => None,
        };
        let own = match (&members, join) {
            (Some(_), true) => {
                self.problem("join", &self.origin("join"), "must be false where members are given");
                return None;
            }
            (None, false) => {
                if !self.problems.iter().any(|problem| problem.key == "members") {
                    let detail = "has to be set unless join is true: the founders, each on all";
                    self.problem("members", &origin, detail);
                }
                return None;
            }
            (Some(members), false) => {
                let node = node?;
                let own = members.get(&node).cloned();
                if own.is_none() {
                    let detail = format!("must hold this node, {node}, or join must be true");
                    self.problem("members", &origin, detail);
                    return None;
                }
                own
            }
            (None, true) => None,
        };
        let http_listen = self.get_text("http_listen")?.to_owned();
        let peer_listen = self.get_text("peer_listen")?.to_owned();
        let http = own.as_ref().map_or(format!("http://{http_listen}"), |own| own.http.clone());
        let peer = own.as_ref().map_or(peer_listen, |own| own.peer.clone());
        let address = NodeAddress {
            http: self.advertised("http_advertise", http, own.is_some()),
            peer: self.advertised("peer_advertise", peer, own.is_some()),
        };
        Some((address, members.map_or(Bootstrap::Join, Bootstrap::Members)))
    }

    /// What is advertised under `key`: its value, or `otherwise`, which `members` may have fixed.
    fn advertised(&mut self, key: &str, otherwise: String, fixed: bool) -> String {
        let Some(text) = self.get_text(key).map(str::to_owned) else { return otherwise };
        if fixed && text != otherwise {
            let origin = self.origin(key);
            let detail = format!("must be what members say of this node, {otherwise}");
            self.problem(key, &origin, detail);
        }
        text
    }
}
