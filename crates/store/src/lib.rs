//! The disk: a log that is fsynced before it is believed, and a state that is written as one.

mod error;
pub use error::StoreError;
