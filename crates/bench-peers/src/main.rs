//! Runs the load generator's scenarios against Ferry, RabbitMQ and NATS in turn, on this machine,
//! and writes the table that compares them.

mod link;
mod nats;
mod nodes;
mod outbox;
mod patience;
mod pool;
mod rabbitmq;

fn main() {}
