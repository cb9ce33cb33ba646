/// How long it takes until a queue with `tasks` is empty, at an arrival rate and the rate at which all
/// servers together work; `None` if it never is.
///
/// The fluid approximation: G. F. Newell, "Applications of Queueing Theory", 2nd edition, 1982,
/// chapter 2. Chance is left out, so it is for queues that are long.
pub fn time_to_empty(tasks: f64, arrival_rate: f64, work_rate: f64) -> Option<f64> {
    if tasks <= 0.0 {
        return Some(0.0);
    }
    let spare = work_rate - arrival_rate;
    (spare > 0.0).then(|| tasks / spare)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_empties_as_fast_as_work_outruns_arrivals() {
        assert_eq!(time_to_empty(120.0, 1.0, 3.0), Some(60.0));
        assert_eq!(time_to_empty(120.0, 0.0, 3.0), Some(40.0));
        assert_eq!(time_to_empty(120.0, 3.0, 3.0), None);
        assert_eq!(time_to_empty(120.0, 0.0, 0.0), None);
        assert_eq!(time_to_empty(0.0, 3.0, 1.0), Some(0.0));
    }
}
