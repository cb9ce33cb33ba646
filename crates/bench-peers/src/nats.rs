//! NATS JetStream: the text protocol, a cluster of three nodes, and its clients.

mod client;
mod cluster;
mod configuration;
mod decoder;
mod producer;
mod target;
mod worker;

pub(crate) use configuration::Sync;
pub(crate) use target::Nats;
