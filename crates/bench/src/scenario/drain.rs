use std::sync::Arc;

use super::fill::fill;
use super::load_loops::workers;
use super::measured::{Bounds, measure};
use crate::{Bench, Listener, Measurement, Payloads, Plan, Recorder, RequestError, Target};

/// Workers that empty a queue: each step settles what the last one took and takes the next. The
/// latency is that of a step.
pub(crate) async fn run<T: Target>(
    bench: &Bench<T>,
    plan: &Plan,
    listener: Listener<'_>,
) -> Result<Vec<Measurement>, RequestError> {
    let queue = bench.queue().await?;
    let target = bench.target();
    let tasks = plan.fill();
    let payloads = Arc::new(Payloads::new(plan.payload_bytes));
    fill(target, &queue, tasks, &payloads, listener).await?;
    let recorder = Arc::new(Recorder::default());
    let loops = workers(target, &queue, plan.concurrency, plan.batch, &recorder).await?;
    // The last tasks of a queue are not a steady load.
    let bounds = Bounds { opens_at: Some(tasks / 10), closes_at: Some(tasks - plan.tail()) };
    measure(target, &[("drain", recorder)], plan, loops, bounds, listener).await
}
