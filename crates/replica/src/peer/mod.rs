//! Rooms 4's connections: greeting, calling and serving the other nodes.

mod calls;
mod greeting;
mod link;
mod listener;
mod serve_appends;
mod serve_calls;
mod serve_snapshot;
mod strangers;

pub(crate) use calls::Peers;
pub(crate) use greeting::Greeter;
pub(crate) use link::{Link, frame as frame_of, message_in};
pub(crate) use listener::{Listener, Served};
