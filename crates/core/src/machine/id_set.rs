use ferry_types::TaskId;

use super::rising::Rising;
use super::word::Word;

/// A set of tasks. Their numbers are given in order, so that most words are full and a task takes
/// little more than a bit.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct IdSet {
    /// None is empty.
    words: Rising<Word>,
}

impl IdSet {
    /// The lowest.
    pub(crate) fn first(&self) -> Option<TaskId> {
        let (number, word) = self.words.first()?;
        word.ids(number).next()
    }

    /// All after `after`, in order.
    pub(crate) fn after(&self, after: Option<TaskId>) -> impl Iterator<Item = TaskId> {
        let words = self.words.from(after.map_or(0, Word::number));
        let ids = words.flat_map(|(number, word)| word.ids(number));
        ids.skip_while(move |id| Some(*id) <= after)
    }

    /// Adds a task.
    pub(crate) fn insert(&mut self, id: TaskId) {
        self.words.get_or_default(Word::number(id)).insert(id);
    }

    /// Removes a task, if it is there.
    pub(crate) fn remove(&mut self, id: TaskId) {
        let number = Word::number(id);
        let Some(word) = self.words.get_mut(number) else { return };
        word.remove(id);
        if word.is_empty() {
            self.words.remove(number);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn it_is_the_set_that_it_says() {
        let (mut set, mut model) = (IdSet::default(), BTreeSet::new());
        // Every residue, in a scattered order, with the borders of words and of numbers.
        let scattered = (0..400).map(|number| number * 149 % 400);
        for number in scattered.chain([u64::MAX, u64::MAX - 63, u64::MAX - 64]) {
            let id = TaskId::new(number);
            set.insert(id);
            model.insert(id);
            if number % 3 == 0 {
                set.remove(TaskId::new(number / 2));
                model.remove(&TaskId::new(number / 2));
            }
            assert_eq!(set.first(), model.first().copied());
        }
        assert!(set.after(None).eq(model.iter().copied()));
        for after in model.iter().copied() {
            assert!(set.after(Some(after)).eq(model.range(after..).skip(1).copied()), "{after}");
        }
        for id in model {
            set.remove(id);
            set.remove(id);
        }
        assert_eq!(set, IdSet::default());
    }
}
