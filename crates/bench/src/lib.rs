//! The load generator: scenarios that measure a task queue, written once for every system.
//!
//! 1. A system is a [`Target`]; scenarios see nothing else of it.
//! 2. Latencies of paced scenarios count from the intended start, so a stalled server cannot hide
//!    behind the requests that it kept from being sent.
//! 3. Failures are counted and shown. A figure that cannot be had is absent, never zero.

mod bench;
mod failover;
mod ferry;
mod latencies;
mod load;
mod measurement;
mod payloads;
mod plan;
mod plot;
mod recorder;
mod request_error;
mod scenario;
mod target;
mod usage;

pub use bench::{Bench, Outcome};
pub use failover::{Failover, FailoverRound};
pub use ferry::{DevCluster, Ferry, FerryProducer, FerryWorker, Shape};
pub use latencies::{Latencies, Percentiles};
pub use load::Load;
pub use measurement::{CurvePoint, Measurement};
pub use payloads::Payloads;
pub use plan::{Listener, Plan, Progress};
pub use plot::plot;
pub use recorder::{Recorder, Records, TICK};
pub use request_error::RequestError;
pub use scenario::Scenario;
pub use target::{Producer, Target, Worker};
pub use usage::{ServerCost, Usage};
