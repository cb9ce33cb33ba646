use serde::Serialize;

/// How a system survived the death of its leaders.
#[derive(Clone, Debug, Serialize)]
pub struct Failover {
    /// The system.
    pub target: String,
    /// Producers under way.
    pub concurrency: usize,
    /// The median of the rounds' longest gaps, in milliseconds.
    pub median_gap_ms: f64,
    /// The longest of all, in milliseconds.
    pub longest_gap_ms: f64,
    /// Tasks that were acknowledged, in all rounds.
    pub acknowledged: u64,
    /// Tasks that were acknowledged and never delivered.
    pub missing: u64,
    /// Tasks that were delivered more than once.
    pub doubled: u64,
    /// Each death.
    pub rounds: Vec<FailoverRound>,
}

/// How a system survived the death of a leader.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct FailoverRound {
    /// The longest time without an accepted write, in milliseconds.
    pub longest_gap_ms: f64,
    /// Tasks that were acknowledged.
    pub acknowledged: u64,
    /// Tasks that were acknowledged and never delivered.
    pub missing: u64,
    /// Tasks that were delivered more than once.
    pub doubled: u64,
    /// Requests that were lost with the leader and made again.
    pub repeated: u64,
}

impl Failover {
    pub(crate) fn new(target: &str, concurrency: usize, rounds: Vec<FailoverRound>) -> Self {
        let mut gaps: Vec<_> = rounds.iter().map(|round| round.longest_gap_ms).collect();
        gaps.sort_by(f64::total_cmp);
        let sum = |count: fn(&FailoverRound) -> u64| rounds.iter().map(count).sum();
        Self {
            target: target.to_owned(),
            concurrency,
            median_gap_ms: gaps.get(gaps.len() / 2).copied().unwrap_or_default(),
            longest_gap_ms: gaps.last().copied().unwrap_or_default(),
            acknowledged: sum(|round| round.acknowledged),
            missing: sum(|round| round.missing),
            doubled: sum(|round| round.doubled),
            rounds,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_are_summed_and_the_median_gap_is_found() {
        let round = |longest_gap_ms| FailoverRound {
            longest_gap_ms,
            acknowledged: 10,
            missing: 1,
            ..FailoverRound::default()
        };
        let failover = Failover::new("ferry", 16, vec![round(90.0), round(700.0), round(80.0)]);
        assert_eq!((failover.median_gap_ms, failover.longest_gap_ms), (90.0, 700.0));
        assert_eq!((failover.acknowledged, failover.missing, failover.doubled), (30, 3, 0));
    }
}
