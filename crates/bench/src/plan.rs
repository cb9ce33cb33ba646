use std::time::Duration;

/// How a scenario is run.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// How many producers or workers, each with a connection of its own.
    pub concurrency: usize,
    /// How many tasks a request bears, or a worker takes in a step.
    pub batch: usize,
    /// Tasks a second in all, where a scenario is paced.
    pub rate: f64,
    /// How long the system runs under load before anything counts.
    pub warmup: Duration,
    /// How long is measured.
    pub duration: Duration,
    /// The size of a payload.
    pub payload_bytes: usize,
    /// How many tasks a queue is filled with before it is drained; by default enough for a fast
    /// system to be busy all the time.
    pub tasks: Option<u64>,
    /// How many tasks wait in the queue, where that is the point.
    pub waiting: u64,
    /// How often a leader is killed.
    pub rounds: usize,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            concurrency: 16,
            batch: 1,
            rate: 1_000.0,
            warmup: Duration::from_secs(2),
            duration: Duration::from_secs(10),
            payload_bytes: 256,
            tasks: None,
            waiting: 100_000,
            rounds: 5,
        }
    }
}

/// What happens in a scenario, as it happens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Progress {
    /// Tasks are put into a queue for later.
    Filling {
        /// How many are in.
        done: u64,
        /// How many are to be.
        of: u64,
    },
    /// Under load; nothing counts yet.
    WarmingUp,
    /// Leaders are killed.
    Killing {
        /// Rounds that are over.
        done: usize,
        /// How many there are to be.
        of: usize,
    },
    /// Under load, and measured.
    Measuring {
        /// For how long.
        elapsed: Duration,
        /// Tasks done so far, with those of the warm-up.
        done: u64,
    },
}

/// Who is told of progress, several times a second.
pub type Listener<'a> = &'a (dyn Fn(Progress) + Sync);

/// Tasks a second that no system is expected to exceed when it hands out one at a time.
const ONE_BY_ONE_RATE: f64 = 25_000.0;
/// The same, when it hands out many.
const BATCHED_RATE: f64 = 120_000.0;

impl Plan {
    /// How many tasks a queue is filled with before it is drained. A tenth of them is drained
    /// before the measuring begins, and the last of each worker are not waited for.
    pub fn fill(&self) -> u64 {
        let rate = if self.batch == 1 { ONE_BY_ONE_RATE } else { BATCHED_RATE };
        let seconds = (self.warmup + self.duration).as_secs_f64();
        let enough = (rate * seconds) as u64;
        self.tasks.unwrap_or(enough).max(self.tail() * 4)
    }

    /// How many tasks workers may hold between them.
    pub(crate) fn tail(&self) -> u64 {
        (self.concurrency * self.batch) as u64
    }
}
