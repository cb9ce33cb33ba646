use bytes::Bytes;

/// Settles leases, each on its own.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Settle {
    /// 1 to 1,000 settlements, in order.
    #[prost(message, repeated, tag = "1")]
    pub items: Vec<Settlement>,
}

/// What the holder of a lease does with it.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Settlement {
    /// The task's number.
    #[prost(uint64, tag = "1")]
    pub task: u64,
    /// The lease's fencing token.
    #[prost(uint64, tag = "2")]
    pub token: u64,
    /// What to do. A settlement without an action is refused as a lost lease; none is ever made.
    #[prost(oneof = "Action", tags = "3, 4, 5, 6")]
    pub action: Option<Action>,
}

/// The ways to settle a lease, or to keep it.
#[derive(Clone, PartialEq, prost::Oneof)]
pub enum Action {
    /// Done.
    #[prost(message, tag = "3")]
    Ack(Ack),
    /// Failed; counts as an attempt.
    #[prost(message, tag = "4")]
    Nack(Nack),
    /// Keep the lease longer.
    #[prost(message, tag = "5")]
    Extend(Extend),
    /// Give the task back, to its place; counts as nothing.
    #[prost(message, tag = "6")]
    Release(Release),
}

/// The task is done.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Ack {
    /// JSON text, or empty for none.
    #[prost(bytes = "bytes", tag = "1")]
    pub result: Bytes,
}

/// The attempt failed.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Nack {
    /// What went wrong.
    #[prost(string, optional, tag = "1")]
    pub error: Option<String>,
    /// Back off this long instead of by the retry policy; 0 is at once.
    #[prost(uint64, optional, tag = "2")]
    pub delay_ms: Option<u64>,
    /// No further attempt.
    #[prost(bool, tag = "3")]
    pub dead: bool,
}

/// The lease is to last `lease_ms` from the entry's time.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct Extend {
    /// The new length; the last one again if left out.
    #[prost(uint64, optional, tag = "1")]
    pub lease_ms: Option<u64>,
}

/// The task goes back to its place.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct Release {}
