//! How long the machine takes for an entry of each command, at a small and a large backlog.
//!
//! `cargo bench -p ferry-core --bench apply`

mod backlog;

use std::cell::RefCell;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

use backlog::Backlog;
use backlog::scenario::Scenario;

const WAITING: [u64; 2] = [1_000, 1_000_000];

fn apply(criterion: &mut Criterion) {
    for waiting in WAITING {
        for scenario in Scenario::ALL {
            let backlog = RefCell::new(Backlog::new(waiting, scenario.wish));
            let mut group = criterion.benchmark_group(format!("apply/{}", scenario.name));
            group.throughput(Throughput::Elements(scenario.operations as u64));
            group.bench_function(format!("{waiting}-waiting"), |bencher| {
                bencher.iter_batched(
                    || scenario.prepare(&mut backlog.borrow_mut()),
                    |entry| backlog.borrow_mut().apply(entry),
                    BatchSize::PerIteration,
                );
            });
        }
    }
}

criterion_group!(benches, apply);
criterion_main!(benches);
