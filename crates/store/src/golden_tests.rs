//! What is on disk stays readable: the bytes of each kind are in `tests/golden` and never change.
//!
//! `FERRY_BLESS=1` writes files that are missing. It changes none: if one differs, the format is
//! broken, and the answer is a new tag.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;

use bytes::{Bytes, BytesMut};
use ferry_types::{LogIndex, NodeAddress, NodeId, TaskId};
use prost::Message;

use crate::identity::{IdentityRow, KnownDiskRow};
use crate::log::{HeadRow, Log, LogOptions, NewestRow, TruncatedRow};
use crate::row::{LogIdRow, StoredMembershipRow, VoteRow};
use crate::state::keyspace;
use crate::state::{CurrentRow, FileRow, ManifestRow};
use crate::{Flushed, LogEntry, LogId, Membership, Payload, Vote};

fn id() -> LogId {
    LogId { term: 7, node: NodeId::new(2), index: LogIndex::new(300) }
}

fn vote() -> Vote {
    Vote { term: 8, node: NodeId::new(3), committed: true }
}

fn membership() -> Membership {
    let node = |id: u64| {
        let address = NodeAddress {
            http: format!("http://127.0.0.1:710{id}"),
            peer: format!("127.0.0.1:720{id}"),
        };
        (NodeId::new(id), address)
    };
    let voters = |ids: &[u64]| ids.iter().copied().map(NodeId::new).collect();
    Membership {
        configs: vec![voters(&[1, 2]), voters(&[2, 3])],
        nodes: [1, 2, 3].map(node).into(),
    }
}

