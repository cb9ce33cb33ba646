//! The disk: a log that is fsynced before it is believed, and a state that is written as one.
//!
//! `docs/format.md` lists every file, key and row. What holds, beside the guarantees that are
//! cited by number in the modules:
//!
//! - `purged <= snapshot <= flushed applied <= applied`, by log index.
//!
//! Left out on purpose: when to take a snapshot and how far to purge. `ferry-replica` decides.

mod dir;
mod dir_lock;
mod error;
mod identity;
mod identity_error;
mod log;
mod log_entry;
mod log_id;
mod membership;
mod row;
mod sealed_file;
mod state;
mod vote;

pub use error::StoreError;
pub use identity::Identity;
pub use identity_error::IdentityError;
pub use log::{Flushed, Log, LogOptions, LogState};
pub use log_entry::{LogEntry, Payload};
pub use log_id::LogId;
pub use membership::Membership;
pub use state::{
    Incoming, Installed, Opened, Snapshot, SnapshotFile, SnapshotMeta, State, StateOptions,
};
pub use vote::Vote;

#[cfg(test)]
mod format_tests;
#[cfg(test)]
mod golden_tests;
