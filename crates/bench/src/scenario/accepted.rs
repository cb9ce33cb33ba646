use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The tasks that a system has acknowledged, and when.
#[derive(Debug, Default)]
pub(super) struct Accepted(Mutex<Vec<(Instant, String)>>);

/// What became of acknowledged tasks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Fate {
    /// Acknowledged and never delivered.
    pub(super) missing: u64,
    /// Delivered more than once, acknowledged or not.
    pub(super) doubled: u64,
}

impl Accepted {
    /// A task was acknowledged just now.
    pub(super) fn add(&self, name: String) {
        self.tasks().push((Instant::now(), name));
    }

    /// How many there are.
    pub(super) fn count(&self) -> u64 {
        self.tasks().len() as u64
    }

    /// Whether one was acknowledged after this moment.
    pub(super) fn any_after(&self, moment: Instant) -> bool {
        self.tasks().last().is_some_and(|(at, _)| *at > moment)
    }

    /// The longest time between two acknowledgements in a row, of which the second came after
    /// `moment`.
    pub(super) fn longest_gap(&self, moment: Instant) -> Option<Duration> {
        let tasks = self.tasks();
        let pairs = tasks.windows(2).filter(|pair| pair[1].0 > moment);
        pairs.map(|pair| pair[1].0 - pair[0].0).max()
    }

    /// Compares with the names that were delivered, each with how often.
    pub(super) fn fate(&self, delivered: &HashMap<String, u64>) -> Fate {
        let missing = self.tasks().iter().filter(|(_, name)| !delivered.contains_key(name)).count();
        let doubled = delivered.values().filter(|&&times| times > 1).count();
        Fate { missing: missing as u64, doubled: doubled as u64 }
    }

    fn tasks(&self) -> MutexGuard<'_, Vec<(Instant, String)>> {
        // A list is whole after every push, so a panic elsewhere spoils nothing.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gap_is_the_longest_that_ends_after_the_moment() {
        let begin = Instant::now();
        let at = |millis| begin + Duration::from_millis(millis);
        let times = [0, 500, 510, 710, 720].map(|millis| (at(millis), String::new()));
        let accepted = Accepted(Mutex::new(times.into()));
        assert_eq!(accepted.longest_gap(at(505)), Some(Duration::from_millis(200)));
        assert_eq!(accepted.longest_gap(at(720)), None);
        assert_eq!((accepted.any_after(at(719)), accepted.any_after(at(720))), (true, false));
    }

    #[test]
    fn missing_and_doubled_tasks_are_found() {
        let accepted = Accepted::default();
        for name in ["a", "b", "c"] {
            accepted.add(name.to_owned());
        }
        let delivered = [("a", 1), ("c", 3), ("unacknowledged", 1)];
        let delivered = delivered.map(|(name, times)| (name.to_owned(), times)).into();
        assert_eq!(accepted.fate(&delivered), Fate { missing: 1, doubled: 1 });
    }
}
