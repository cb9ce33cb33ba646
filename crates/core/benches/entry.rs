//! How long it takes to encode and to decode an entry.
//!
//! `cargo bench -p ferry-core --bench entry`

use std::hint::black_box;

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ferry_core::command::{Enqueue, NewTask, TableLimits};
use ferry_core::{Command, Entry, Proposal};
use ferry_types::limits::{EVENTS_MAX, FINISHED_TASKS_MAX, IDEMPOTENCY_KEYS_MAX};
use prost::Message;

const COMMANDS: [usize; 3] = [1, 64, 1_000];
const PAYLOAD_BYTES: usize = 256;

fn encode_and_decode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("entry");
    for commands in COMMANDS {
        let entry = entry(commands);
        group.throughput(Throughput::Elements(commands as u64));
        group.bench_function(format!("encode/{commands}-commands"), |bencher| {
            bencher.iter(|| black_box(&entry).encode_to_vec());
        });
        let encoded = Bytes::from(entry.encode_to_vec());
        group.bench_function(format!("decode/{commands}-commands"), |bencher| {
            bencher.iter(|| Entry::decode(encoded.clone()).expect("an entry was encoded"));
        });
    }
}

/// So many enqueues of one task.
fn entry(commands: usize) -> Entry {
    let payload = Bytes::from(vec![b'x'; PAYLOAD_BYTES]);
    let task = NewTask { payload, priority: 4, ..NewTask::default() };
    let enqueue = Enqueue { queue: "mail".into(), tasks: vec![task], create_queue: true };
    let proposal = Proposal { command: Some(Command::Enqueue(enqueue)), idempotency: None };
    Entry {
        at_ms: 1_800_000_000_000,
        limits: TableLimits {
            idempotency_keys_max: IDEMPOTENCY_KEYS_MAX,
            finished_tasks_max: FINISHED_TASKS_MAX,
            events_max: EVENTS_MAX,
        },
        proposals: vec![proposal; commands],
        node: 1,
    }
}

criterion_group!(benches, encode_and_decode);
criterion_main!(benches);
