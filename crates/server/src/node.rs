//! What handlers work with, once the replica stands.

use std::sync::Arc;

use ferry_replica::Replica;

use crate::config::Config;
use crate::disk_room::DiskRoom;
use crate::forwarder::Forwarder;
use crate::schedules::Firings;
use crate::waiters::Waiters;
use crate::workers::Workers;

/// A running node.
pub(crate) struct Node {
    /// How it is to run.
    pub(crate) config: Config,
    /// Its share in the group.
    pub(crate) replica: Replica,
    /// What is known of the room on its disk.
    pub(crate) disk_room: Arc<DiskRoom>,
    /// Dequeues that wait for a task.
    pub(crate) waiters: Arc<Waiters>,
    /// Registered workers, as the leader sees them.
    pub(crate) workers: Arc<Workers>,
    /// What schedules did, as this node had them.
    pub(crate) firings: Arc<Firings>,
    /// The way to the leader.
    pub(crate) forwarder: Forwarder,
}
