//! How long tasks will wait and how many workers they need: queueing theory in pure functions.
//!
//! 1. Nothing here has a clock, a state or a dependency. What was measured comes in as sums, and a
//!    forecast goes out.
//! 2. Each formula names its source, and is tested against published tables or by simulation.
//! 3. The textbook functions take rates per unit of time and times in that unit, whichever it is;
//!    what was measured is in milliseconds.
//!
//! Left out on purpose: trends and seasons. A forecast says what comes of what was seen lately, if
//! it goes on like that.

#![forbid(unsafe_code)]

mod drain;
mod erlang;
mod forecast;
mod observed;
mod staffing;
mod station;
mod sums;
mod track_record;
mod window;

pub use drain::time_to_empty;
pub use erlang::{erlang_b, erlang_c};
pub use forecast::{Backlog, Forecast, Question, forecast};
pub use observed::{Bucket, Observed};
pub use staffing::{Target, workers_needed};
pub use station::Station;
pub use sums::Sums;
pub use window::Measured;
