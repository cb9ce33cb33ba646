//! The bell: dequeues that found nothing wait here, on the leader, and wake in the order in which
//! they came.
//!
//! A wake is a hint. Who is woken looks again and proposes; who loses the race parks again in its
//! old place; who goes away while a wake is his passes it on. So a task that is ready never meets
//! a sleeping waiter and nobody else.
//!
//! Tasks that only a rate holds back come with time. One waiter of each queue keeps watch for all of
//! it: it sleeps until then. Whoever leaves a queue with a rate wakes the next, who finds the watch
//! free.
//!
//! An announcement is a wake that comes early: a task is on its way to the log, and whoever hears
//! of it proposes right behind it, most often in the same entry.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ferry_types::{QueueName, WorkerName};
use tokio::sync::Notify;
use tokio::time::Instant;

/// All parked dequeues of this node.
pub(crate) struct Waiters {
    lines: Mutex<Lines>,
    waiters_max: usize,
}

#[derive(Default)]
struct Lines {
    /// Who sleeps, by queue, in the order of tickets. Only sleepers stand in a line.
    by_queue: BTreeMap<QueueName, BTreeMap<u64, Arc<Bed>>>,
    /// Who sleeps, by the registered worker under whose name it asks.
    by_worker: BTreeMap<WorkerName, BTreeMap<u64, Arc<Bed>>>,
    /// Who keeps watch for the time when a rate lets the next task through, and until when, by queue.
    watches: BTreeMap<QueueName, (u64, Instant)>,
    /// Tickets that are out, asleep or awake.
    tickets: usize,
    next_number: u64,
}

/// Where a waiter sleeps.
struct Bed {
    queues: Vec<QueueName>,
    /// Under which name it asks, if under one.
    worker: Option<WorkerName>,
    bell: Notify,
    /// What has come and is not used up yet.
    rung: AtomicU8,
    /// Whether to wake the next when this one leaves.
    passes_on: AtomicBool,
}

/// What a sleeper is woken by. The numbers are those of `Bed::rung`; 0 is nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wake {
    /// Tasks are there: look.
    There = 1,
    /// A task is on its way to the log: propose.
    Coming = 2,
}

/// There are as many waiters as may be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooManyWaiters {
    pub(crate) limit: usize,
}

/// A dequeue's place in the lines of its queues; given up when dropped.
pub(crate) struct Ticket {
    waiters: Arc<Waiters>,
    bed: Arc<Bed>,
    number: u64,
}

impl Waiters {
    /// No waiters, and room for `waiters_max`.
    pub(crate) fn new(waiters_max: usize) -> Arc<Self> {
        Arc::new(Self { lines: Mutex::default(), waiters_max })
    }

    /// Takes a place at the end of the lines, without lying down yet.
    pub(crate) fn ticket(
        self: &Arc<Self>,
        queues: Vec<QueueName>,
        worker: Option<WorkerName>,
    ) -> Result<Ticket, TooManyWaiters> {
        let mut lines = self.lock();
        if lines.tickets >= self.waiters_max {
            return Err(TooManyWaiters { limit: self.waiters_max });
        }
        lines.tickets += 1;
        lines.next_number += 1;
        let (rung, passes_on) = (AtomicU8::new(0), AtomicBool::new(false));
        let bed = Bed { queues, worker, bell: Notify::new(), rung, passes_on };
        let number = lines.next_number;
        Ok(Ticket { waiters: Arc::clone(self), bed: Arc::new(bed), number })
    }

    /// Wakes as many sleepers of `queue` as there are tasks, the longest waiting first.
    pub(crate) fn wake(&self, queue: &QueueName, tasks: u64) {
        self.ring(queue, tasks, Wake::There);
    }

    /// Wakes the sleeper of `queue` that waits longest, for a task that is on its way to the log.
    pub(crate) fn announce(&self, queue: &QueueName) {
        self.ring(queue, 1, Wake::Coming);
    }

    /// Wakes all sleepers of a registered worker: it may get what it could not before.
    pub(crate) fn wake_worker(&self, worker: &str) {
        let mut lines = self.lock();
        if lines.by_worker.is_empty() {
            return;
        }
        let Ok(worker) = worker.parse::<WorkerName>() else { return };
        for (number, bed) in lines.by_worker.remove(&worker).unwrap_or_default() {
            lines.remove(number, &bed);
            bed.ring(Wake::There);
        }
    }

    fn ring(&self, queue: &QueueName, tasks: u64, wake: Wake) {
        let mut lines = self.lock();
        for _ in 0..tasks {
            let Some(line) = lines.by_queue.get(queue) else { return };
            let Some((&number, bed)) = line.first_key_value() else { return };
            let bed = Arc::clone(bed);
            lines.remove(number, &bed);
            bed.ring(wake);
        }
    }

