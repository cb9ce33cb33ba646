use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::accepted::{Accepted, Fate};
use crate::{
    Bench, Failover, FailoverRound, Listener, Plan, Producer, Progress, RequestError, Target,
    Worker,
};

/// How long the load goes on after the first write that the next leader accepted.
const AFTERWARDS: Duration = Duration::from_secs(2);
/// How long a system may take until it accepts writes again.
const RECOVERY_PATIENCE: Duration = Duration::from_secs(60);
/// How long a producer rests when it finds nobody to talk to.
const REST: Duration = Duration::from_millis(5);
const POLL: Duration = Duration::from_millis(20);
/// Tasks of a step when the queue is emptied and counted.
const DRAIN_BATCH: usize = 100;
/// How long an empty answer is waited for, to be sure that it is empty.
const DRAIN_WAIT: Duration = Duration::from_millis(500);

/// Producers while the leader is killed, several times; afterwards every task is counted.
pub(crate) async fn run<T: Target>(
    bench: &Bench<T>,
    plan: &Plan,
    listener: Listener<'_>,
) -> Result<Failover, RequestError> {
    let target = bench.target();
    let mut rounds = Vec::new();
    for done in 0..plan.rounds {
        listener(Progress::Killing { done, of: plan.rounds });
        let queue = bench.queue().await?;
        rounds.push(round(target, &queue, plan).await?);
    }
    Ok(Failover::new(target.name(), plan.concurrency, rounds))
}

async fn round<T: Target>(
    target: &Arc<T>,
    queue: &str,
    plan: &Plan,
) -> Result<FailoverRound, RequestError> {
    let load = Arc::new(Load::default());
    let mut loops = JoinSet::new();
    for index in 0..plan.concurrency {
        let producer = target.producer(queue).await?;
        let hand = Hand { target: target.clone(), queue: queue.to_owned(), producer, index };
        loops.spawn(hand.produce(load.clone(), plan.payload_bytes));
    }
    sleep(plan.warmup).await;
    let killed = Instant::now();
    target.kill_leader(queue).await?;
    let gone = Instant::now();
    while !load.accepted.any_after(gone) {
        if gone.elapsed() > RECOVERY_PATIENCE {
            let seconds = RECOVERY_PATIENCE.as_secs();
            return Err(RequestError::new(format!("no write was accepted for {seconds} s")));
        }
        sleep(POLL).await;
    }
    sleep(AFTERWARDS).await;
    load.is_over.store(true, Ordering::Relaxed);
    target.heal(queue).await?;
    let ending = async { while loops.join_next().await.is_some() {} };
    let ended = timeout(RECOVERY_PATIENCE, ending).await;
    ended.map_err(|_| RequestError::new("the producers do not end"))?;

    let gap = load.accepted.longest_gap(killed).unwrap_or_default();
    let Fate { missing, doubled } = load.accepted.fate(&delivered(target, queue).await?);
    Ok(FailoverRound {
        longest_gap_ms: gap.as_secs_f64() * 1_000.0,
        acknowledged: load.accepted.count(),
        missing,
        doubled,
        repeated: load.repeated.load(Ordering::Relaxed),
    })
}

/// What the producers of a round share.
#[derive(Default)]
struct Load {
    accepted: Accepted,
    repeated: AtomicU64,
    is_over: AtomicBool,
}

/// A producer with what it needs to get another connection.
struct Hand<T: Target> {
    target: Arc<T>,
    queue: String,
    producer: T::Producer,
    index: usize,
}

impl<T: Target> Hand<T> {
    async fn produce(mut self, load: Arc<Load>, payload_bytes: usize) {
        for number in 0_u64.. {
            if load.is_over.load(Ordering::Relaxed) {
                return;
            }
            let name = format!("{}-{number}-", self.index);
            let payload = Bytes::from(format!("{name:x<payload_bytes$}"));
            let key = format!("{}-{name}", self.queue);
            while self.producer.enqueue_keyed(&key, &payload).await.is_err() {
                load.repeated.fetch_add(1, Ordering::Relaxed);
                match self.target.producer(&self.queue).await {
                    Ok(fresh) => self.producer = fresh,
                    Err(_) => sleep(REST).await,
                }
            }
            load.accepted.add(name);
        }
    }
}

/// Empties the queue; answers how often each task came, by its name.
async fn delivered<T: Target>(
    target: &Arc<T>,
    queue: &str,
) -> Result<HashMap<String, u64>, RequestError> {
    let mut worker = target.worker(queue, DRAIN_BATCH).await?;
    let mut delivered = HashMap::new();
    let mut seen = |payload: &[u8]| {
        let name = String::from_utf8_lossy(payload);
        let name = name.trim_end_matches('x').to_owned();
        *delivered.entry(name).or_default() += 1;
    };
    while worker.take(DRAIN_WAIT, &mut seen).await? > 0 {}
    worker.finish().await?;
    Ok(delivered)
}
