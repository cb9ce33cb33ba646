//! Runs the load generator's scenarios against Ferry, RabbitMQ and NATS in turn, on this machine,
//! and writes the table that compares them.
//!
//! 1. One system runs at a time, and each is given its best: clients that talk to the leader, share
//!    a few connections where that is faster, and cost little.
//! 2. Servers are children of this process and die with it.
//! 3. Figures are medians over rounds in which the systems alternate. Rows that Ferry loses stay.

mod arguments;
mod case;
mod conditions;
mod document;
mod figure;
mod link;
mod nats;
mod nodes;
mod outbox;
mod patience;
mod pool;
mod rabbitmq;
mod results;
mod row;
mod runner;
mod system;
mod table;

use std::process::ExitCode;

use clap::Parser;
use ferry_bench::RequestError;

use arguments::Arguments;
use runner::Runner;

// The kernel kills the servers with the thread that started them, so there is but one.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = tokio::select! {
        done = compare(&arguments) => done,
        _ = tokio::signal::ctrl_c() => Err(RequestError::new("interrupted")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench-peers: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn compare(arguments: &Arguments) -> Result<(), RequestError> {
    let conditions = conditions::conditions(arguments);
    let results = Runner::run(arguments).await;
    let table = table::table(&results, &arguments.systems(), &arguments.cases());
    let text = format!("{conditions}\n{table}");
    println!("{text}");
    if let Some(path) = &arguments.json {
        let runs = serde_json::to_string_pretty(results.runs()).map_err(RequestError::new)?;
        let written = std::fs::write(path, runs + "\n");
        written.map_err(|error| RequestError::new(format!("{}: {error}", path.display())))?;
    }
    match &arguments.document {
        Some(path) if !arguments.is_whole() => {
            eprintln!("bench-peers: a part of the comparison is not written to {}", path.display());
            Ok(())
        }
        Some(path) => document::write_between_markers(path, &text),
        None => Ok(()),
    }
}
