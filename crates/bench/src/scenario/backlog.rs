use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::fill::fill;
use super::load_loops::recovered;
use super::measured::{Bounds, measure};
use crate::{
    Bench, Listener, Measurement, Payloads, Plan, Producer, Recorder, RequestError, Target, Usage,
    Worker,
};

/// Fewer waiting tasks than this are lost in the noise of a process's memory.
const TELLING_BACKLOG: u64 = 50_000;
const WAIT: Duration = Duration::from_millis(100);

/// Enqueue and drain, one task a round trip, in balance, so that as many tasks wait all the time.
/// The cost is that of a task's life: both together.
pub(crate) async fn run<T: Target>(
    bench: &Bench<T>,
    plan: &Plan,
    listener: Listener<'_>,
) -> Result<Vec<Measurement>, RequestError> {
    let plan = &Plan { batch: 1, ..*plan };
    let queue = bench.queue().await?;
    let target = bench.target();
    let payloads = Arc::new(Payloads::new(plan.payload_bytes));
    let processes = target.processes().await;
    let empty = Usage::of(&processes);
    fill(target, &queue, plan.waiting, &payloads, listener).await?;
    let full = Usage::of(&processes);

    let (enqueues, drains) = (Arc::new(Recorder::default()), Arc::new(Recorder::default()));
    let mut loops = JoinSet::new();
    for _ in 0..plan.concurrency {
        let producer = target.producer(&queue).await?;
        let worker = target.worker(&queue, 1).await?;
        let pair = Pair { target: target.clone(), queue: queue.clone(), producer, worker };
        loops.spawn(pair.run(payloads.clone(), enqueues.clone(), drains.clone()));
    }
    let measured = [("backlog enqueue", enqueues), ("backlog drain", drains)];
    let mut measurements =
        measure(target, &measured, plan, loops, Bounds::default(), listener).await?;

    let memory = empty.zip(full).filter(|_| plan.waiting >= TELLING_BACKLOG);
    let memory = memory.and_then(|(empty, full)| {
        // A server that has been larger before fills what it has, and tells nothing by it.
        let grown =
            full.resident_bytes.checked_sub(empty.resident_bytes).filter(|&grown| grown > 0)?;
        Some(grown as f64 / plan.waiting as f64 / processes.len() as f64)
    });
    for measurement in &mut measurements {
        measurement.waiting = Some(plan.waiting);
        measurement.resident_bytes_per_waiting_task_and_node = memory;
    }
    Ok(measurements)
}

/// A producer and a worker that keep the balance.
struct Pair<T: Target> {
    target: Arc<T>,
    queue: String,
    producer: T::Producer,
    worker: T::Worker,
}

impl<T: Target> Pair<T> {
    /// One task in, one task out, until the window closes.
    async fn run(
        mut self,
        payloads: Arc<Payloads>,
        enqueues: Arc<Recorder>,
        drains: Arc<Recorder>,
    ) {
        while !enqueues.is_closed() {
            let begin = Instant::now();
            match self.producer.enqueue(&payloads.next()).await {
                Ok(()) => enqueues.done(begin.elapsed(), 1),
                Err(error) => {
                    let fresh = self.target.producer(&self.queue);
                    self.producer = recovered(self.producer, &enqueues, &error, fresh).await;
                }
            }
            let begin = Instant::now();
            match self.worker.take(WAIT, &mut |_| {}).await {
                Ok(tasks) => drains.done(begin.elapsed(), tasks),
                Err(error) => {
                    let fresh = self.target.worker(&self.queue, 1);
                    self.worker = recovered(self.worker, &drains, &error, fresh).await;
                }
            }
        }
        if let Err(error) = self.worker.finish().await {
            drains.failed(&error);
        }
    }
}
