//! Snapshots: of one entry, whole, and kept as long as someone reads them.

use std::io::Read;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use ferry_store::{Installed, Snapshot, SnapshotFile, State, StateOptions, StoreError};

use crate::disk;
use crate::history::History;
use crate::state::{check, open, write};

fn content(snapshot: &Snapshot, name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut file = snapshot.open(name).expect("open a file of a snapshot");
    file.read_to_end(&mut bytes).expect("read a file of a snapshot");
    bytes
}

/// Sends a snapshot to another state, in small pieces.
fn send(snapshot: &Snapshot, to: &State) -> Result<Snapshot, StoreError> {
    let mut incoming = to.receive()?;
    for SnapshotFile { name, bytes, crc32 } in snapshot.files() {
        incoming.start_file(name, *bytes, *crc32)?;
        for chunk in content(snapshot, name).chunks(1000) {
            incoming.write(chunk)?;
        }
    }
    incoming.finish()
}

fn directories(dir: &Path) -> (usize, usize) {
    (disk::paths(&dir.join("state")).len(), disk::paths(&dir.join("snapshots")).len())
}

#[test]
fn a_snapshot_is_of_the_last_applied_entry_and_survives_a_restart() {
    let dir = tempfile::tempdir().expect("a directory");
    let state = open(dir.path()).state;
    let history = write(&state, 47);
    let snapshot = state.snapshot().expect("take a snapshot");
    assert_eq!(snapshot.meta().last, history.applied);
    assert_eq!(snapshot.meta().membership, history.membership);
    for SnapshotFile { name, bytes, crc32 } in snapshot.files() {
        let content = content(&snapshot, name);
        assert_eq!((content.len() as u64, crc32fast::hash(&content)), (*bytes, *crc32), "{name}");
    }
    let (meta, files) = (snapshot.meta().clone(), snapshot.files().to_vec());
    drop((snapshot, state));
    let current = open(dir.path()).state.current_snapshot().expect("look").expect("a snapshot");
    assert_eq!((current.meta(), current.files()), (&meta, files.as_slice()));
}

#[test]
fn a_snapshot_writes_out_what_it_holds() {
    let dir = tempfile::tempdir().expect("a directory");
    let state = open(dir.path()).state;
    let history = write(&state, 30);
    state.snapshot().expect("take a snapshot");
    let crashed = tempfile::tempdir().expect("a directory");
    disk::copy(dir.path(), crashed.path());
    assert_eq!(check(crashed.path()).applied, history.applied);
}

#[test]
fn the_former_snapshot_goes_when_nobody_reads_it() {
    let dir = tempfile::tempdir().expect("a directory");
    let state = open(dir.path()).state;
    let mut history = write(&state, 10);
    let first = state.snapshot().expect("take a snapshot");
    history.commit(&state);
    let second = state.snapshot().expect("take a snapshot");
    assert!(second.meta().last > first.meta().last);
    assert_eq!(directories(dir.path()).1, 2);
    for file in first.files() {
        assert_eq!(crc32fast::hash(&content(&first, &file.name)), file.crc32);
    }
    drop(first);
    assert_eq!(directories(dir.path()).1, 1);
    drop((second, state));
    assert_eq!(directories(dir.path()).1, 1, "the current one stays");
}

#[test]
fn a_snapshot_of_nothing_new_is_the_one_before() {
    let dir = tempfile::tempdir().expect("a directory");
    let state = open(dir.path()).state;
    write(&state, 10);
    state.snapshot().expect("take a snapshot");
    let before = disk::paths(&dir.path().join("snapshots"));
    state.snapshot().expect("take a snapshot");
    assert_eq!(disk::paths(&dir.path().join("snapshots")), before);
}

#[test]
fn a_snapshot_taken_between_commits_is_of_one_entry() {
    let dir = tempfile::tempdir().expect("a directory");
    let state = open(dir.path()).state;
    let stop = AtomicBool::new(false);
    let snapshots = std::thread::scope(|scope| {
        let committer = scope.spawn(|| {
            let mut history = History::default();
            while !stop.load(Ordering::Relaxed) {
                history.commit(&state);
            }
        });
        let mut snapshots: Vec<Snapshot> = Vec::new();
        while snapshots.len() < 6 {
            snapshots.push(state.snapshot().expect("take a snapshot"));
        }
        stop.store(true, Ordering::Relaxed);
        committer.join().expect("the committer ends");
        snapshots
    });
    for snapshot in &snapshots {
        let other = tempfile::tempdir().expect("a directory");
        let theirs = open(other.path()).state;
        let received = send(snapshot, &theirs).expect("send a snapshot");
        assert_eq!(received.meta(), snapshot.meta());
        let Installed { machine, applied, membership } =
            theirs.install(&received).expect("install");
        let history = History::until(snapshot.meta().last);
        assert_eq!((applied, membership), (history.applied, history.membership.clone()));
        history.check(&machine, &theirs);
    }
    assert!(snapshots[5].meta().last > snapshots[0].meta().last, "nothing was committed meanwhile");
}

