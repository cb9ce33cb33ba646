//! How long the policies take to get through a pile of mixed tasks, beside a scheduler that knows
//! all their times, and beside round robin: simulated.

use ferry_scheduler::Policy;
use ferry_tests::fleet::{self, ByPolicy, ListScheduler, Loss, RoundRobin, makespan};

const TASKS: usize = 4_000;

fn compare(losses: &[Loss]) {
    for policy in [Policy::LeastLoaded, Policy::BestFit, Policy::Spread("zone".into())] {
        let jobs = fleet::pile(TASKS, 1, &policy);
        let ours = makespan(&jobs, losses, &mut ByPolicy::new(&jobs)) as f64;
        let known = makespan(&jobs, losses, &mut ListScheduler::new(&jobs)) as f64;
        let robin = makespan(&jobs, losses, &mut RoundRobin::new(&jobs)) as f64;
        let told = format!("{policy:?}: {ours} ms, {known} with all known, {robin} round robin");
        println!("{told}");
        assert!(ours <= 1.15 * known, "{told}");
        assert!(robin >= 1.3 * ours, "{told}");
    }
}

#[test]
fn mixed_tasks_take_little_longer_than_with_all_times_known_and_less_than_round_robin() {
    compare(&[]);
}

#[test]
fn so_they_do_where_ten_workers_are_lost_on_the_way() {
    let losses: Vec<_> = (0..10).map(|lost| Loss { at_ms: 1_500, worker: 5 * lost }).collect();
    compare(&losses);
}
