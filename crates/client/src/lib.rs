//! The Rust client of a Ferry cluster, and a worker loop on top of it.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use ferry_client::Client;
//! use ferry_client::api::{NewTask, raw_json};
//!
//! let client = Client::builder().server("http://127.0.0.1:7101").build()?;
//! let mail = "mail".parse()?;
//! let task = client.enqueue(&mail, NewTask::json(raw_json("hello")?)).await?;
//! println!("{} is {}", task.id, task.state);
//! # Ok(())
//! # }
//! ```
//!
//! 1. A write goes out under an idempotency key, the caller's or a fresh one, and is repeated under
//!    the same key only. So it is done once, however often it is sent.
//! 2. What cannot be repeated safely is not repeated.
//! 3. "Refused", "not written" and "unknown" are different errors ([`Error`]).

pub mod worker;

mod assignments;
mod builder;
mod call;
mod client;
mod error;
mod key;
mod request;
mod servers;
mod workers;

pub use assignments::Assignments;
pub use builder::ClientBuilder;
pub use client::Client;
pub use error::{Cause, Error};
pub use ferry_api as api;
pub use ferry_types as types;
pub use key::Keys;
pub use request::{Answer, Request};
