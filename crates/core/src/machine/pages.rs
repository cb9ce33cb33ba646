use ferry_types::TaskId;

use super::rising::Rising;
use super::task::Task;
use super::word::Word;

/// Room for tasks below which a page is not made smaller.
const ROOM_MIN: usize = 8;

/// All tasks by number, 64 neighbours to a page. A tree of single tasks would need as much room
/// again for its own sake, and the more steps to find one the more there are.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Pages {
    /// None is empty.
    pages: Rising<Page>,
}

/// Those of 64 neighbouring tasks that are there, side by side.
#[derive(Debug, Default, PartialEq)]
struct Page {
    ids: Word,
    /// In the order of `ids`.
    tasks: Vec<Task>,
}

impl Pages {
    /// A task.
    pub(crate) fn get(&self, id: TaskId) -> Option<&Task> {
        let page = self.pages.get(Word::number(id))?;
        page.ids.contains(id).then(|| &page.tasks[page.ids.rank(id)])
    }

    /// A task, to be changed.
    pub(crate) fn get_mut(&mut self, id: TaskId) -> Option<&mut Task> {
        let page = self.pages.get_mut(Word::number(id))?;
        page.ids.contains(id).then(|| &mut page.tasks[page.ids.rank(id)])
    }

    /// All tasks after `after`, in order.
    pub(crate) fn after(&self, after: Option<TaskId>) -> impl Iterator<Item = (TaskId, &Task)> {
        let pages = self.pages.from(after.map_or(0, Word::number));
        let tasks = pages.flat_map(|(number, page)| page.ids.ids(number).zip(&page.tasks));
        tasks.skip_while(move |(id, _)| Some(*id) <= after)
    }

    /// Adds a task; tells whether its number was free, and changes nothing if it was not.
    pub(crate) fn insert(&mut self, id: TaskId, task: Task) -> bool {
        let page = self.pages.get_or_default(Word::number(id));
        let is_new = page.ids.insert(id);
        if is_new {
            page.tasks.insert(page.ids.rank(id), task);
        }
        is_new
    }

    /// Takes a task out.
    pub(crate) fn remove(&mut self, id: TaskId) -> Option<Task> {
        let number = Word::number(id);
        let page = self.pages.get_mut(number)?;
        if !page.ids.remove(id) {
            return None;
        }
        let task = page.tasks.remove(page.ids.rank(id));
        if page.ids.is_empty() {
            self.pages.remove(number);
        } else if page.tasks.capacity() > ROOM_MIN.max(2 * page.tasks.len()) {
            page.tasks.shrink_to_fit();
        }
        Some(task)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use ferry_types::{LogIndex, Timestamp};

    use super::*;
    use crate::command::NewTask;

    /// A task that is known again by its index.
    fn task(id: TaskId) -> Task {
        let index = LogIndex::new(id.get());
        Task::new(1, NewTask::default(), BTreeSet::new(), Timestamp::default(), index)
    }

    #[test]
    fn a_task_is_found_under_its_number_alone() {
        let (mut pages, mut model) = (Pages::default(), BTreeSet::new());
        for number in (0..300).map(|number| number * 149 % 300) {
            let id = TaskId::new(number);
            assert!(pages.insert(id, task(id)) && !pages.insert(id, task(TaskId::new(999))));
            model.insert(id);
            let gone = TaskId::new(number / 2);
            assert_eq!(pages.remove(gone), model.remove(&gone).then(|| task(gone)));
            assert_eq!(pages.remove(gone), None);
        }
        for id in (0..400).map(TaskId::new) {
            let mut expected = model.contains(&id).then(|| task(id));
            assert_eq!(pages.get(id), expected.as_ref(), "{id}");
            assert_eq!(pages.get_mut(id), expected.as_mut(), "{id}");
            let after = pages.after(Some(id)).map(|(id, task)| (id, task.index.get()));
            assert!(after.eq(model.range(id..).filter(|x| **x > id).map(|id| (*id, id.get()))));
        }
        for id in model {
            assert_eq!(pages.remove(id), Some(task(id)));
        }
        assert_eq!(pages, Pages::default());
    }
}
