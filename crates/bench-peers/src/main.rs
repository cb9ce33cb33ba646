//! Runs the load generator's scenarios against Ferry, RabbitMQ and NATS in turn, on this machine,
//! and writes the table that compares them.
//!
//! 1. One system runs at a time, and each is given its best: clients that talk to the leader, share
//!    a few connections where that is faster, and cost little.
//! 2. Servers are children of this process and die with it.
//! 3. Figures are medians over rounds in which the systems alternate. Rows that Ferry loses stay.

mod arguments;
mod case;
mod figure;
mod link;
mod nats;
mod nodes;
mod outbox;
mod patience;
mod pool;
mod rabbitmq;
mod results;
mod runner;
mod system;

use clap::Parser;

use arguments::Arguments;
use runner::Runner;

// The kernel kills the servers with the thread that started them, so there is but one.
#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments = Arguments::parse();
    let results = Runner::run(arguments).await;
    println!("{}", serde_json::to_string(results.runs()).expect("x"));
}
