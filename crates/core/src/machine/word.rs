use ferry_types::TaskId;

/// Which of 64 neighbouring tasks are there, a bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Word(u64);

impl Word {
    /// How many neighbours there are.
    pub(crate) const BITS: u64 = u64::BITS as u64;

    /// Which word a task is in.
    pub(crate) const fn number(id: TaskId) -> u64 {
        id.get() / Self::BITS
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) const fn contains(self, id: TaskId) -> bool {
        self.0 & bit(id) != 0
    }

    /// Adds a task; tells whether it was not there.
    pub(crate) const fn insert(&mut self, id: TaskId) -> bool {
        let is_new = !self.contains(id);
        self.0 |= bit(id);
        is_new
    }

    /// Removes a task; tells whether it was there.
    pub(crate) const fn remove(&mut self, id: TaskId) -> bool {
        let was_there = self.contains(id);
        self.0 &= !bit(id);
        was_there
    }

    /// How many tasks are there before this one.
    pub(crate) const fn rank(self, id: TaskId) -> usize {
        (self.0 & (bit(id) - 1)).count_ones() as usize
    }

    /// The tasks of the word with this number, in order.
    pub(crate) fn ids(mut self, number: u64) -> impl Iterator<Item = TaskId> {
        std::iter::from_fn(move || {
            let without_lowest = self.0 & self.0.checked_sub(1)?;
            let lowest = u64::from(self.0.trailing_zeros());
            self.0 = without_lowest;
            Some(TaskId::new(number * Self::BITS + lowest))
        })
    }
}

const fn bit(id: TaskId) -> u64 {
    1 << (id.get() % Word::BITS)
}
