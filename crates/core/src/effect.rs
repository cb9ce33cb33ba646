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
}
