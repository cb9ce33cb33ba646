use std::sync::Arc;
use std::time::Duration;

use ferry_api::{Code, TaskDocument};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::registration::Registration;
use super::{Event, Worker};
use crate::Error;

/// The pause before a stream is opened again; doubled for each that ends soon after it began.
const PAUSE_FIRST: Duration = Duration::from_millis(100);
/// The longest such pause, unless a third of the session is shorter.
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// A stream that lasts so long is no short one: longer than the pauses of another process that ends
/// it whenever it opens its own.
const LASTING: Duration = Duration::from_secs(15);
/// Short streams in a row that make it likely that there is such a process.
const SHORT_TOLD: u32 = 5;

/// The stream of what is assigned to a registered worker, whatever node dies.
pub(super) struct Follow {
    pub(super) worker: Arc<Worker>,
    pub(super) registration: Arc<Registration>,
    /// Where the tasks go; while it is full, they wait at the cluster.
    pub(super) assigned: mpsc::Sender<TaskDocument>,
}

impl Follow {
    /// Runs until something is refused for good.
    pub(super) async fn run(self) -> Error {
        let mut pace = Pace { short: 0, longest: PAUSE_MAX.min(self.registration.beat()) };
        loop {
            let began = Instant::now();
            let ended = self.stream().await;
            let pause = pace.after(began.elapsed());
            match ended {
                Ok(()) if pace.is_contested() => {
                    (self.worker.listener)(Event::Contested(&self.registration.name));
                }
                Ok(()) => {}
                Err(error) => {
                    if let Err(refusal) = self.worker.tell_trouble(error) {
                        return refusal;
                    }
                }
            }
            tokio::time::sleep(pause).await;
        }
    }

    /// Follows one stream to its end, in a new session if the last is over.
    async fn stream(&self) -> Result<(), Error> {
        let (client, name) = (&self.worker.client, &self.registration.name);
        let opened = match client.assignments(name).await {
            Err(Error::Refused(problem)) if problem.code == Code::WorkerNotFound => {
                self.registration.enter(client).await?;
                client.assignments(name).await
            }
            other => other,
        };
        let mut stream = opened?;
        while let Some(task) = stream.next().await? {
            if self.assigned.send(task).await.is_err() {
                // The worker stops, and this with it.
                break;
            }
        }
        Ok(())
    }
}

/// How soon streams follow one another.
struct Pace {
    /// Short streams in a row.
    short: u32,
    longest: Duration,
}

impl Pace {
    /// The pause after a stream that lasted so long.
    fn after(&mut self, lasted: Duration) -> Duration {
        self.short = if lasted < LASTING { self.short.saturating_add(1) } else { 0 };
        let doublings = self.short.saturating_sub(1).min(10);
        (PAUSE_FIRST * 2_u32.pow(doublings)).min(self.longest)
    }

    /// Whether it is time to tell that another process may use the worker's name.
    const fn is_contested(&self) -> bool {
        self.short > 0 && self.short.is_multiple_of(SHORT_TOLD)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_that_end_soon_are_opened_ever_more_slowly_and_told_of() {
        let mut pace = Pace { short: 0, longest: Duration::from_secs(3) };
        let mut told = Vec::new();
        let pauses = [(); 10].map(|()| {
            let pause = pace.after(Duration::from_secs(6));
            told.push(pace.is_contested());
            pause.as_millis()
        });
        assert_eq!(pauses, [100, 200, 400, 800, 1_600, 3_000, 3_000, 3_000, 3_000, 3_000]);
        assert_eq!(told.iter().filter(|told| **told).count(), 2, "{told:?}");
        assert_eq!(pace.after(LASTING), PAUSE_FIRST, "one that lasts makes up for them");
        assert!(!pace.is_contested());
    }
}
