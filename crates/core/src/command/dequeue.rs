use super::Settlement;

/// Settles earlier leases, then leases ready tasks.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Dequeue {
    /// Tried in order; the answer may take from several. An unknown one refuses the command.
    #[prost(string, repeated, tag = "1")]
    pub queues: Vec<String>,
    /// 1 to 1,000 tasks at most, and fewer if their payloads are large.
    #[prost(uint32, tag = "2")]
    pub max: u32,
    /// How long the leases last; the task's own `lease_ms` otherwise, or the queue's.
    #[prost(uint64, optional, tag = "3")]
    pub lease_ms: Option<u64>,
    /// Who asks.
    #[prost(string, optional, tag = "4")]
    pub worker: Option<String>,
    /// Settled before anything is taken.
    #[prost(message, repeated, tag = "5")]
    pub settle: Vec<Settlement>,
}
