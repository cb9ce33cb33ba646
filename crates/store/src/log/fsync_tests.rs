//! How many fsyncs the log makes.

use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use ferry_types::{LogIndex, NodeId};

use super::{Flushed, Log, LogOptions};
use crate::{LogEntry, LogId, Payload, Vote};

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

fn entry(index: u64) -> LogEntry {
    LogEntry { id: id(index), payload: Payload::Blank }
}

#[test]
fn nothing_is_acknowledged_without_an_fsync() {
    let dir = tempfile::tempdir().expect("a directory");
    let log = Log::open(dir.path(), LogOptions::default()).expect("a log");
    type Write<'a> = Box<dyn Fn(Flushed) -> Result<(), crate::StoreError> + 'a>;
    let writes: [Write<'_>; 4] = [
        Box::new(|done| log.append(vec![entry(0), entry(1)], done)),
        Box::new(|done| log.save_vote(Vote { term: 2, ..Vote::default() }, done)),
        Box::new(|done| log.truncate_after(Some(id(0)), done)),
        Box::new(|done| log.purge(id(0), done)),
    ];
    for write in writes {
        let before = log.fsyncs();
        let (done, told) = callback();
        write(done).expect("write");
        wait(&told);
        assert!(log.fsyncs() > before);
    }
}

#[test]
fn one_fsync_serves_all_who_queued() {
    let dir = tempfile::tempdir().expect("a directory");
    let log = Log::open(dir.path(), LogOptions::default()).expect("a log");
    let (go_on, held) = channel();
    let (tell, is_held) = channel();
    let hold = move |_: std::io::Result<()>| {
        tell.send(()).expect("the test listens");
        held.recv().expect("the test goes on");
    };
    log.append(vec![entry(0)], Box::new(hold)).expect("append");
    wait(&is_held);
    let before = log.fsyncs();
    let told: Vec<Receiver<()>> = (1..100)
        .map(|index| {
            let (done, told) = callback();
            log.append(vec![entry(index)], done).expect("append");
            told
        })
        .collect();
    go_on.send(()).expect("the writer waits");
    told.iter().for_each(wait);
    assert_eq!(log.fsyncs() - before, 1);
}

#[test]
fn noting_what_is_committed_makes_no_fsync() {
    let dir = tempfile::tempdir().expect("a directory");
    let log = Log::open(dir.path(), LogOptions::default()).expect("a log");
    let (done, told) = callback();
    log.append(vec![entry(0)], done).expect("append");
    wait(&told);
    let before = log.fsyncs();
    log.save_committed(id(0)).expect("note what is committed");
    assert_eq!(log.state().committed, Some(id(0)));
    assert_eq!(log.fsyncs(), before);
}
