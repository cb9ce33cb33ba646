//! Every key of the configuration, once: parsing, the command line's flags, the documentation and
//! the example file are held to this table.

use std::time::Duration;

use ferry_types::limits;

/// A key of the configuration.
#[derive(Clone, Copy, Debug)]
pub struct ConfigKey {
    /// Its name in the file; `FERRY_` and upper case in the environment.
    pub name: &'static str,
    /// What a value must be.
    pub kind: Kind,
    /// What holds when it is left out.
    pub default: Fallback,
    /// What it does, in a sentence.
    pub meaning: &'static str,
}

/// What a value must be.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Any text that is not empty.
    Text,
    /// A whole number in this range.
    Integer {
        /// The smallest.
        min: u64,
        /// The largest.
        max: u64,
    },
    /// `true` or `false`.
    Boolean,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// `host:port`.
    Address,
    /// The base URL of an HTTP API.
    Url,
    /// A list of nodes.
    Members,
}

/// What holds when a key is left out.
#[derive(Clone, Copy, Debug)]
pub enum Fallback {
    /// Nothing: it has to be given.
    Required,
    /// It is not set; the text says what happens then.
    Absent(&'static str),
    /// This text.
    Text(&'static str),
    /// This number.
    Number(u64),
}

impl ConfigKey {
    /// The key of this name.
    pub fn find(name: &str) -> Option<&'static Self> {
        KEYS.iter().find(|key| key.name == name)
    }

    /// Its name in the environment.
    pub fn variable(&self) -> String {
        format!("FERRY_{}", self.name.to_ascii_uppercase())
    }

    /// Its name on the command line, without the dashes in front.
    pub fn flag(&self) -> String {
        self.name.replace('_', "-")
    }
}

impl Kind {
    /// What is allowed, in words.
    pub fn allowed(&self) -> String {
        match self {
            Self::Text => "text that is not empty".into(),
            Self::Integer { min, max } => format!("a whole number from {min} to {max}"),
            Self::Boolean => "true or false".into(),
            Self::Choice(words) => format!("one of {}", words.join(", ")),
            Self::Address => "host:port".into(),
            Self::Url => "a URL like http://127.0.0.1:7101".into(),
            Self::Members => "a list of {id, http, peer}, or id@http@peer separated by ;".into(),
        }
    }
}

impl Fallback {
    /// The default in words.
    pub fn describe(&self) -> String {
        match self {
            Self::Required => "required".into(),
            Self::Absent(what) => (*what).into(),
            Self::Text(text) => (*text).into(),
            Self::Number(number) => number.to_string(),
        }
    }
}

const fn integer(
    name: &'static str,
    (min, max): (u64, u64),
    default: u64,
    meaning: &'static str,
) -> ConfigKey {
    let default = Fallback::Number(default);
    ConfigKey { name, kind: Kind::Integer { min, max }, default, meaning }
}

const fn millis(duration: Duration) -> u64 {
    duration.as_secs() * 1_000
}

/// Every key, in the order of the documentation.
pub const KEYS: &[ConfigKey] = &[
    ConfigKey {
        name: "cluster",
        kind: Kind::Text,
        default: Fallback::Required,
        meaning: "Name of the cluster: nodes, disks and connections of another are refused.",
    },
    ConfigKey {
        name: "node",
        kind: Kind::Integer { min: 1, max: u32::MAX as u64 },
        default: Fallback::Required,
        meaning: "Number of this node; never used again, not even for a replaced disk.",
    },
    ConfigKey {
        name: "data_dir",
        kind: Kind::Text,
        default: Fallback::Required,
        meaning: "Directory that holds everything that outlives the process.",
    },
    ConfigKey {
        name: "http_listen",
        kind: Kind::Address,
        default: Fallback::Text("127.0.0.1:7101"),
        meaning: "Where the HTTP API listens.",
    },
    ConfigKey {
        name: "http_advertise",
        kind: Kind::Url,
        default: Fallback::Absent("http:// and http_listen"),
        meaning: "URL at which clients and the other nodes reach the HTTP API.",
    },
    ConfigKey {
        name: "peer_listen",
        kind: Kind::Address,
        default: Fallback::Text("127.0.0.1:7201"),
        meaning: "Where this node listens for the other nodes.",
    },
    ConfigKey {
        name: "peer_advertise",
        kind: Kind::Address,
        default: Fallback::Absent("peer_listen"),
        meaning: "Where the other nodes reach this one.",
    },
    ConfigKey {
        name: "join",
        kind: Kind::Boolean,
        default: Fallback::Text("false"),
        meaning: "With an empty data_dir: wait until the cluster adds this node.",
    },
    ConfigKey {
        name: "members",
        kind: Kind::Members,
        default: Fallback::Absent("none, and then join must be true"),
        meaning: "The founders, the same list on each; read while data_dir is empty.",
    },
    ConfigKey {
        name: "auto_create_queues",
        kind: Kind::Boolean,
        default: Fallback::Text("true"),
        meaning: "Whether an enqueue to an unknown queue creates it.",
    },
    integer(
        "idempotency_retention_ms",
        (1_000, 7 * 86_400_000),
        millis(limits::IDEMPOTENCY_RETENTION),
        "How long the answer to an Idempotency-Key is kept.",
    ),
    integer(
        "idempotency_keys_max",
        (1_000, 100_000_000),
        limits::IDEMPOTENCY_KEYS_MAX,
        "Answers kept for callers' keys, and as many for forwarders'; the oldest go first.",
    ),
    integer(
        "finished_tasks_max",
        (0, 100_000_000),
        limits::FINISHED_TASKS_MAX,
        "Succeeded, cancelled and expired tasks kept; the oldest go first.",
    ),
    integer(
        "events_max",
        (0, 100_000_000),
        limits::EVENTS_MAX,
        "Log entries whose events the change feed keeps; the oldest go first.",
    ),
    integer(
        "waiters_max",
        (1, 1_000_000),
        limits::WAITERS_MAX as u64,
        "Dequeues that may wait for a task at a time.",
    ),
    integer(
        "connections_max",
        (1, 1_000_000),
        limits::CONNECTIONS_MAX as u64,
        "HTTP connections at a time; more than waiters_max, as each dequeue that another node \
         forwards holds one.",
    ),
    integer("heartbeat_ms", (10, 60_000), 150, "How often the leader is heard of."),
    integer(
        "election_min_ms",
        (50, 300_000),
        500,
        "After how long without a leader an election starts, at least.",
    ),
    integer(
        "election_max_ms",
        (50, 300_000),
        900,
        "After how long without a leader an election starts, at most.",
    ),
    integer("snapshot_entries", (10, u32::MAX as u64), 50_000, "Log entries between snapshots."),
    integer("snapshot_bytes", (1 << 20, 1 << 40), 256 << 20, "Log bytes between snapshots."),
    integer(
        "log_entries_kept",
        (0, u32::MAX as u64),
        1_000,
        "Log entries kept behind a snapshot for nodes that lag.",
    ),
    integer(
        "disk_free_min_bytes",
        (0, 1 << 60),
        256 << 20,
        "A leader whose disk has less free space refuses enqueues; 0 is never.",
    ),
    integer("worker_threads", (1, 256), 1, "Threads of the asynchronous runtime."),
    ConfigKey {
        name: "log",
        kind: Kind::Text,
        default: Fallback::Text("info"),
        meaning: "What is logged: a level, or directives like info,ferry_server=debug.",
    },
    ConfigKey {
        name: "log_format",
        kind: Kind::Choice(&["text", "json"]),
        default: Fallback::Text("text"),
        meaning: "How log lines look; they go to stderr.",
    },
];
