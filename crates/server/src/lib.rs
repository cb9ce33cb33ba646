//! The node: HTTP, long polls, forwarding to the leader, configuration, telemetry.
//!
//! A request passes [`wire`] and [`front`] (limits of the transport), a handler of [`routes`]
//! (translation), [`relay`] (to the leader, wherever it is) and the replica, and comes back as an
//! answer or as a [`problem`]. Dequeues that find nothing lie down at [`waiters`], the bell.
//!
//! Left out on purpose: rules. What may be done to a queue is decided in `ferry-core` alone.

mod config;
mod config_key;
mod config_source;
mod run;

mod disk_room;
mod door;
mod front;
mod http;
#[cfg(test)]
mod http_tests;
mod listener;
mod node;
#[cfg(test)]
mod ranges_tests;
mod request_scan;
mod router;
mod routes;
mod wire;

mod accept;
mod between_nodes;
mod body;
mod body_reader;
mod call;
mod holders;
mod idempotency;
mod json_scan;
mod named;
mod pages;
mod prefer;
mod probe;
mod query;
mod request_key;

mod event_stream;
mod forwarder;
mod poll;
mod reads;
mod relay;
mod schedules;
mod strict;
mod sweeps;
mod waiters;
mod workers;
mod writes;

mod answer;
mod documents;
mod metrics;
mod nearest;
mod problem;
mod telemetry;
mod translate;

pub use config::{Config, LogFormat};
pub use config_key::{ConfigKey, Fallback, KEYS, Kind};
pub use config_source::{ConfigProblem, ConfigProblems, ConfigSource};
pub use run::{ServeError, run};
