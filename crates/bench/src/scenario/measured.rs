use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::{Listener, Measurement, Plan, Progress, Recorder, RequestError, Target, Usage};

/// How often the window is looked at.
const POLL: Duration = Duration::from_millis(20);
/// How long the loops may take to end.
const END_PATIENCE: Duration = Duration::from_secs(30);

/// When a window opens and closes besides by time, in tasks done since the load began.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Bounds {
    /// Open at the latest after so many.
    pub(crate) opens_at: Option<u64>,
    /// Close at the latest after so many.
    pub(crate) closes_at: Option<u64>,
}

/// Lets the loops run: the warm-up, then the window, then until they have ended.
///
/// # Errors
/// If the loops do not end, or one panicked.
pub(crate) async fn measure<T: Target>(
    (target, scenario): (&Arc<T>, &str),
    plan: &Plan,
    recorder: &Arc<Recorder>,
    mut loops: JoinSet<()>,
    bounds: Bounds,
    listener: Listener<'_>,
) -> Result<Measurement, RequestError> {
    let processes = target.processes().await;
    let reached = |bound: Option<u64>| bound.is_some_and(|bound| recorder.done_so_far() >= bound);

    listener(Progress::WarmingUp);
    let begin = Instant::now();
    while begin.elapsed() < plan.warmup && !reached(bounds.opens_at) && !recorder.is_closed() {
        sleep(POLL.min(plan.warmup.saturating_sub(begin.elapsed()))).await;
    }
    let before = (Usage::of(&processes), Usage::own());
    recorder.open();
    let opened = Instant::now();
    while opened.elapsed() < plan.duration && !reached(bounds.closes_at) && !recorder.is_closed() {
        listener(Progress::Measuring { elapsed: opened.elapsed(), done: recorder.done_so_far() });
        sleep(POLL.min(plan.duration.saturating_sub(opened.elapsed()))).await;
    }
    recorder.close();
    let after = (Usage::of(&processes), Usage::own());

    let ending = async {
        while let Some(ended) = loops.join_next().await {
            ended.map_err(RequestError::new)?;
        }
        Ok(())
    };
    timeout(END_PATIENCE, ending)
        .await
        .map_err(|_| RequestError::new("the load does not end"))??;

    let mut measurement = Measurement::new(target.name(), scenario, plan, &recorder.snapshot());
    let tasks = measurement.tasks;
    measurement.server = before
        .0
        .zip(after.0)
        .and_then(|(before, after)| after.cost_since(&before, processes.len(), tasks));
    measurement.client_cpu_seconds_per_1000 = before
        .1
        .zip(after.1)
        .and_then(|(before, after)| after.cost_since(&before, 1, tasks))
        .map(|cost| cost.cpu_seconds_per_1000);
    Ok(measurement)
}
