use crate::{Station, Sums};

/// What was seen of a queue in one of the stretches of time that follow each other without a gap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bucket {
    /// Its number: it begins that many times its length after the epoch.
    pub number: u64,
    /// The sums.
    pub observed: Observed,
}

/// What was seen of a queue. Times are in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// How many tasks came at a time; those that come within a millisecond come together.
    pub batches: Sums,
    /// The times between one such batch and the next.
    pub gaps: Sums,
    /// How long workers held tasks that they settled.
    pub services: Sums,
    /// How long tasks waited from when they were due to when a worker had them.
    pub waits: Sums,
    /// How many workers were seen.
    pub workers: u64,
}

impl Observed {
    /// With what was seen in another stretch.
    pub fn add(&mut self, other: &Self) {
        self.batches.add(&other.batches);
        self.gaps.add(&other.gaps);
        self.services.add(&other.services);
        self.waits.add(&other.waits);
        self.workers = self.workers.max(other.workers);
    }

    /// Tasks that one worker does per millisecond, if any was done. What is too fast for the clock
    /// counts as if all of it together had taken one millisecond.
    pub fn service_rate(&self) -> Option<f64> {
        let Sums { count, sum, .. } = self.services;
        (count > 0).then(|| count as f64 / sum.max(1) as f64)
    }

    /// The variability of arrivals in the long run.
    ///
    /// The variance over the mean of how many tasks come in a long time, where they come in batches:
    /// `cg2 m + v / m`, of the variability `cg2` of the gaps between batches and the mean `m` and
    /// variance `v` of their sizes. It is that of the gaps where tasks come singly, and 1 for a
    /// Poisson process whose arrivals are only known to the millisecond. Source: D. R. Cox, "Renewal
    /// Theory", 1962, section 8.3 (cumulative processes); that it is what a congested queue feels:
    /// W. Whitt, "Approximating a point process by a renewal process", Operations Research 30(1),
    /// 1982. Poisson until there is enough to tell.
    pub fn arrival_variability(&self) -> f64 {
        let (Some(gaps), Some(mean), Some(variance)) =
            (self.gaps.variability(), self.batches.mean(), self.batches.variance())
        else {
            return 1.0;
        };
        gaps * mean + variance / mean
    }

    /// The queue that these sums describe, had they been taken over so many milliseconds, or `None`
    /// if no task was done. Service times are taken as exponential until there is enough to tell.
    pub fn station(&self, millis: u64, servers: u32) -> Option<Station> {
        Some(Station {
            arrival_rate: self.batches.sum as f64 / millis as f64,
            arrival_variability: self.arrival_variability(),
            service_rate: self.service_rate()?,
            service_variability: self.services.variability().unwrap_or(1.0),
            servers,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums(numbers: &[u64]) -> Sums {
        let squares = numbers.iter().map(|number| u128::from(number * number)).sum();
        Sums { count: numbers.len() as u64, sum: numbers.iter().sum(), squares }
    }

    #[test]
    fn single_arrivals_vary_as_their_gaps_do() {
        let (gaps, batches) = (sums(&[100, 300, 200]), sums(&[1, 1, 1, 1]));
        let observed = Observed { gaps, batches, ..Observed::default() };
        assert_eq!(Some(observed.arrival_variability()), gaps.variability());
    }

    #[test]
    fn batches_vary_as_their_sizes_do() {
        let batches = sums(&[50, 150, 100]);
        let with = |gaps| Observed { gaps, batches, ..Observed::default() }.arrival_variability();
        assert_eq!(with(sums(&[100, 100, 100])), 25.0);
        assert_eq!(with(sums(&[100, 300, 200])), 25.0 + 25.0);
    }

    #[test]
    fn what_is_too_fast_for_the_clock_has_a_rate() {
        let observed = Observed { services: sums(&[0, 0, 0, 0]), ..Observed::default() };
        assert_eq!(observed.service_rate(), Some(4.0));
        assert_eq!(Observed::default().station(1_000, 1), None);
    }
}