fn payloads() -> [(&'static str, Payload); 3] {
    [
        ("entry-blank", Payload::Blank),
        ("entry-commands", Payload::Commands(Bytes::from_static(b"an encoded entry"))),
        ("entry-membership", Payload::Membership(membership())),
    ]
}

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn is_blessing() -> bool {
    std::env::var_os("FERRY_BLESS").is_some()
}

/// Compares bytes with their file.
fn check(name: &str, bytes: &[u8]) {
    let path = golden().join(format!("{name}.hex"));
    let mut hex = String::new();
    for byte in bytes {
        write!(hex, "{byte:02x}").expect("a string grows as needed");
    }
    if is_blessing() && !path.exists() {
        fs::write(&path, format!("{hex}\n")).expect("the folder is writable");
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(hex, expected.trim(), "{name} is written otherwise than before");
}

/// Compares a message with its file, both ways.
fn check_message<M: Message + Default + PartialEq>(name: &str, message: &M) {
    let bytes = message.encode_to_vec();
    check(name, &bytes);
    let read = M::decode(bytes.as_slice()).expect("a golden file can be read");
    assert!(read == *message, "{name} is read otherwise than before");
}

#[test]
fn log_entries_are_written_and_read_as_before() {
    for (name, payload) in payloads() {
        let entry = LogEntry { id: id(), payload };
        let mut bytes = BytesMut::new();
        entry.encode(&mut bytes);
        check(name, &bytes);
        assert_eq!(bytes.len(), entry.encoded_len());
        assert_eq!(LogEntry::decode(bytes.freeze()), Ok(entry));
    }
}

#[test]
fn a_decoded_entry_shares_the_bytes_it_came_in() {
    let entry = LogEntry { id: id(), payload: Payload::Commands(Bytes::from(vec![7; 1000])) };
    let mut bytes = BytesMut::new();
    entry.encode(&mut bytes);
    let bytes = bytes.freeze();
    let Ok(LogEntry { payload: Payload::Commands(commands), .. }) = LogEntry::decode(bytes.clone())
    else {
        panic!("not decoded");
    };
    let whole = bytes.as_ptr_range();
    assert!(whole.contains(&commands.as_ptr()), "the commands were copied");
}

#[test]
fn what_is_no_entry_is_refused() {
    let mut bytes = BytesMut::new();
    LogEntry { id: id(), payload: Payload::Blank }.encode(&mut bytes);
    for length in 0..bytes.len() {
        assert!(LogEntry::decode(bytes.clone().freeze().slice(..length)).is_err());
    }
    assert!(LogEntry::decode(Bytes::from_static(b"\xff\xff\xff")).is_err());
}

#[test]
fn rows_are_written_and_read_as_before() {
    check_message("log-id", &LogIdRow::from(id()));
    check_message("vote", &VoteRow::from(vote()));
    let stored = (Some(id()), membership());
    check_message("membership", &StoredMembershipRow::from(&stored));
    assert_eq!(<(Option<LogId>, Membership)>::from(StoredMembershipRow::from(&stored)), stored);
    let known = vec![KnownDiskRow { node: 2, disk: u64::MAX - 1 }];
    check_message("identity", &IdentityRow { cluster: "c".into(), node: 1, disk: 77, known });
    check_message("current", &CurrentRow { state: 4, snapshot: Some(0) });
    check_message("newest", &NewestRow { segment: 1 << 20 });
    let at = Some(LogIdRow::from(id()));
    let vote = Some(VoteRow::from(vote()));
    let head = HeadRow { previous_bytes: 9, vote, purged: at, last: at, committed: at };
    check_message("head", &head);
    check_message("truncated", &TruncatedRow { keep: at });
    let manifest = ManifestRow {
        last: Some(id().into()),
        membership: (&stored).into(),
        files: vec![FileRow { name: "CURRENT".into(), bytes: 16, crc32: u32::MAX }],
    };
    check_message("manifest", &manifest);
}

#[test]
fn keys_are_as_before() {
    let task = TaskId::new(0x0102_0304_0506_0708);
    check("key-applied", &keyspace::APPLIED_KEY);
    check("key-membership", &keyspace::MEMBERSHIP_KEY);
    check("key-counters", &keyspace::COUNTERS_KEY);
    check("key-queue", &keyspace::queue_key(0x0102_0304));
    check("key-task", &keyspace::task_key(task));
    check("key-payload", &keyspace::payload_key(task));
    check("key-result", &keyspace::result_key(task));
    check("key-idempotency", &keyspace::idempotency_key(0x0102_0304_0506_0708));
    check("key-ended", &keyspace::ended_key(task));
    check("key-limit", &keyspace::limit_key("mail"));
    check("key-worker", &keyspace::worker_key("w"));
    check("key-workflow", &keyspace::workflow_key(task));
    check("key-wait", &keyspace::wait_key(task, TaskId::new(9)));
    check("key-lane", &keyspace::lane_key(0x0102_0304, "alice"));
}

const OPTIONS: LogOptions = LogOptions { cache_bytes: 0, segment_bytes: 4096 };

/// A log with every kind of record, as an earlier version has left it.
fn write_log(dir: &Path) {
    let log = Log::open(dir, OPTIONS).expect("begin a log");
    // A sector tells how much was on disk before it: one write after the other.
    let durably = |write: &dyn Fn(Flushed) -> Result<(), crate::StoreError>| {
        let (tell, told) = channel();
        write(Box::new(move |result| tell.send(result).expect("the test listens"))).expect("write");
        told.recv().expect("an answer").expect("reach the disk");
    };
    durably(&|done| log.save_vote(vote(), done));
    for (index, (_, payload)) in payloads().into_iter().enumerate() {
        let id = LogId { index: LogIndex::new(index as u64), ..id() };
        let entry = LogEntry { id, payload };
        durably(&|done| log.append(vec![entry.clone()], done));
    }
    let at = |index| LogId { index: LogIndex::new(index), ..id() };
    log.save_committed(at(1)).expect("note what is committed");
    durably(&|done| log.truncate_after(Some(at(1)), done));
    durably(&|done| log.purge(at(0), done));
}

#[test]
fn an_old_log_can_be_opened() {
    let golden = golden().join("log");
    if is_blessing() && !golden.exists() {
        write_log(&golden);
        fs::remove_file(golden.join("LOCK")).expect("the lock is no part of it");
    }
    let dir = tempfile::tempdir().expect("a directory");
    let segment = "segments/0000000001.log";
    fs::create_dir(dir.path().join("segments")).expect("create a directory");
    for name in ["newest", segment] {
        fs::copy(golden.join(name), dir.path().join(name)).expect("copy the old log");
    }
    let log = Log::open(dir.path(), OPTIONS).expect("open the old log");
    let at = |index| LogId { index: LogIndex::new(index), ..id() };
    let state = log.state();
    assert_eq!(state.vote, Some(vote()));
    assert_eq!(
        (state.purged, state.last, state.committed),
        (Some(at(0)), Some(at(1)), Some(at(1)))
    );
    let [_, (_, commands), _] = payloads();
    assert_eq!(log.read(0, 9, None).expect("read"), [LogEntry { id: at(1), payload: commands }]);
    drop(log);

    let fresh = tempfile::tempdir().expect("a directory");
    write_log(fresh.path());
    let bytes = |dir: &Path| fs::read(dir.join(segment)).expect("read a segment");
    assert_eq!(bytes(fresh.path()), bytes(&golden), "a log is written otherwise than before");
}
