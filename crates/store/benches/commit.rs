//! How long the shelf takes for one batch of changed tasks.
//!
//! `cargo bench -p ferry-store --bench commit`

use bytes::Bytes;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use ferry_core::row::{CountersRow, TaskRow};
use ferry_core::{Change, StateName};
use ferry_store::{LogId, State, StateOptions};
use ferry_types::{LogIndex, NodeId, TaskId};

const TASKS: [u64; 3] = [1, 64, 1_000];
const PAYLOAD_BYTES: usize = 256;

fn commit(criterion: &mut Criterion) {
    let dir = tempfile::tempdir().expect("a directory");
    let state = State::open(dir.path(), StateOptions::default()).expect("open the state").state;
    let payload = Bytes::from(vec![b'x'; PAYLOAD_BYTES]);
    let (mut index, mut next_task) = (0, 1);
    let mut group = criterion.benchmark_group("commit");
    for tasks in TASKS {
        group.throughput(Throughput::Elements(tasks));
        group.bench_function(format!("{tasks}-tasks"), |bencher| {
            bencher.iter_batched(
                || {
                    index += 1;
                    let first = next_task;
                    next_task += tasks;
                    (log_id(index), enqueued(first, tasks, &payload))
                },
                |(id, changes)| state.commit(id, None, &changes).expect("commit"),
                BatchSize::PerIteration,
            );
        });
    }
}

/// What an entry of so many enqueues changes.
fn enqueued(first: u64, tasks: u64, payload: &Bytes) -> Vec<Change> {
    let row = |id| TaskRow {
        id,
        queue: 1,
        state: StateName::Ready.into(),
        priority: 4,
        payload_bytes: PAYLOAD_BYTES as u64,
        enqueued_at_ms: 1_800_000_000_000,
        index: id,
        ..TaskRow::default()
    };
    let counters = CountersRow { next_task: first + tasks, ..CountersRow::default() };
    let ids = first..first + tasks;
    let rows = ids.clone().map(|id| Change::PutTask(row(id)));
    let payloads = ids.map(|id| Change::PutPayload(TaskId::new(id), payload.clone()));
    [Change::PutCounters(counters)].into_iter().chain(rows).chain(payloads).collect()
}

fn log_id(index: u64) -> LogId {
    LogId { term: 1, node: NodeId::new(1), index: LogIndex::new(index) }
}

criterion_group!(benches, commit);
criterion_main!(benches);
