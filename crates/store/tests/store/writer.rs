//! Writes to a log and waits for the disk.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use bytes::Bytes;
use ferry_store::{
    Flushed, Log, LogEntry, LogId, LogOptions, Membership, Payload, StoreError, Vote,
};
use ferry_types::{LogIndex, NodeAddress, NodeId};

const PATIENCE: Duration = Duration::from_secs(20);

/// Segments so small that a few entries fill one.
pub(crate) const SMALL: LogOptions = LogOptions { cache_bytes: 64, segment_bytes: 4096 };

pub(crate) fn open(dir: &Path) -> Log {
    Log::open(dir, SMALL).expect("open the log")
}

/// A callback, and where its answer arrives.
pub(crate) fn callback() -> (Flushed, Receiver<io::Result<()>>) {
    let (tell, answer) = channel();
    // A test that has failed does not listen any more.
    (Box::new(move |result| drop(tell.send(result))), answer)
}

pub(crate) fn wait(answer: &Receiver<io::Result<()>>) -> io::Result<()> {
    answer.recv_timeout(PATIENCE).expect("an answer in time")
}

/// Makes a change and waits until it is on disk.
pub(crate) fn durably(change: impl FnOnce(Flushed) -> Result<(), StoreError>) {
    let (done, answer) = callback();
    change(done).expect("change the log");
    wait(&answer).expect("reach the disk");
}

pub(crate) fn append(log: &Log, entries: Vec<LogEntry>) {
    durably(|done| log.append(entries, done));
}

pub(crate) fn id(term: u64, index: u64) -> LogId {
    LogId { term, node: NodeId::new(1), index: LogIndex::new(index) }
}

pub(crate) fn vote(term: u64) -> Vote {
    Vote { term, node: NodeId::new(2), committed: true }
}

/// An entry whose kind and content follow from its index.
pub(crate) fn entry(term: u64, index: u64) -> LogEntry {
    let payload = match index % 5 {
        0 => Payload::Blank,
        4 => Payload::Membership(membership(index)),
        _ => Payload::Commands(Bytes::from(vec![index as u8; 600 + index as usize % 7])),
    };
    LogEntry { id: id(term, index), payload }
}

pub(crate) fn membership(nodes: u64) -> Membership {
    let ids = 1..=nodes % 3 + 1;
    let address = |id: u64| NodeAddress {
        http: format!("http://127.0.0.1:{}", 7100 + id),
        peer: format!("127.0.0.1:{}", 7200 + id),
    };
    Membership {
        configs: vec![ids.clone().map(NodeId::new).collect()],
        nodes: ids.map(|id| (NodeId::new(id), address(id))).collect::<BTreeMap<_, _>>(),
    }
}

pub(crate) fn entries(term: u64, indices: std::ops::Range<u64>) -> Vec<LogEntry> {
    indices.map(|index| entry(term, index)).collect()
}

/// All that a log holds.
pub(crate) fn all(log: &Log) -> Vec<LogEntry> {
    log.read(0, u64::MAX, None).expect("read the log")
}
