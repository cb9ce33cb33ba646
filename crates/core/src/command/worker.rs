use std::collections::BTreeMap;

/// Registers a worker, or replaces what it says about itself in the session that it has. One that
/// drains takes tasks again.
#[derive(Clone, PartialEq, prost::Message)]
pub struct PutWorker {
    /// The worker's name.
    #[prost(string, tag = "1")]
    pub worker: String,
    /// All that it says.
    #[prost(message, required, tag = "2")]
    pub settings: WorkerSettings,
}

/// What a worker says about itself.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct WorkerSettings {
    /// The queues that tasks may be assigned from. It may ask for those of others by name.
    #[prost(string, repeated, tag = "1")]
    pub queues: Vec<String>,
    /// The most leases that it holds at a time.
    #[prost(uint32, tag = "2")]
    pub slots: u32,
    /// What it has of each resource.
    #[prost(btree_map = "string, uint64", tag = "3")]
    pub resources: BTreeMap<String, u64>,
    /// What tasks select it by.
    #[prost(btree_map = "string, string", tag = "4")]
    pub labels: BTreeMap<String, String>,
    /// How long its session lasts without a sign of life. Leaders measure it; the machine does not.
    #[prost(uint64, tag = "5")]
    pub session_ms: u64,
}

/// Has a worker get nothing new. Its leases stand.
#[derive(Clone, PartialEq, prost::Message)]
pub struct DrainWorker {
    /// The worker's name.
    #[prost(string, tag = "1")]
    pub worker: String,
}

/// Removes a worker, whose leases are given back at once.
#[derive(Clone, PartialEq, prost::Message)]
pub struct DeleteWorker {
    /// The worker's name.
    #[prost(string, tag = "1")]
    pub worker: String,
}

/// Removes workers that have given no sign of life, with their leases, in order and a bounded
/// number at a time.
#[derive(Clone, PartialEq, prost::Message)]
pub struct EndSessions {
    /// The sessions. One that its worker no longer has is passed over.
    #[prost(message, repeated, tag = "1")]
    pub sessions: Vec<Session>,
}

/// The time from a worker's registration to its removal.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Session {
    /// The worker's name.
    #[prost(string, tag = "1")]
    pub worker: String,
    /// The session's number. A later session of the same worker has a larger one.
    #[prost(uint64, tag = "2")]
    pub session: u64,
}
