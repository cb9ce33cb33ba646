use std::time::Duration;

use ferry_api::InvalidField;
use ferry_core::command::{Cron, Recurrence};
use ferry_types::Timestamp;

use super::calendar::{Calendar, never_fires};

/// The times at which a schedule fires.
pub(crate) enum Occurrences {
    Calendar(Calendar),
    /// Each so long after the last.
    Interval(Duration),
}

impl Occurrences {
    /// Reads when a schedule fires.
    pub(crate) fn of(recurrence: &Recurrence) -> Result<Self, InvalidField> {
        match recurrence {
            Recurrence::Cron(Cron { expression, timezone }) => {
                Calendar::new(expression, timezone).map(Self::Calendar)
            }
            Recurrence::EveryMs(millis) => Ok(Self::Interval(Duration::from_millis(*millis))),
        }
    }

    /// The first firing of a schedule that is put at `now`, and how it is to be kept.
    pub(crate) fn first(
        recurrence: Recurrence,
        now: Timestamp,
    ) -> Result<(Timestamp, Recurrence), InvalidField> {
        let occurrences = Self::of(&recurrence)?;
        let next = occurrences.next_after(now);
        match (recurrence, occurrences, next) {
            (Recurrence::Cron(cron), Self::Calendar(calendar), Some(next)) => {
                let timezone = calendar.zone_name().to_owned();
                Ok((next, Recurrence::Cron(Cron { timezone, ..cron })))
            }
            (Recurrence::Cron(cron), _, None) => Err(never_fires(&cron.expression)),
            (recurrence, _, next) => Ok((next.unwrap_or(Timestamp::MAX), recurrence)),
        }
    }

    /// The firing after that at `at`; by a calendar, after any moment.
    pub(crate) fn next_after(&self, at: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Calendar(calendar) => calendar.next_after(at),
            Self::Interval(interval) => Some(at + *interval),
        }
    }

    /// The last firing before `end`, given one that is. Looks at few of those in between.
    pub(crate) fn last_before(&self, first: Timestamp, end: Timestamp) -> Timestamp {
        if let Self::Interval(interval) = self {
            let span = end.saturating_since(first).saturating_sub(Duration::from_millis(1));
            let whole = span.as_millis() / interval.as_millis().max(1);
            return first + *interval * u32::try_from(whole).unwrap_or(u32::MAX);
        }
        // `last` is a firing, and none is after `bound` and before `end`.
        let (mut last, mut bound) = (first, end);
        while bound.saturating_since(last) > Duration::from_millis(1) {
            let middle = last + bound.saturating_since(last) / 2;
            match self.next_after(middle).filter(|next| *next < end) {
                Some(next) => last = next,
                None => bound = middle,
            }
        }
        last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse_rfc3339(text).expect("valid")
    }

    #[test]
    fn the_last_of_many_is_found() {
        let cron = |expression: &str| {
            let timezone = "Europe/Berlin".to_owned();
            let cron = Cron { expression: expression.into(), timezone };
            Occurrences::of(&Recurrence::Cron(cron)).expect("valid")
        };
        let seconds = cron("* * * * * *");
        let (first, end) = (at("2026-01-01T00:00:00Z"), at("2026-12-31T10:00:00Z"));
        assert_eq!(seconds.last_before(first, end), at("2026-12-31T09:59:59Z"));
        // Dense on one day, and then nothing for long.
        let new_year = cron("* * * 1 1 *");
        assert_eq!(new_year.last_before(first, end), at("2026-01-01T22:59:59Z"));
        assert_eq!(cron("0 1 1 1 *").last_before(first, end), first);
        let every = Occurrences::of(&Recurrence::EveryMs(1_500)).expect("valid");
        let millis = Timestamp::from_millis;
        assert_eq!(every.last_before(millis(500), millis(5_000)), millis(3_500));
        assert_eq!(every.last_before(millis(500), millis(5_001)), millis(5_000));
        assert_eq!(every.last_before(millis(500), millis(501)), millis(500));
    }
}
