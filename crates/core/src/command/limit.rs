use super::Rate;

/// Creates a named limit or replaces what it says. Leases that stand count at once.
#[derive(Clone, PartialEq, prost::Message)]
pub struct PutLimit {
    /// The limit's name.
    #[prost(string, tag = "1")]
    pub limit: String,
    /// All that it says.
    #[prost(message, required, tag = "2")]
    pub settings: LimitSettings,
}

/// What a named limit says: which tasks it binds, and how far.
#[derive(Clone, PartialEq, prost::Message)]
pub struct LimitSettings {
    /// Which tasks it binds.
    #[prost(message, required, tag = "1")]
    pub scope: LimitScope,
    /// The most of them that may be leased at a time.
    #[prost(uint64, optional, tag = "2")]
    pub max_concurrency: Option<u64>,
    /// How often they may be delivered.
    #[prost(message, optional, tag = "3")]
    pub rate: Option<Rate>,
}

/// Which tasks a limit binds: those that fit all that is given. Without anything it binds none.
#[derive(Clone, PartialEq, prost::Message)]
pub struct LimitScope {
    /// Only of the queue with this name.
    #[prost(string, optional, tag = "1")]
    pub queue: Option<String>,
    /// Only with this ordering key.
    #[prost(string, optional, tag = "2")]
    pub key: Option<String>,
    /// Only of this type.
    #[prost(string, optional, tag = "3")]
    pub task_type: Option<String>,
}

/// Removes a named limit.
#[derive(Clone, PartialEq, prost::Message)]
pub struct DeleteLimit {
    /// The limit's name.
    #[prost(string, tag = "1")]
    pub limit: String,
}
