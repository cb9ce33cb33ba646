use std::time::Duration;

use ferry_types::{QueueName, Timestamp};

/// What the leader should do soon. Losing an effect delays work; it never loses any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// So many tasks became ready: wake those who wait on the queue.
    Wake {
        /// The queue.
        queue: QueueName,
        /// Tasks that became ready in the entry and are still.
        tasks: u64,
    },
    /// A registered worker may get what it could not before: a lease of its ended, it says other
    /// things about itself, or it is new. Look again at what waits under its name.
    Room {
        /// The worker's name.
        worker: String,
    },
    /// A worker is registered no more: its session ended, or somebody removed it. Look again at what
    /// waits under its name, and forget what was learned of it.
    Left {
        /// The worker's name.
        worker: String,
    },
    /// A lease of a registered worker ran out: it may hang, whatever its connections look like.
    Lapsed {
        /// The worker's name.
        worker: String,
    },
    /// A registered worker has done a task. Whoever chooses workers may learn from it.
    Served {
        /// The worker's name.
        worker: String,
        /// The kind of the task. There is no such effect for a task without one.
        task_type: String,
        /// How long it took, from its lease to its ack.
        took: Duration,
    },
    /// The queue was deleted: let those who wait on it know.
    Gone {
        /// The queue.
        queue: QueueName,
    },
    /// The nearest deadline moved, or is due already: propose an entry at this time, or at any
    /// later one.
    Alarm {
        /// The nearest deadline.
        at: Timestamp,
    },
    /// The next firing of all schedules moved: propose it at this time.
    Fire {
        /// The next firing.
        at: Timestamp,
    },
}
