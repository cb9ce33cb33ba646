use ferry_types::{QueueName, Timestamp};

/// What the leader should do soon. Losing an effect delays work; it never loses any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// So many tasks became ready: wake those who wait on the queue.
    Wake { queue: QueueName, tasks: u64 },
    /// The nearest deadline moved: propose an entry at this time, or at any later one.
    Alarm { at: Timestamp },
}
