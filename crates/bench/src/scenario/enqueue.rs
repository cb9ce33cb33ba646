use std::sync::Arc;

use super::load_loops::producers;
use super::measured::{Bounds, measure};
use crate::{Bench, Listener, Measurement, Payloads, Plan, Recorder, RequestError, Target};

/// Producers, each of which waits for the durable answer before its next task.
pub(crate) async fn run<T: Target>(
    bench: &Bench<T>,
    plan: &Plan,
    listener: Listener<'_>,
) -> Result<Vec<Measurement>, RequestError> {
    let plan = &Plan { batch: 1, ..*plan };
    let queue = bench.queue().await?;
    let payloads = Arc::new(Payloads::new(plan.payload_bytes));
    let recorder = Arc::new(Recorder::default());
    let target = bench.target();
    let loops = producers(target, &queue, plan.concurrency, &payloads, &recorder).await?;
    measure(target, &[("enqueue", recorder)], plan, loops, Bounds::default(), listener).await
}
