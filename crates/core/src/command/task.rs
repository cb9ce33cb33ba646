/// Calls a task off. Whoever holds it learns it when it next extends or settles.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct Cancel {
    /// The task's number.
    #[prost(uint64, tag = "1")]
    pub task: u64,
}

/// Gives a dead task all its attempts again: it is ready, at its old place.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct Retry {
    /// The task's number.
    #[prost(uint64, tag = "1")]
    pub task: u64,
}

/// Has a scheduled or retrying task wait no longer: it is ready, at its old place.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct RunNow {
    /// The task's number.
    #[prost(uint64, tag = "1")]
    pub task: u64,
}
