//! A cluster on this machine: one process a node, all children of the one `ferry dev`.
//!
//! 1. The nodes die with the parent, however it dies: the kernel kills them.
//! 2. The parent outlives its nodes and restarts none by itself.
//! 3. A data directory has one parent at a time, by a lock that dies with it.

mod control;
mod files;
mod layout;
mod parent;
mod process;
mod watch;

pub(crate) use control::ask_to_start;
pub(crate) use files::{NodeState, State};
pub(crate) use layout::Layout;
pub(crate) use parent::Parent;
pub(crate) use process::is_node;
