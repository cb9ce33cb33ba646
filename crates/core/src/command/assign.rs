use super::Session;

/// Leases tasks to the workers that the leader chose, each on its own.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Assign {
    /// In the order in which they are decided: an earlier one may take the room of a later one.
    #[prost(message, repeated, tag = "1")]
    pub items: Vec<Assignment>,
}

/// A task, and who is to have it.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Assignment {
    /// The task's number.
    #[prost(uint64, tag = "1")]
    pub task: u64,
    /// The worker in the session that the leader knows.
    #[prost(message, required, tag = "2")]
    pub to: Session,
}

/// By what the leader chooses workers for the tasks of a queue.
#[derive(Clone, PartialEq, Eq, prost::Oneof)]
pub enum AssignPolicy {
    /// The worker whose slots are used least.
    #[prost(message, tag = "13")]
    LeastLoaded(LeastLoaded),
    /// The worker that has least left afterwards, so that large tasks still find room.
    #[prost(message, tag = "14")]
    BestFit(BestFit),
    /// Evenly over the values of this label.
    #[prost(string, tag = "15")]
    Spread(String),
}

/// The worker whose slots are used least.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct LeastLoaded {}

/// The worker that has least left afterwards.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct BestFit {}
