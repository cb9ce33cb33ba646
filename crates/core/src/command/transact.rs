use super::{Ack, Cancel, Enqueue, Nack};

/// Does several things in order, each of which sees the earlier ones; all or none.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Transact {
    /// 1 to 1,000 of them.
    #[prost(message, repeated, tag = "1")]
    pub operations: Vec<Operation>,
}

/// One thing of a transaction.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Operation {
    /// What to do. An operation without a step refuses the transaction; none is ever made.
    #[prost(oneof = "Step", tags = "1, 2, 3, 4, 5")]
    pub step: Option<Step>,
}

/// What a transaction may do.
#[derive(Clone, PartialEq, prost::Oneof)]
pub enum Step {
    /// Adds tasks to a queue.
    #[prost(message, tag = "1")]
    Enqueue(Enqueue),
    /// Ends a task well.
    #[prost(message, tag = "2")]
    Ack(LeaseAck),
    /// Gives a failed task back.
    #[prost(message, tag = "3")]
    Nack(LeaseNack),
    /// Calls a task off.
    #[prost(message, tag = "4")]
    Cancel(Cancel),
    /// Goes on only if a task is in a state.
    #[prost(message, tag = "5")]
    Require(Require),
}

/// An ack of a lease.
#[derive(Clone, PartialEq, prost::Message)]
pub struct LeaseAck {
    /// The task's number.
    #[prost(uint64, tag = "1")]
    pub task: u64,
    /// The lease's fencing token.
    #[prost(uint64, tag = "2")]
    pub token: u64,
    /// The ack.
    #[prost(message, required, tag = "3")]
    pub ack: Ack,
}

/// A nack of a lease.
#[derive(Clone, PartialEq, prost::Message)]
pub struct LeaseNack {
    /// The task's number.
    #[prost(uint64, tag = "1")]
    pub task: u64,
    /// The lease's fencing token.
    #[prost(uint64, tag = "2")]
    pub token: u64,
    /// The nack.
    #[prost(message, required, tag = "3")]
    pub nack: Nack,
}

/// A task has to be in a state.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct Require {
    /// The task's number.
    #[prost(uint64, tag = "1")]
    pub task: u64,
    /// The state.
    #[prost(enumeration = "crate::state::StateName", tag = "2")]
    pub state: i32,
}
