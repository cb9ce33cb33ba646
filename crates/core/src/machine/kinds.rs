use std::collections::BTreeMap;
use std::sync::Arc;

use super::needs::Needs;
use super::task::Task;

/// What tasks need, once for all that need the same: a million of them may.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Kinds {
    /// How many tasks of the table need it.
    tasks: BTreeMap<Arc<Needs>, u64>,
}

impl Kinds {
    /// Counts a task that comes, and has it share what it needs.
    pub(crate) fn add(&mut self, task: &mut Task) {
        let Some(needs) = task.needs_mut() else { return };
        if let Some((shared, _)) = self.tasks.get_key_value(needs) {
            *needs = Arc::clone(shared);
        }
        *self.tasks.entry(Arc::clone(needs)).or_default() += 1;
    }

    /// Undoes [`add`](Self::add), for a task that goes.
    pub(crate) fn remove(&mut self, task: &Task) {
        let Some(needs) = task.needs() else { return };
        if let Some(tasks) = self.tasks.get_mut(needs) {
            *tasks -= 1;
            if *tasks == 0 {
                self.tasks.remove(needs);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use ferry_types::{LogIndex, Timestamp};

    use super::*;
    use crate::command::NewTask;

    fn task(cpu: u64) -> Task {
        let resources = BTreeMap::from([("cpu".into(), cpu)]);
        let new = NewTask { resources, ..NewTask::default() };
        Task::new(1, new, Default::default(), Timestamp::default(), LogIndex::new(1))
    }

    #[test]
    fn those_that_need_the_same_share_it() {
        let (mut kinds, mut tasks) = (Kinds::default(), [task(1), task(1), task(2)]);
        tasks.iter_mut().for_each(|task| kinds.add(task));
        let [one, same, other] = [&tasks[0], &tasks[1], &tasks[2]].map(|task| {
            let needs = task.needs().expect("each needs something");
            Arc::as_ptr(needs)
        });
        assert!(one == same && one != other);
        tasks.iter().for_each(|task| kinds.remove(task));
        assert_eq!(kinds, Kinds::default());
    }
}
