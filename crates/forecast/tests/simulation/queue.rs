use ferry_forecast::{Observed, Sums};

use crate::chance::{Chance, Law};

/// What comes, and how long it takes. Times are in milliseconds.
pub(crate) struct Source {
    pub(crate) gaps: Law,
    pub(crate) gap: f64,
    /// Tasks that come at a time.
    pub(crate) batch: u64,
    pub(crate) services: Law,
    pub(crate) service: f64,
}

/// What was seen.
pub(crate) struct Outcome {
    pub(crate) observed: Observed,
    pub(crate) millis: u64,
    waits: Vec<u64>,
}

impl Outcome {
    pub(crate) fn mean_wait(&self) -> f64 {
        self.observed.waits.mean().expect("there are tasks")
    }

    pub(crate) fn share_over(&self, millis: u64) -> f64 {
        let over = self.waits.iter().filter(|wait| **wait > millis).count();
        over as f64 / self.waits.len() as f64
    }
}

/// Runs a queue, first come, first served. Moments are seen in whole milliseconds, as in the log.
pub(crate) fn simulate(source: &Source, servers: u32, tasks: u64, chance: &mut Chance) -> Outcome {
    let mut free_at = vec![0.0_f64; servers as usize];
    let mut observed = Observed::default();
    let (mut now, mut last, mut together) = (0.0, None, 0);
    let mut waits = Vec::new();
    for task in 0..tasks {
        if task % source.batch == 0 {
            now += chance.time(source.gaps, source.gap);
        }
        let stamp = now as u64;
        match last {
            Some(before) if before == stamp => together += 1,
            Some(before) => {
                note(&mut observed.batches, together);
                note(&mut observed.gaps, stamp - before);
                together = 1;
            }
            None => together = 1,
        }
        last = Some(stamp);
        let soonest = free_at.iter_mut().min_by(|a, b| a.total_cmp(b)).expect("there are servers");
        let start = soonest.max(now);
        *soonest = start + chance.time(source.services, source.service);
        note(&mut observed.services, *soonest as u64 - start as u64);
        note(&mut observed.waits, start as u64 - stamp);
        waits.push(start as u64 - stamp);
    }
    note(&mut observed.batches, together);
    Outcome { observed, millis: now as u64, waits }
}

fn note(sums: &mut Sums, number: u64) {
    sums.add(&Sums { count: 1, sum: number, squares: u128::from(number).pow(2) });
}
