//! How many fsyncs the log makes.

use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use ferry_types::{LogIndex, NodeId};

use super::{Flushed, Log, LogOptions};
use crate::{LogEntry, LogId, Payload, Vote};

fn fsyncs(log: &Log) -> u64 {
    log.core.read().engine.stat().flush_metrics.sync_batch_count
}

fn callback() -> (Flushed, Receiver<()>) {
    let (tell, told) = channel();
    let done = move |result: std::io::Result<()>| {
        result.expect("reach the disk");
        tell.send(()).expect("the test listens");
    };
    (Box::new(done), told)
}

fn wait(told: &Receiver<()>) {
    told.recv_timeout(Duration::from_secs(20)).expect("an answer in time");
}

fn id(index: u64) -> LogId {
    LogId { term: 1, node: NodeId::new(1), index: LogIndex::new(index) }
}

#[test]
fn nothing_is_acknowledged_without_an_fsync() {
    let dir = tempfile::tempdir().expect("a directory");
    let log = Log::open(dir.path(), LogOptions::default()).expect("a log");
    let entry = |index| LogEntry { id: id(index), payload: Payload::Blank };
    type Write<'a> = Box<dyn Fn(Flushed) -> Result<(), crate::StoreError> + 'a>;
    let writes: [Write<'_>; 4] = [
        Box::new(|done| log.append(vec![entry(0), entry(1)], done)),
        Box::new(|done| log.save_vote(Vote { term: 2, ..Vote::default() }, done)),
        Box::new(|done| log.truncate_after(Some(id(0)), done)),
        Box::new(|done| log.purge(id(0), done)),
    ];
    for write in writes {
        let before = fsyncs(&log);
        let (done, told) = callback();
        write(done).expect("write");
        wait(&told);
        assert!(fsyncs(&log) > before);
    }
}

#[test]
fn one_fsync_serves_all_who_queued() {
    let dir = tempfile::tempdir().expect("a directory");
    let log = Log::open(dir.path(), LogOptions::default()).expect("a log");
    let before = fsyncs(&log);
    let held = log.core.write();
    let told: Vec<Receiver<()>> = (0..100)
        .map(|_| {
            let (done, told) = callback();
            log.flusher.enqueue(done);
            told
        })
        .collect();
    drop(held);
    told.iter().for_each(wait);
    let fsyncs = fsyncs(&log) - before;
    assert!((1..=2).contains(&fsyncs), "{fsyncs} fsyncs: one may have begun with the first alone");
}

#[test]
fn noting_what_is_committed_makes_no_fsync() {
    let dir = tempfile::tempdir().expect("a directory");
    let log = Log::open(dir.path(), LogOptions::default()).expect("a log");
    let (done, told) = callback();
    log.append(vec![LogEntry { id: id(0), payload: Payload::Blank }], done).expect("append");
    wait(&told);
    let before = fsyncs(&log);
    log.save_committed(id(0)).expect("note what is committed");
    assert_eq!(log.state().committed, Some(id(0)));
    assert_eq!(fsyncs(&log), before);
}
