use crate::Station;
use crate::erlang::{next_inverse, waiting_share};
use crate::station::over;

/// What a queue is to keep to: at most `share` of the tasks wait for longer than `time`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Target {
    /// In the unit of the rates.
    pub time: f64,
    /// Between 0 and 1.
    pub share: f64,
}

/// The fewest servers with which a station keeps to the target, or `None` if `most` are too few. The
/// station's own number of servers does not matter.
///
/// One pass over the recursion of Erlang B; the waits are those of
/// [`probability_over`](Station::probability_over).
pub fn workers_needed(station: &Station, target: Target, most: u32) -> Option<u32> {
    let offered = station.offered();
    if offered <= 0.0 {
        return Some(0);
    }
    if offered >= f64::from(most) {
        return None;
    }
    let variability = (station.arrival_variability + station.service_variability) / 2.0;
    let mut inverse = 1.0;
    (1..=most).find(|&servers| {
        inverse = next_inverse(inverse, servers, offered);
        let spare = f64::from(servers) * station.service_rate - station.arrival_rate;
        if spare <= 0.0 {
            return false;
        }
        let waiting_share = waiting_share(1.0 / inverse, servers, offered);
        over(waiting_share, waiting_share / spare * variability, target.time) <= target.share
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: u32 = 100_000;

    #[test]
    fn one_worker_fewer_would_be_too_few() {
        let target = Target { time: 15.0, share: 0.05 };
        for (rate, variability) in [(0.001, 1.0), (0.2, 1.0), (0.2, 3.0), (7.0, 0.3), (90.0, 1.0)] {
            let station =
                Station { service_variability: variability, ..Station::markovian(rate, 0.1, 1) };
            let needed = workers_needed(&station, target, MOST).expect("there are enough");
            let with = |servers| Station { servers, ..station }.probability_over(target.time);
            assert!(with(needed) <= 0.05, "{needed} for {rate}: {}", with(needed));
            assert!(needed == 1 || with(needed - 1) > 0.05, "{needed} for {rate}");
        }
    }

    /// The call centre of the textbooks: with 55 agents 84.57 % are answered within 15 seconds.
    #[test]
    fn a_call_centre_needs_what_the_textbooks_say() {
        let centre = Station::markovian(0.2, 1.0 / 240.0, 0);
        let target = |share| Target { time: 15.0, share };
        assert_eq!(workers_needed(&centre, target(0.155), MOST), Some(55));
        assert_eq!(workers_needed(&centre, target(0.153), MOST), Some(56));
    }

    #[test]
    fn no_load_needs_none_and_too_much_has_no_answer() {
        let target = Target { time: 1.0, share: 0.05 };
        assert_eq!(workers_needed(&Station::markovian(0.0, 1.0, 1), target, MOST), Some(0));
        assert_eq!(workers_needed(&Station::markovian(1e9, 1.0, 1), target, MOST), None);
    }
}
