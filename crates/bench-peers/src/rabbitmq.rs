//! RabbitMQ: AMQP 0-9-1, a cluster of three nodes with quorum queues, and its clients.

mod channel;
mod configuration;
mod decoder;
mod frames;
mod producer;
mod target;
mod worker;

pub(crate) use target::RabbitMq;
