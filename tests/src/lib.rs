//! Real clusters for tests: processes, a raw HTTP client, a workload that records what it saw, and
//! the judges of such records.
//!
//! This library is the only place that touches the API and the command line, so that the tests
//! speak of guarantees. It sees everything in the workspace, and nothing sees it.

pub mod check;
pub mod fleet;
pub mod gap;
pub mod wait;

mod answer;
mod assignments;
mod binary;
mod client;
mod cluster;
mod dev;
mod disk;
mod event_stream;
mod history;
mod node;
mod ports;
mod replicas;
mod request;
mod running;
mod workload;

pub use answer::Answer;
pub use assignments::Assignments;
pub use binary::{Begun, Ran, ferry, ferry_command, repository};
pub use client::{Client, Lease, millis};
pub use cluster::{Cluster, ClusterBuilder};
pub use dev::Dev;
pub use disk::{bytes_under, files_under, log_segments};
pub use event_stream::{Event, EventStream};
pub use history::{Attempt, Call, Fault, FaultKind, Grant, History, Met, Op, Outcome};
pub use node::Node;
pub use ports::Ports;
pub use replicas::assert_replicas_equal;
pub use request::{Failure, Request};
pub use running::Running;
pub use workload::Workload;

/// How many rounds of faults a test runs: `FERRY_ROUNDS`, or else `usual`.
///
/// # Panics
/// If the variable is set and is not a number.
pub fn rounds(usual: u32) -> u32 {
    match std::env::var("FERRY_ROUNDS") {
        Ok(text) => text.parse().expect("FERRY_ROUNDS is a number"),
        Err(_) => usual,
    }
}
