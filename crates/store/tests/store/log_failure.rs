//! A disk that fails once is never believed again (G10).

use std::fs;
use std::path::Path;

use ferry_store::StoreError;

use crate::writer::{all, append, callback, durably, entries, entry, id, open, vote, wait};
use crate::{child, disk};

/// Every call fails, and the callback of none says that it is on disk.
fn check_failed_for_good(log: &ferry_store::Log) {
    let (done, answer) = callback();
    assert!(log.append(vec![entry(1, 1000)], done).is_err());
    assert!(answer.recv().is_err(), "a call that fails drops its callback");
    assert!(log.save_vote(vote(1000), callback().0).is_err());
    assert!(log.purge(id(1, 1), callback().0).is_err());
    assert!(log.truncate_after(Some(id(1, 1)), callback().0).is_err());
    assert!(log.save_committed(id(1, 1)).is_err());
    let error = log.read(0, 1, None).expect_err("a failed log is not read");
    assert!(error.to_string().contains("the log has failed"), "{error}");
}

#[test]
fn a_log_whose_writer_has_stopped_acknowledges_nothing() {
    let dir = tempfile::tempdir().expect("a directory");
    let log = open(dir.path());
    append(&log, entries(1, 0..30));
    fs::remove_file(&disk::segments(dir.path())[0]).expect("remove a segment");
    // The purge itself is written; its files cannot be removed any more, which stops the writer.
    durably(|done| log.purge(id(1, 20), done));
    let mut refused = false;
    for index in 30..40 {
        let (done, answer) = callback();
        refused |= log.append(vec![entry(1, index)], done).is_err() || wait(&answer).is_err();
    }
    assert!(refused);
    check_failed_for_good(&log);
}

#[test]
fn a_segment_that_cannot_be_begun_stops_the_log() {
    let dir = tempfile::tempdir().expect("a directory");
    let log = open(dir.path());
    append(&log, entries(1, 0..3));
    fs::rename(dir.path().join("segments"), dir.path().join("gone")).expect("move the segments");
    let refused = (3..40).find_map(|index| {
        let (done, answer) = callback();
        log.append(vec![entry(1, index)], done)
            .and_then(|()| {
                wait(&answer).map_err(|source| StoreError::Io {
                    doing: "wait for",
                    path: dir.path().to_owned(),
                    source,
                })
            })
            .err()
    });
    assert!(refused.is_some(), "no segment was begun");
    check_failed_for_good(&log);
}

#[test]
fn a_write_that_fails_is_refused_and_all_before_it_is_kept() {
    if let Some(dir) = child::part() {
        return write_until_full(&dir);
    }
    let dir = tempfile::tempdir().expect("a directory");
    // A limit on the size of files stands in for a full disk.
    let name = "log_failure::a_write_that_fails_is_refused_and_all_before_it_is_kept";
    let mut child = child::command(name, dir.path(), "trap '' XFSZ; ulimit -f 4096;");
    let output = child.output().expect("run the child");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let acknowledged = fs::read_to_string(dir.path().join("acknowledged")).expect("its report");
    let acknowledged: u64 = acknowledged.parse().expect("a number");

    let log = ferry_store::Log::open(&dir.path().join("log"), Default::default()).expect("open");
    let found = all(&log);
    assert!(found.len() as u64 >= acknowledged, "{} of {acknowledged}", found.len());
    assert_eq!(found, entries(1, 0..found.len() as u64));
}

fn write_until_full(dir: &Path) {
    let log = ferry_store::Log::open(&dir.join("log"), Default::default()).expect("open");
    for index in 0..20_000 {
        let (done, answer) = callback();
        log.append(vec![entry(1, index)], done).expect("append");
        if wait(&answer).is_err() {
            assert!(index > 10, "the limit is too low to show anything");
            check_failed_for_good(&log);
            fs::write(dir.join("acknowledged"), index.to_string()).expect("report");
            return;
        }
    }
    panic!("the limit was never reached");
}

#[test]
fn an_entry_that_leaves_a_gap_is_refused_and_the_log_is_whole() {
    let dir = tempfile::tempdir().expect("a directory");
    let log = open(dir.path());
    append(&log, entries(1, 0..5));
    assert!(log.append(vec![entry(1, 6)], callback().0).is_err());
    check_failed_for_good(&log);
    drop(log);
    assert_eq!(all(&open(dir.path())), entries(1, 0..5));
}
