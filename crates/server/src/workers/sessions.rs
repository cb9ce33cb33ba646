use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

/// When each worker gave its last sign of life, on the leader. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Sessions(Arc<Shared>);

#[derive(Default)]
struct Shared {
    lives: Mutex<Lives>,
    /// Rung when the next look is due earlier than before.
    bell: Notify,
}

#[derive(Default)]
struct Lives {
    /// How often this node has ceased to lead.
    epoch: u64,
    /// Since when this node leads, if it does.
    leads_since: Option<Instant>,
    by_worker: BTreeMap<Box<str>, Life>,
    /// When to look at whom next. Each of `by_worker` stands here once.
    due: BTreeSet<(Instant, Box<str>)>,
}

struct Life {
    seen: Instant,
    /// Open streams and parked dequeues, each a sign of life for as long as it lasts.
    present: usize,
    /// Its place in `due`.
    due: Instant,
}

/// A worker that is there until this is dropped.
pub(crate) struct Presence {
    sessions: Sessions,
    worker: Box<str>,
    epoch: u64,
}

impl Sessions {
    /// Notes a sign of life. Whoever leads asks for it; it is forgotten with leadership.
    pub(crate) fn sign(&self, worker: &str) {
        let mut lives = self.lives();
        let now = Instant::now();
        match lives.by_worker.get_mut(worker) {
            Some(life) => life.seen = now,
            None => self.watch(&mut lives, worker, now),
        }
    }

    /// Begins to watch a worker that the machine tells of, if it is not watched yet.
    pub(crate) fn told_of(&self, worker: &str) {
        let mut lives = self.lives();
        if lives.leads_since.is_some() && !lives.by_worker.contains_key(worker) {
            self.watch(&mut lives, worker, Instant::now());
        }
    }

    /// Whether no worker is watched, so that nobody needs to be told apart.
    pub(crate) fn is_empty(&self) -> bool {
        self.lives().by_worker.is_empty()
    }

    /// Notes that a worker is there from now on.
    pub(crate) fn enter(&self, worker: &str) -> Presence {
        self.sign(worker);
        let mut lives = self.lives();
        if let Some(life) = lives.by_worker.get_mut(worker) {
            life.present += 1;
        }
        Presence { sessions: self.clone(), worker: worker.into(), epoch: lives.epoch }
    }

    /// Begins to lead: each of these workers has a whole session from now on.
    pub(crate) fn begin(&self, workers: impl Iterator<Item = Box<str>>) {
        let mut lives = self.lives();
        let now = Instant::now();
        // Whoever is present has come since this node leads.
        lives.leads_since = Some(now);
        for worker in workers {
            if !lives.by_worker.contains_key(&worker) {
                self.watch(&mut lives, &worker, now);
            }
        }
    }

    /// Forgets everything: another node leads.
    pub(crate) fn end(&self) {
        let epoch = self.lives().epoch + 1;
        *self.lives() = Lives { epoch, ..Lives::default() };
    }

