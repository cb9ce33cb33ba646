//! The client and its worker against servers that fail on purpose.

mod fake;
mod outcomes;
mod registered;
mod worker;
