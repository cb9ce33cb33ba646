//! openraft, and everything that speaks its language.

mod append_stream;
#[cfg(test)]
mod conformance;
pub(crate) mod convert;
mod log_storage;
mod network;
mod state_machine;
mod types;

pub(crate) use log_storage::LogStorage;
pub(crate) use network::NetworkFactory;
pub(crate) use state_machine::StateMachine;
pub(crate) use types::{Callback, Commands, Config};

/// openraft's handle with Ferry's types.
pub(crate) type Raft = openraft::Raft<Config, StateMachine>;