    /// How many dequeues wait.
    pub(crate) fn len(&self) -> usize {
        self.lock().tickets
    }

    fn lock(&self) -> MutexGuard<'_, Lines> {
        // Every change below is done in one go, so a panicked holder leaves nothing half done.
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lines {
    fn remove(&mut self, number: u64, bed: &Bed) {
        for queue in &bed.queues {
            if let Some(line) = self.by_queue.get_mut(queue) {
                line.remove(&number);
                if line.is_empty() {
                    self.by_queue.remove(queue);
                }
            }
        }
        let Some(worker) = &bed.worker else { return };
        if let Some(line) = self.by_worker.get_mut(worker) {
            line.remove(&number);
            if line.is_empty() {
                self.by_worker.remove(worker);
            }
        }
    }

    fn stop_watch(&mut self, number: u64, bed: &Bed) {
        for queue in &bed.queues {
            if self.watches.get(queue).is_some_and(|(keeper, _)| *keeper == number) {
                self.watches.remove(queue);
            }
        }
    }
}

impl Bed {
    fn ring(&self, wake: Wake) {
        self.rung.store(wake as u8, Ordering::Release);
        self.bell.notify_one();
    }

    fn rung(&self) -> Option<Wake> {
        match self.rung.load(Ordering::Acquire) {
            0 => None,
            rung if rung == Wake::Coming as u8 => Some(Wake::Coming),
            _ => Some(Wake::There),
        }
    }
}

impl Ticket {
    /// Lies down in the old place. Tasks that come from here on ring; look for those that came
    /// before, then call [`Ticket::woken`].
    pub(crate) fn park(&self) {
        let mut lines = self.waiters.lock();
        self.bed.rung.store(0, Ordering::Release);
        for queue in &self.bed.queues {
            lines
                .by_queue
                .entry(queue.clone())
                .or_default()
                .insert(self.number, Arc::clone(&self.bed));
        }
        if let Some(worker) = &self.bed.worker {
            let line = lines.by_worker.entry(worker.clone()).or_default();
            line.insert(self.number, Arc::clone(&self.bed));
        }
    }

    /// Wakes the sleeper of `queue` that comes behind this one: what woke this one is for another.
    pub(crate) fn hand_on(&self, queue: &QueueName) {
        let mut lines = self.waiters.lock();
        let Some(line) = lines.by_queue.get(queue) else { return };
        let behind = (Bound::Excluded(self.number), Bound::Unbounded);
        let Some((&number, bed)) = line.range(behind).next() else { return };
        let bed = Arc::clone(bed);
        lines.remove(number, &bed);
        bed.ring(Wake::There);
    }

    /// Waits for a wake. Cancel-safe.
    pub(crate) async fn woken(&self) -> Wake {
        loop {
            // The bell may still hold the ring of a wake that was used up without it.
            if let Some(wake) = self.bed.rung() {
                return wake;
            }
            self.bed.bell.notified().await;
        }
    }

    /// Stands up to take tasks: a wake that is under way is used up by this.
    pub(crate) fn stand_up(&self) {
        let mut lines = self.waiters.lock();
        lines.remove(self.number, &self.bed);
        lines.stop_watch(self.number, &self.bed);
        self.bed.rung.store(0, Ordering::Release);
    }

    /// Wakes the next of each queue when this one leaves: there may be nobody else to keep watch.
    pub(crate) fn pass_on(&self) {
        self.bed.passes_on.store(true, Ordering::Release);
    }

    /// Keeps watch for a queue until `at`, unless another does, and not for longer; tells whether
    /// it is this one who does.
    pub(crate) fn keep_watch(&self, queue: &QueueName, at: Instant) -> bool {
        let mut lines = self.waiters.lock();
        let keeps = match lines.watches.get(queue) {
            None => true,
            Some((number, until)) => *number == self.number || at < *until,
        };
        if keeps {
            lines.watches.insert(queue.clone(), (self.number, at));
        }
        keeps
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        {
            let mut lines = self.waiters.lock();
            lines.remove(self.number, &self.bed);
            lines.stop_watch(self.number, &self.bed);
            lines.tickets -= 1;
        }
        if self.bed.rung().is_some() || self.bed.passes_on.load(Ordering::Acquire) {
            for queue in &self.bed.queues {
                self.waiters.wake(queue, 1);
            }
        }
    }
}

#[cfg(test)]
#[path = "waiters_tests.rs"]
mod tests;