#[test]
fn an_installed_snapshot_is_the_state_and_the_current_snapshot() {
    let [ours, other] = [(); 2].map(|()| tempfile::tempdir().expect("a directory"));
    let sender = open(ours.path()).state;
    let history = write(&sender, 64);
    let snapshot = sender.snapshot().expect("take a snapshot");

    let state = open(other.path()).state;
    let mut behind = write(&state, 12);
    let own = state.snapshot().expect("take a snapshot");
    behind.commit(&state);
    let received = send(&snapshot, &state).expect("send a snapshot");
    assert_eq!(state.current_snapshot().expect("look").expect("one").meta(), own.meta());
    let installed = state.install(&received).expect("install");
    assert_eq!(installed.applied, history.applied);
    history.check(&installed.machine, &state);
    drop((own, received));
    assert_eq!(directories(other.path()), (1, 1), "what does not count is gone");

    // The new state goes on like any other.
    let mut history = history;
    history.commit(&state);
    let next = state.snapshot().expect("take a snapshot");
    assert_eq!(next.meta().last, history.applied);
    drop((next, state));
    assert_eq!(check(other.path()).applied, history.applied);
}

#[test]
fn a_received_snapshot_that_was_not_installed_leaves_nothing() {
    let [ours, other] = [(); 2].map(|()| tempfile::tempdir().expect("a directory"));
    let sender = open(ours.path()).state;
    write(&sender, 20);
    let snapshot = sender.snapshot().expect("take a snapshot");
    let state = open(other.path()).state;
    let received = send(&snapshot, &state).expect("send a snapshot");
    let crashed = tempfile::tempdir().expect("a directory");
    disk::copy(other.path(), crashed.path());
    drop(received);
    assert_eq!(directories(other.path()), (1, 0));
    let state = open(crashed.path()).state;
    assert!(state.current_snapshot().expect("look").is_none());
    assert_eq!(directories(crashed.path()), (1, 0));
}

#[test]
fn a_snapshot_that_is_not_what_was_announced_is_refused() {
    let dir = tempfile::tempdir().expect("a directory");
    let state = open(dir.path()).state;
    write(&state, 20);
    let snapshot = state.snapshot().expect("take a snapshot");
    let name = snapshot.files()[0].name.clone();
    let refused = |result: Result<(), StoreError>| {
        let Err(StoreError::Io { source, .. }) = result else { panic!("not refused") };
        assert_eq!(source.kind(), std::io::ErrorKind::InvalidData);
    };
    let receive = || state.receive().expect("receive");
    for bad in ["", ".", "..", "../x", "a/b", "/etc/passwd", ".hidden", "a\0b", &"x".repeat(101)] {
        refused(receive().start_file(bad, 0, 0));
    }
    let mut twice = receive();
    twice.start_file(&name, 0, 0).expect("begin a file");
    refused(twice.start_file(&name, 0, 0));
    let mut long = receive();
    refused(long.write(b"x"));
    long.start_file(&name, 2, 0).expect("begin a file");
    refused(long.write(b"xxx"));
    let mut short = receive();
    short.start_file(&name, 2, crc32fast::hash(b"xx")).expect("begin a file");
    short.write(b"x").expect("write");
    refused(short.finish().map(drop));
    let mut wrong = receive();
    wrong.start_file(&name, 2, crc32fast::hash(b"xx")).expect("begin a file");
    wrong.write(b"xy").expect("write");
    refused(wrong.finish().map(drop));
    refused(receive().finish().map(drop));
    drop((twice, long));
    assert_eq!(directories(dir.path()), (1, 1));
}

#[test]
fn a_snapshot_whose_files_are_gone_is_refused_at_the_start() {
    let dir = tempfile::tempdir().expect("a directory");
    let state = open(dir.path()).state;
    write(&state, 20);
    state.snapshot().expect("take a snapshot");
    drop(state);
    let snapshot = disk::paths(&dir.path().join("snapshots")).remove(0);
    std::fs::remove_file(snapshot.join("manifest")).expect("remove the manifest");
    let refused = State::open(dir.path(), StateOptions::default()).err();
    assert!(matches!(refused, Some(StoreError::Corrupt { .. })), "{refused:?}");
}
