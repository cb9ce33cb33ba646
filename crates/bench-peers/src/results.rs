use std::collections::BTreeMap;

use ferry_bench::RequestError;
use serde::Serialize;

use crate::case::Case;
use crate::figure::{Figure, Figures};
use crate::system::System;

/// What all runs have told.
#[derive(Debug, Default)]
pub(crate) struct Results(Vec<Run>);

/// A run of a case.
#[derive(Debug, Serialize)]
pub(crate) struct Run {
    round: u32,
    system: System,
    case: Case,
    /// What it told; nothing if it could not be run.
    figures: Figures,
    /// Why it could not be run.
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<String>,
}

impl Results {
    /// A run has told this.
    pub(crate) fn add(&mut self, round: u32, system: System, case: Case, figures: Figures) {
        self.0.push(Run { round, system, case, figures, refusal: None });
    }

    /// A run could not be had.
    pub(crate) fn refuse(&mut self, round: u32, system: System, case: Case, error: &RequestError) {
        let refusal = Some(error.to_string());
        self.0.push(Run { round, system, case, figures: BTreeMap::new(), refusal });
    }

    /// All runs, in the order in which they were run.
    pub(crate) fn runs(&self) -> &[Run] {
        &self.0
    }

    /// The median over the rounds, if there was a run that told this.
    pub(crate) fn median(&self, system: System, case: Case, figure: Figure) -> Option<f64> {
        median(self.of(system, case).filter_map(|run| run.figures.get(&figure).copied()))
    }

    /// The sum over the rounds, if there was a run that told this.
    pub(crate) fn sum(&self, system: System, case: Case, figure: Figure) -> Option<f64> {
        let told: Vec<_> =
            self.of(system, case).filter_map(|run| run.figures.get(&figure).copied()).collect();
        (!told.is_empty()).then(|| told.iter().sum())
    }

    /// Why a case could not be run, if it never could.
    pub(crate) fn refusal(&self, system: System, case: Case) -> Option<&str> {
        if self.of(system, case).any(|run| run.refusal.is_none()) {
            return None;
        }
        self.of(system, case).find_map(|run| run.refusal.as_deref())
    }

    fn of(&self, system: System, case: Case) -> impl Iterator<Item = &Run> {
        self.0.iter().filter(move |run| run.system == system && run.case == case)
    }
}

/// The middle one, or the mean of the two in the middle.
fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    Some(if values.len() % 2 == 1 { upper } else { f64::midpoint(values[middle - 1], upper) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_the_middle() {
        assert_eq!(median([].into_iter()), None);
        assert_eq!(median([3.0].into_iter()), Some(3.0));
        assert_eq!(median([9.0, 1.0, 2.0].into_iter()), Some(2.0));
        assert_eq!(median([9.0, 1.0, 2.0, 4.0].into_iter()), Some(3.0));
    }

    #[test]
    fn a_round_that_failed_leaves_the_others() {
        let mut results = Results::default();
        let (system, case) = (System::Nats, Case::Batch);
        results.refuse(1, system, case, &RequestError::new("no leader"));
        assert_eq!(results.refusal(system, case), Some("no leader"));
        assert_eq!(results.median(system, case, Figure::Rate), None);
        results.add(2, system, case, Figures::from([(Figure::Rate, 7.0)]));
        assert_eq!(results.refusal(system, case), None);
        assert_eq!(results.median(system, case, Figure::Rate), Some(7.0));
        assert_eq!(results.median(System::Ferry, case, Figure::Rate), None);
    }
}