    /// When the next look is due, if any is.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.lives().due.first().map(|(at, _)| *at)
    }

    /// Returns when [`next`](Self::next) may be earlier than it was. Cancel-safe.
    pub(crate) async fn sooner(&self) {
        self.0.bell.notified().await;
    }

    /// The workers at which a look is due by `now`, at most so many.
    pub(crate) fn due(&self, now: Instant, most: usize) -> Vec<Box<str>> {
        let lives = self.lives();
        let due = lives.due.iter().take_while(|(at, _)| *at <= now).take(most);
        due.map(|(_, worker)| worker.clone()).collect()
    }

    /// When the session of a worker ends that lasts so long, as far as is known at `now`; `None` if
    /// it is not watched.
    pub(crate) fn ends_at(&self, worker: &str, length: Duration, now: Instant) -> Option<Instant> {
        let lives = self.lives();
        let life = lives.by_worker.get(worker)?;
        let seen = if life.present > 0 { now } else { life.seen };
        Some(lives.leads_since.map_or(seen, |since| seen.max(since)) + length)
    }

    /// Has the next look at a worker be at `at`.
    pub(crate) fn look_at(&self, worker: &str, at: Instant) {
        let lives = &mut *self.lives();
        let Some(life) = lives.by_worker.get_mut(worker) else { return };
        lives.due.remove(&(life.due, worker.into()));
        life.due = at;
        lives.due.insert((at, worker.into()));
    }

    /// Forgets a worker that is not registered, unless it is there.
    pub(crate) fn forget(&self, worker: &str) {
        let lives = &mut *self.lives();
        if let Some(life) = lives.by_worker.remove(worker) {
            lives.due.remove(&(life.due, worker.into()));
        }
    }

    /// Watches a worker, with a look at once to learn how long its session is.
    fn watch(&self, lives: &mut Lives, worker: &str, now: Instant) {
        lives.by_worker.insert(worker.into(), Life { seen: now, present: 0, due: now });
        lives.due.insert((now, worker.into()));
        self.0.bell.notify_one();
    }

    fn lives(&self) -> MutexGuard<'_, Lives> {
        // Every change is done in one go, so a panicked holder leaves nothing half done.
        self.0.lives.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        let mut lives = self.sessions.lives();
        if lives.epoch != self.epoch {
            return;
        }
        if let Some(life) = lives.by_worker.get_mut(&self.worker) {
            life.present = life.present.saturating_sub(1);
            life.seen = Instant::now();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SESSION: Duration = Duration::from_secs(10);

    fn leading(workers: &[&str]) -> Sessions {
        let sessions = Sessions::default();
        sessions.begin(workers.iter().map(|worker| Box::from(*worker)));
        sessions
    }

    #[test]
    fn a_sign_of_life_gives_a_whole_session_and_being_told_of_does_not() {
        let sessions = leading(&["a"]);
        let now = Instant::now();
        let end = || sessions.ends_at("a", SESSION, now);
        let first = end();
        assert!(first.is_some_and(|end| end <= now + SESSION));
        sessions.told_of("a");
        assert_eq!(end(), first);
        sessions.sign("a");
        assert!(end() > first, "{:?} is not later than {first:?}", end());
        assert_eq!(sessions.ends_at("b", SESSION, now), None);
    }

    #[test]
    fn who_is_present_lives_and_lives_a_session_longer() {
        let sessions = leading(&["a"]);
        let later = Instant::now() + 6 * SESSION;
        let (stream, dequeue) = (sessions.enter("a"), sessions.enter("a"));
        drop(stream);
        assert_eq!(sessions.ends_at("a", SESSION, later), Some(later + SESSION));
        drop(dequeue);
        assert!(sessions.ends_at("a", SESSION, later) < Some(later));
    }

    #[test]
    fn each_worker_is_due_once_and_when_it_was_last_set() {
        let sessions = leading(&["a", "b"]);
        let now = Instant::now();
        assert_eq!(sessions.due(now, 9).len(), 2, "how long their sessions are is to be learned");
        sessions.look_at("a", now + SESSION);
        sessions.look_at("a", now + SESSION / 2);
        sessions.forget("b");
        assert_eq!(sessions.next(), Some(now + SESSION / 2));
        assert!(sessions.due(now, 9).is_empty());
        assert_eq!(sessions.due(now + SESSION, 9), ["a".into()]);
    }

    #[test]
    fn what_was_known_ends_with_leadership() {
        let sessions = leading(&["a"]);
        let before = sessions.enter("a");
        sessions.end();
        sessions.told_of("a");
        assert!(sessions.is_empty(), "a follower watches nobody");
        sessions.begin(["a".into()].into_iter());
        let _now = sessions.enter("a");
        drop(before);
        let later = Instant::now() + 6 * SESSION;
        let end = sessions.ends_at("a", SESSION, later);
        assert_eq!(end, Some(later + SESSION), "the stream of this time counts still");
    }
}
