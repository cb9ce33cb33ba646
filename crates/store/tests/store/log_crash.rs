//! A crash at every byte: what a callback has vouched for is there, and nothing that was not
//! written (G1).

use std::path::Path;

use ferry_store::{Log, LogEntry, StoreError, Vote};

use crate::disk;
use crate::writer::{SMALL, all, append, durably, entries, entry, open, vote};

/// What was on disk, for sure, when a callback came.
struct Mark {
    segment: String,
    bytes: u64,
    entries: u64,
    vote: Option<Vote>,
}

impl Mark {
    fn now(log_dir: &Path, log: &Log) -> Self {
        let newest = disk::segments(log_dir).pop().expect("a log has a segment");
        Self {
            segment: name(&newest),
            bytes: disk::length(&newest),
            entries: all(log).len() as u64,
            vote: log.state().vote,
        }
    }
}

fn name(path: &Path) -> String {
    path.file_name().expect("a segment has a name").to_string_lossy().into_owned()
}

/// Writes a log of `count` entries with a vote after every seventh, and marks each step.
fn write(dir: &Path, count: u64) -> (Log, Vec<Mark>) {
    let log = open(dir);
    let mut marks = vec![Mark::now(dir, &log)];
    for index in 0..count {
        append(&log, vec![entry(1, index)]);
        marks.push(Mark::now(dir, &log));
        if index % 7 == 6 {
            durably(|done| log.save_vote(vote(index), done));
            marks.push(Mark::now(dir, &log));
        }
    }
    (log, marks)
}

/// What must be there of a log whose newest segment is `segment`, cut at `bytes`.
fn vouched<'a>(marks: &'a [Mark], segment: &str, bytes: u64) -> Option<&'a Mark> {
    let on_disk = |mark: &&Mark| mark.segment.as_str() < segment || mark.bytes <= bytes;
    marks.iter().take_while(on_disk).last()
}

#[test]
fn a_crash_at_any_byte_leaves_all_that_was_vouched_for() {
    let image = tempfile::tempdir().expect("a directory");
    let (log, marks) = write(image.path(), 33);
    let expected = all(&log);
    let segment = disk::segments(image.path()).pop().expect("a log has a segment");
    let first = marks.iter().find(|mark| mark.segment == name(&segment));
    let begun = first.expect("the newest segment holds something").bytes;
    for bytes in 0..=disk::length(&segment) {
        let crashed = tempfile::tempdir().expect("a directory");
        disk::copy(image.path(), crashed.path());
        disk::cut(&crashed.path().join("segments").join(name(&segment)), bytes);
        let log = match Log::open(crashed.path(), SMALL) {
            Ok(log) => log,
            // No crash takes the beginning of a segment that holds something acknowledged.
            Err(StoreError::Corrupt { .. }) if bytes < begun => continue,
            Err(other) => panic!("a torn end is no damage: {other}"),
        };
        check_prefix(&all(&log), &expected);
        let mark = vouched(&marks, &name(&segment), bytes).expect("the first mark is of a new log");
        assert!(all(&log).len() as u64 >= mark.entries, "entries are lost after {bytes} bytes");
        assert!(log.state().vote >= mark.vote, "a vote is lost after {bytes} bytes");
        check_goes_on(log, crashed.path());
    }
}

/// A log that was cut can be written, closed and opened as any other.
fn check_goes_on(log: Log, dir: &Path) {
    let next = all(&log).len() as u64;
    append(&log, entries(9, next..next + 3));
    durably(|done| log.save_vote(vote(100), done));
    let expected = all(&log);
    drop(log);
    let log = open(dir);
    assert_eq!(all(&log), expected);
    assert_eq!(log.state().vote, Some(vote(100)));
}

fn check_prefix(found: &[LogEntry], expected: &[LogEntry]) {
    assert_eq!(found, &expected[..found.len()]);
}

#[test]
fn an_unwritten_end_of_zeros_is_cut_off() {
    let image = tempfile::tempdir().expect("a directory");
    let (log, _) = write(image.path(), 20);
    let expected = all(&log);
    let segment = disk::segments(image.path()).pop().expect("a log has a segment");
    for zeros in [1, 8, 100, 5000] {
        let crashed = tempfile::tempdir().expect("a directory");
        disk::copy(image.path(), crashed.path());
        let torn = crashed.path().join("segments").join(name(&segment));
        disk::cut(&torn, disk::length(&torn) + zeros);
        let log = Log::open(crashed.path(), SMALL).expect("a torn end is no damage");
        assert_eq!(all(&log), expected);
        check_goes_on(log, crashed.path());
    }
}
