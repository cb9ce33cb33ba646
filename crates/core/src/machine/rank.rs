use ferry_types::{Priority, TaskId};

/// A task's place among those that may be taken: the lowest goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank {
    /// A turn, or how far a priority is below the highest.
    first_by: u64,
    pub(crate) id: TaskId,
}

/// What tasks are ranked by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum By {
    Priority,
    Turn,
}

impl Rank {
    /// By priority, then in enqueue order.
    pub(crate) const fn by_priority(priority: Priority, id: TaskId) -> Self {
        Self::below_highest(Priority::COUNT as u64 - 1 - priority.get() as u64, id)
    }

    /// By how far its priority is below the highest, then in enqueue order.
    pub(crate) const fn below_highest(below: u64, id: TaskId) -> Self {
        Self { first_by: below, id }
    }

    /// By the turn of its key.
    pub(crate) const fn by_turn(turn: u64, id: TaskId) -> Self {
        Self { first_by: turn, id }
    }

    /// The turn that it is ranked by.
    pub(crate) const fn turn(self) -> u64 {
        self.first_by
    }
}
