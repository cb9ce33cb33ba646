//! How scripts show the use of a queue.

use ferry_core::{Machine, Sums, TrafficBucket};
use ferry_types::Timestamp;

/// The sums over all buckets: of how many numbers, their sum, and that of their squares.
pub(super) fn seen(machine: &Machine, queue: &str, until: Option<u64>) -> String {
    let until = until.map_or(machine.now(), Timestamp::from_millis);
    let Some(view) = machine.traffic(queue, until) else { return "no queue".into() };
    let all = |of: fn(&TrafficBucket) -> Sums| {
        let add = |sums: Sums, more: Sums| Sums {
            count: sums.count + more.count,
            sum: sums.sum + more.sum,
            squares: sums.squares + more.squares,
        };
        view.buckets.iter().map(of).fold(Sums::default(), add)
    };
    let (batches, gaps) = (all(|at| at.batches), all(|at| at.gaps));
    let (services, waits) = (all(|at| at.services), all(|at| at.waits));
    let shown = |Sums { count, sum, squares }: Sums| format!("{count} of {sum} ({squares})");
    format!(
        "batches {}; gaps {}; services {}; waits {}; {} workers",
        shown(batches),
        shown(gaps),
        shown(services),
        shown(waits),
        view.workers
    )
}
