//! The loops that put load on a system: each has a connection of its own, makes a new one when a
//! request fails, and ends when the window closes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::{Load, Payloads, Producer, Recorder, RequestError, Target, Worker};

/// How long a loop rests after a failure, so that a dead system is not hammered.
const REST: Duration = Duration::from_millis(50);
/// How long a worker waits for a task where there should be plenty.
const WAIT: Duration = Duration::from_millis(100);

/// Loops that enqueue one task after the other.
pub(super) async fn producers<T: Target>(
    target: &Arc<T>,
    queue: &str,
    count: usize,
    payloads: &Arc<Payloads>,
    recorder: &Arc<Recorder>,
) -> Result<JoinSet<()>, RequestError> {
    let mut loops = JoinSet::new();
    for _ in 0..count {
        let mut producer = target.producer(queue).await?;
        let (target, queue, recorder) = (target.clone(), queue.to_owned(), recorder.clone());
        let payloads = payloads.clone();
        loops.spawn(async move {
            while !recorder.is_closed() {
                let begin = Instant::now();
                match producer.enqueue(&payloads.next()).await {
                    Ok(()) => recorder.done(begin.elapsed(), 1),
                    Err(error) => {
                        let fresh = target.producer(&queue);
                        producer = recovered(producer, &recorder, &error, fresh).await;
                    }
                }
            }
        });
    }
    Ok(loops)
}

/// Loops that enqueue the fastest way of the protocol, until the load is used up.
pub(super) async fn floods<T: Target>(
    target: &Arc<T>,
    queue: &str,
    count: usize,
    load: &Load,
) -> Result<JoinSet<()>, RequestError> {
    let mut loops = JoinSet::new();
    for _ in 0..count {
        let mut producer = target.producer(queue).await?;
        let (target, queue, load) = (target.clone(), queue.to_owned(), load.clone());
        loops.spawn(async move {
            while let Err(error) = producer.flood(&load).await {
                let fresh = target.producer(&queue);
                producer = recovered(producer, load.recorder(), &error, fresh).await;
            }
        });
    }
    Ok(loops)
}

/// Loops that take up to `max` tasks after the other. A queue that runs dry closes the window.
pub(super) async fn workers<T: Target>(
    target: &Arc<T>,
    queue: &str,
    count: usize,
    max: usize,
    recorder: &Arc<Recorder>,
) -> Result<JoinSet<()>, RequestError> {
    let mut loops = JoinSet::new();
    for _ in 0..count {
        let mut worker = target.worker(queue, max).await?;
        let (target, queue, recorder) = (target.clone(), queue.to_owned(), recorder.clone());
        loops.spawn(async move {
            while !recorder.is_closed() {
                let begin = Instant::now();
                match worker.take(WAIT, &mut |_| {}).await {
                    Ok(0) => recorder.close(),
                    Ok(tasks) => recorder.done(begin.elapsed(), tasks),
                    Err(error) => {
                        let fresh = target.worker(&queue, max);
                        worker = recovered(worker, &recorder, &error, fresh).await;
                    }
                }
            }
            if let Err(error) = worker.finish().await {
                recorder.failed(&error);
            }
        });
    }
    Ok(loops)
}

/// What goes on after a failure: a fresh connection, or the old one if there is none to be had.
pub(super) async fn recovered<C>(
    old: C,
    recorder: &Recorder,
    error: &RequestError,
    fresh: impl Future<Output = Result<C, RequestError>>,
) -> C {
    recorder.failed(error);
    tokio::time::sleep(REST).await;
    match fresh.await {
        Ok(fresh) => fresh,
        Err(error) => {
            recorder.failed(&error);
            old
        }
    }
}
