use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::{
    Listener, Measurement, Plan, Progress, Recorder, RequestError, ServerCost, Target, Usage,
};

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

/// What is measured together: the servers' cost is per task of the first.
pub(crate) type Measured<'a> = &'a [(&'a str, Arc<Recorder>)];

/// Lets the loops run: the warm-up, then the window, then until they have ended. Answers a
/// measurement for each recorder.
///
/// # Errors
/// If the loops do not end, or one panicked.
pub(crate) async fn measure<T: Target>(
    target: &Arc<T>,
    measured: Measured<'_>,
    plan: &Plan,
    mut loops: JoinSet<()>,
    bounds: Bounds,
    listener: Listener<'_>,
) -> Result<Vec<Measurement>, RequestError> {
    let processes = target.processes().await;
    let done = || measured[0].1.done_so_far();
    let reached = |bound: Option<u64>| bound.is_some_and(|bound| done() >= bound);
    let is_closed = || measured.iter().any(|(_, recorder)| recorder.is_closed());

    listener(Progress::WarmingUp);
    let begin = Instant::now();
    while begin.elapsed() < plan.warmup && !reached(bounds.opens_at) && !is_closed() {
        sleep(POLL.min(plan.warmup.saturating_sub(begin.elapsed()))).await;
    }
    let before = Reading::take(&processes);
    measured.iter().for_each(|(_, recorder)| recorder.open());
    let opened = Instant::now();
    while opened.elapsed() < plan.duration && !reached(bounds.closes_at) && !is_closed() {
        listener(Progress::Measuring { elapsed: opened.elapsed(), done: done() });
        sleep(POLL.min(plan.duration.saturating_sub(opened.elapsed()))).await;
    }
    measured.iter().for_each(|(_, recorder)| recorder.close());
    let after = Reading::take(&processes);

    let ending = async {
        while let Some(ended) = loops.join_next().await {
            ended.map_err(RequestError::new)?;
        }
        Ok(())
    };
    timeout(END_PATIENCE, ending)
        .await
        .map_err(|_| RequestError::new("the load does not end"))??;

    let mut measurements: Vec<_> = measured
        .iter()
        .map(|(name, recorder)| Measurement::new(target.name(), name, plan, &recorder.snapshot()))
        .collect();
    let tasks = measurements[0].tasks;
    for measurement in &mut measurements {
        measurement.server = after.servers_since(&before, processes.len(), tasks);
        measurement.client_cpu_seconds_per_1000 = after.client_since(&before, tasks);
    }
    Ok(measurements)
}

/// What servers and client have used up to a moment.
struct Reading {
    servers: Option<Usage>,
    client: Option<Usage>,
}

impl Reading {
    fn take(processes: &[u32]) -> Self {
        Self { servers: Usage::of(processes), client: Usage::own() }
    }

    fn servers_since(&self, before: &Self, processes: usize, tasks: u64) -> Option<ServerCost> {
        self.servers?.cost_since(&before.servers?, processes, tasks)
    }

    fn client_since(&self, before: &Self, tasks: u64) -> Option<f64> {
        let cost = self.client?.cost_since(&before.client?, 1, tasks)?;
        Some(cost.cpu_seconds_per_1000)
    }
}
