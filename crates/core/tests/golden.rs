//! What is on disk stays readable: one instance of each command, reply, rejection and row, whose
//! bytes are in `tests/golden` and never change.
//!
//! `FERRY_BLESS=1` writes files that are missing. It changes none: if one differs, the format is
//! broken, and the answer is a new tag.

mod samples;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::PathBuf;

use prost::Message;
use samples::{commands, order, refusals, replies, rows, schedule, tick, workers, workflows};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// Compares a message with its file, both ways, and names the file.
fn check<M: Message + Default + PartialEq>((name, message): (&str, M)) -> String {
    let file = format!("{name}.hex");
    let path = folder().join(&file);
    let hex = hex(&message.encode_to_vec());
    if std::env::var_os("FERRY_BLESS").is_some() && !path.exists() {
        std::fs::write(&path, format!("{hex}\n")).expect("the folder is writable");
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(hex, golden.trim(), "{name} is written otherwise than before");
    let bytes = bytes(golden.trim());
    let read = M::decode(bytes.as_slice()).expect("a golden file can be read");
    assert!(read == message, "{name} is read otherwise than before");
    file
}

#[test]
fn every_encoding_is_as_it_was() {
    let mut files = BTreeSet::new();
    files.extend(commands().map(check));
    files.insert(check(tick()));
    files.extend(replies().map(check));
    files.extend(refusals().map(check));
    files.extend(check_rows());
    files.extend(check_order_rows());
    files.extend(check_worker_rows());
    files.extend(check_workflow_rows());
    files.extend(check_schedule_rows());
    let entries = std::fs::read_dir(folder()).expect("the folder is there");
    let there: BTreeSet<String> = entries
        .map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(files, there, "a golden file has no sample");
}

fn check_rows() -> [String; 12] {
    let rows = rows();
    [
        check(("row-counters", rows.counters)),
        check(("row-queue", rows.queue)),
        check(("row-queue-deleted", rows.queue_deleted)),
        check(("row-task", rows.task)),
        check(("row-idempotency", rows.idempotency)),
        check(("row-task-ended", rows.task_ended)),
        check(("row-ended", rows.ended)),
        check(("row-counters-with-events", rows.feed.counters)),
        check(("row-task-with-history", rows.feed.task)),
        check(("row-history", rows.feed.history)),
        check(("row-events", rows.feed.events)),
        check(("row-leaders", rows.feed.leaders)),
    ]
}

fn check_order_rows() -> [String; 5] {
    let rows = order::rows();
    [
        check(("row-counters-order", rows.counters)),
        check(("row-queue-order", rows.queue)),
        check(("row-task-order", rows.task)),
        check(("row-limit", rows.limit)),
        check(("row-lane", rows.lane)),
    ]
}

fn check_worker_rows() -> [String; 3] {
    let rows = workers::rows();
    [
        check(("row-worker", rows.worker)),
        check(("row-queue-assign", rows.queue)),
        check(("row-task-needs", rows.task)),
    ]
}

fn check_workflow_rows() -> [String; 3] {
    let rows = workflows::rows();
    [
        check(("row-task-workflow", rows.task)),
        check(("row-workflow", rows.workflow)),
        check(("row-wait", rows.wait)),
    ]
}

fn check_schedule_rows() -> [String; 4] {
    let rows = schedule::rows();
    [
        check(("row-counters-schedules", rows.counters)),
        check(("row-task-of-firing", rows.task)),
        check(("row-schedule", rows.schedule)),
        check(("row-schedule-every", rows.schedule_every)),
    ]
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        write!(text, "{byte:02x}").expect("a string takes everything");
    }
    text
}

fn bytes(hex: &str) -> Vec<u8> {
    let pairs = (0..hex.len() / 2).map(|place| &hex[2 * place..2 * place + 2]);
    pairs.map(|pair| u8::from_str_radix(pair, 16).expect("a golden file is hex")).collect()
}
