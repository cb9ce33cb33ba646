use std::sync::Arc;

use super::load_loops::floods;
use super::measured::{Bounds, measure};
use crate::{Bench, Listener, Load, Measurement, Payloads, Plan, Recorder, RequestError, Target};

/// Producers that enqueue the fastest way of the protocol: many tasks a request, or a window of
/// unconfirmed ones. A task's latency is that of its request, or until its confirmation.
pub(crate) async fn run<T: Target>(
    bench: &Bench<T>,
    plan: &Plan,
    listener: Listener<'_>,
) -> Result<Vec<Measurement>, RequestError> {
    let queue = bench.queue().await?;
    let payloads = Arc::new(Payloads::new(plan.payload_bytes));
    let recorder = Arc::new(Recorder::default());
    let load = Load::new(payloads, plan.batch, None, recorder.clone());
    let target = bench.target();
    let loops = floods(target, &queue, plan.concurrency, &load).await?;
    measure(target, &[("batch", recorder)], plan, loops, Bounds::default(), listener).await
}
