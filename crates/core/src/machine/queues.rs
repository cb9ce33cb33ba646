use std::collections::BTreeMap;
use std::ops::Bound;

use ferry_types::QueueName;

use super::queue::Queue;
use super::task::Task;

/// All queues, by number and by name.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Queues {
    by_number: BTreeMap<u32, Queue>,
    numbers: BTreeMap<QueueName, u32>,
}

impl Queues {
    /// The number of the queue with this name.
    pub(crate) fn number(&self, name: &str) -> Option<u32> {
        self.numbers.get(name).copied()
    }

    /// A queue.
    pub(crate) fn get(&self, number: u32) -> Option<&Queue> {
        self.by_number.get(&number)
    }

    /// A queue, to be changed.
    pub(crate) fn get_mut(&mut self, number: u32) -> Option<&mut Queue> {
        self.by_number.get_mut(&number)
    }

    /// The queue of a task in the table.
    pub(crate) fn of_task(&mut self, task: &Task) -> &mut Queue {
        self.by_number.get_mut(&task.queue).expect("a queue outlives its tasks")
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.by_number.len()
    }

    /// All of them with their numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &Queue)> {
        self.by_number.iter().map(|(number, queue)| (*number, queue))
    }

    /// The numbers of the queues after `after`, by name.
    pub(crate) fn after(&self, after: Option<&str>) -> impl Iterator<Item = u32> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.numbers.range::<str, _>((start, Bound::Unbounded)).map(|(_, number)| *number)
    }

    /// Adds a queue; tells whether its name and number were free.
    pub(crate) fn insert(&mut self, number: u32, queue: Queue) -> bool {
        let name_is_new = self.numbers.insert(queue.name.clone(), number).is_none();
        let number_is_new = self.by_number.insert(number, queue).is_none();
        name_is_new && number_is_new
    }

    /// Removes a queue, whose tasks are gone.
    pub(crate) fn remove(&mut self, number: u32) {
        if let Some(queue) = self.by_number.remove(&number) {
            assert!(queue.members().is_empty(), "a queue outlives its tasks");
            self.numbers.remove(&queue.name);
        }
    }
}
