use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::load_loops::recovered;
use super::measured::{Bounds, measure};
use super::pacer::Pacer;
use super::stamp;
use crate::{
    Bench, Listener, Measurement, Payloads, Plan, Producer, Recorder, RequestError, Target, Worker,
};

/// How long a worker waits for a task in one step.
const WAIT: Duration = Duration::from_millis(500);

/// As many producers as workers, at a steady rate. The latency counts from the moment at which a
/// task was meant to be enqueued, which a late producer does not move, until a worker has it.
pub(crate) async fn run<T: Target>(
    bench: &Bench<T>,
    plan: &Plan,
    listener: Listener<'_>,
) -> Result<Vec<Measurement>, RequestError> {
    let payload_bytes = plan.payload_bytes.max(stamp::DIGITS);
    let plan = &Plan { payload_bytes, ..*plan };
    let queue = bench.queue().await?;
    let target = bench.target();
    let recorder = Arc::new(Recorder::default());
    let payloads = Arc::new(Payloads::new(payload_bytes));
    let mut loops = JoinSet::new();
    for _ in 0..plan.concurrency {
        let worker = target.worker(&queue, plan.batch).await?;
        let route = Route { target: target.clone(), queue: queue.clone(), max: plan.batch };
        loops.spawn(work(route, worker, recorder.clone()));
    }
    let mut producers = Vec::new();
    for _ in 0..plan.concurrency {
        producers.push(target.producer(&queue).await?);
    }
    let begin = Instant::now();
    for (index, producer) in producers.into_iter().enumerate() {
        let pacer = Pacer::new(begin, index, plan.concurrency, plan.rate)?;
        let route = Route { target: target.clone(), queue: queue.clone(), max: plan.batch };
        let source = (pacer, payloads.clone());
        loops.spawn(produce(route, producer, source, recorder.clone()));
    }
    measure(target, &[("mixed", recorder)], plan, loops, Bounds::default(), listener).await
}

/// How a loop gets another connection.
struct Route<T> {
    target: Arc<T>,
    queue: String,
    max: usize,
}

async fn produce<T: Target>(
    route: Route<T>,
    mut producer: T::Producer,
    (mut pacer, payloads): (Pacer, Arc<Payloads>),
    recorder: Arc<Recorder>,
) {
    while !recorder.is_closed() {
        let enqueued = match pacer.next().await {
            Ok(moment) => producer.enqueue(&stamp::stamped(&payloads.next(), moment)).await,
            Err(error) => Err(error),
        };
        if let Err(error) = enqueued {
            let fresh = route.target.producer(&route.queue);
            producer = recovered(producer, &recorder, &error, fresh).await;
        }
    }
}

async fn work<T: Target>(route: Route<T>, mut worker: T::Worker, recorder: Arc<Recorder>) {
    while !recorder.is_closed() {
        let mut seen = |payload: &[u8]| match stamp::age(payload) {
            Some(age) => recorder.done(age, 1),
            None => recorder.failed(&RequestError::new("a delivered payload bears no stamp")),
        };
        if let Err(error) = worker.take(WAIT, &mut seen).await {
            let fresh = route.target.worker(&route.queue, route.max);
            worker = recovered(worker, &recorder, &error, fresh).await;
        }
    }
    if let Err(error) = worker.finish().await {
        recorder.failed(&error);
    }
}
