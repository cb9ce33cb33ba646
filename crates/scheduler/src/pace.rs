use std::collections::BTreeMap;

/// Kinds of tasks whose times are noted. Further ones are not.
const KINDS_MAX: usize = 1_000;
/// The weight of the newest time in a mean.
const NEWEST: f64 = 0.2;

/// How long tasks have taken, by kind and worker: a mean in which the newest count most.
#[derive(Clone, Debug, Default)]
pub struct Paces {
    by_kind: BTreeMap<String, Kind>,
}

#[derive(Clone, Debug, Default)]
struct Kind {
    mean_ms: f64,
    by_worker: BTreeMap<String, f64>,
}

impl Paces {
    /// Notes that a task of a kind took so long at a worker.
    pub fn note(&mut self, kind: &str, worker: &str, millis: u64) {
        if !self.by_kind.contains_key(kind) && self.by_kind.len() >= KINDS_MAX {
            return;
        }
        let took = millis as f64;
        let kind = self.by_kind.entry(kind.to_owned()).or_default();
        let is_first = kind.by_worker.is_empty();
        kind.mean_ms = if is_first { took } else { moved(kind.mean_ms, took) };
        let mean = kind.by_worker.entry(worker.to_owned()).or_insert(took);
        *mean = moved(*mean, took);
    }

    /// Forgets a worker.
    pub fn forget(&mut self, worker: &str) {
        for kind in self.by_kind.values_mut() {
            kind.by_worker.remove(worker);
        }
    }

    /// How long a task of a kind takes at a worker, for what it takes on the whole: 1 is as long.
    pub fn of(&self, kind: Option<&str>, worker: &str) -> f64 {
        let kind = kind.and_then(|kind| self.by_kind.get(kind));
        let pace = kind.and_then(|kind| Some(kind.by_worker.get(worker)? / kind.mean_ms));
        pace.filter(|pace| pace.is_finite()).unwrap_or(1.0)
    }
}

fn moved(mean: f64, to: f64) -> f64 {
    mean + (to - mean) * NEWEST
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_worker_has_a_pace_above_one() {
        let mut paces = Paces::default();
        for _ in 0..20 {
            paces.note("resize", "slow", 300);
            paces.note("resize", "fast", 100);
            paces.note("other", "fast", 1);
        }
        assert!(paces.of(Some("resize"), "slow") > 1.4);
        assert!(paces.of(Some("resize"), "fast") < 0.7);
        assert_eq!(paces.of(Some("resize"), "new"), 1.0);
        assert_eq!((paces.of(Some("other"), "fast"), paces.of(None, "slow")), (1.0, 1.0));
        paces.forget("slow");
        assert_eq!(paces.of(Some("resize"), "slow"), 1.0);
    }

    #[test]
    fn tasks_that_take_no_time_tell_nothing() {
        let mut paces = Paces::default();
        paces.note("none", "w", 0);
        assert_eq!(paces.of(Some("none"), "w"), 1.0);
    }
}
