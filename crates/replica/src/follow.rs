//! Who waits here for the end of a task. Told by the apply thread, on every node.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use ferry_core::Change;
use ferry_types::TaskId;
use ferry_types::limits::WAITERS_MAX;
use tokio::sync::watch;

/// The tasks that somebody waits for.
#[derive(Clone, Default)]
pub(crate) struct Followed(Arc<Shared>);

#[derive(Default)]
struct Shared {
    /// How many wait, so that the apply thread mostly has nothing to do.
    following: AtomicUsize,
    tasks: Mutex<BTreeMap<TaskId, watch::Sender<()>>>,
}

/// A wait for the end of a task, from its beginning until it is dropped.
pub struct Follow {
    followed: Followed,
    task: TaskId,
    told: watch::Receiver<()>,
}

impl Followed {
    /// Begins a wait, unless there are [`WAITERS_MAX`].
    pub(crate) fn follow(&self, task: TaskId) -> Option<Follow> {
        if self.0.following.fetch_add(1, Ordering::SeqCst) >= WAITERS_MAX {
            self.0.following.fetch_sub(1, Ordering::SeqCst);
            return None;
        }
        let mut tasks = self.tasks();
        let told = tasks.entry(task).or_insert_with(|| watch::channel(()).0).subscribe();
        drop(tasks);
        Some(Follow { followed: self.clone(), task, told })
    }

    /// Tells those who wait for a task that has ended or is gone.
    pub(crate) fn tell(&self, changes: &[Change]) {
        if self.0.following.load(Ordering::SeqCst) == 0 {
            return;
        }
        let ended = |change: &Change| {
            let (id, row) = change.task()?;
            row.is_none_or(|row| row.state().is_finished()).then_some(id)
        };
        let tasks = self.tasks();
        for told in changes.iter().filter_map(ended).filter_map(|id| tasks.get(&id)) {
            told.send_replace(());
        }
    }

    /// Tells all: the whole state is another.
    pub(crate) fn tell_all(&self) {
        self.tasks().values().for_each(|told| told.send_replace(()));
    }

    fn tasks(&self) -> MutexGuard<'_, BTreeMap<TaskId, watch::Sender<()>>> {
        self.0.tasks.lock().expect("no holder panics")
    }
}

impl Follow {
    /// Returns once the task has ended or gone since the wait began, or since the last call.
    /// Cancel-safe.
    pub async fn ended(&mut self) {
        // The sender stays for as long as there is a receiver.
        let _ = self.told.changed().await;
    }
}

impl Drop for Follow {
    fn drop(&mut self) {
        let mut tasks = self.followed.tasks();
        if tasks.get(&self.task).is_some_and(|told| told.receiver_count() == 1) {
            tasks.remove(&self.task);
        }
        drop(tasks);
        self.followed.0.following.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use ferry_core::StateName;
    use ferry_core::row::TaskRow;
    use futures::FutureExt;

    use super::*;

    fn put(id: u64, state: StateName) -> Change {
        Change::PutTask(TaskRow { id, state: state.into(), ..TaskRow::default() })
    }

    #[tokio::test]
    async fn an_end_wakes_all_who_follow_the_task_and_nobody_else() {
        let followed = Followed::default();
        let follow = |id| followed.follow(TaskId::new(id)).expect("there is room");
        let (mut one, mut same, mut other) = (follow(1), follow(1), follow(2));
        followed.tell(&[put(1, StateName::Leased), put(3, StateName::Dead)]);
        assert_eq!(one.ended().now_or_never(), None);
        followed.tell(&[put(1, StateName::Succeeded)]);
        one.ended().await;
        same.ended().await;
        assert_eq!(other.ended().now_or_never(), None);
        followed.tell(&[Change::DeleteTask(TaskId::new(2))]);
        other.ended().await;
        followed.tell_all();
        one.ended().await;
    }

    #[test]
    fn nothing_is_left_of_a_wait_that_is_over() {
        let followed = Followed::default();
        let follow = |id| followed.follow(TaskId::new(id)).expect("there is room");
        let (one, same) = (follow(1), follow(1));
        drop(one);
        assert_eq!(followed.tasks().len(), 1);
        drop(same);
        assert!(followed.tasks().is_empty());
        let all: Vec<_> = (0..WAITERS_MAX as u64).map(follow).collect();
        assert!(followed.follow(TaskId::new(1)).is_none());
        drop(all);
        assert!(followed.follow(TaskId::new(1)).is_some());
    }
}
