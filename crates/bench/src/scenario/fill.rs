use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::load_loops;
use crate::{Listener, Load, Payloads, Progress, Recorder, RequestError, Target};

/// Producers that fill a queue.
const PRODUCERS: usize = 4;
/// Tasks of their requests, where requests bear several.
const BATCH: usize = 500;
const POLL: Duration = Duration::from_millis(100);
/// How long servers rest afterwards: what they write behind a flood is no part of what follows.
const REST: Duration = Duration::from_secs(1);

/// Puts `tasks` tasks into a queue, as fast as can be.
///
/// # Errors
/// If a request failed: then nobody knows how full the queue is.
pub(crate) async fn fill<T: Target>(
    target: &Arc<T>,
    queue: &str,
    tasks: u64,
    payloads: &Arc<Payloads>,
    listener: Listener<'_>,
) -> Result<(), RequestError> {
    let recorder = Arc::new(Recorder::default());
    let load = Load::new(payloads.clone(), BATCH, Some(tasks), recorder.clone());
    let mut loops = load_loops::floods(target, queue, PRODUCERS, &load).await?;
    loop {
        if recorder.errors_so_far() > 0 {
            // The producers see that it is over.
            recorder.close();
        }
        listener(Progress::Filling { done: recorder.done_so_far(), of: tasks });
        tokio::select! {
            ended = loops.join_next() => match ended {
                Some(ended) => ended.map_err(RequestError::new)?,
                None => break,
            },
            () = sleep(POLL) => {}
        }
    }
    let records = recorder.snapshot();
    match records.samples.first() {
        Some(error) => Err(RequestError::new(format!("cannot fill the queue: {error}"))),
        None => {
            sleep(REST).await;
            Ok(())
        }
    }
}
