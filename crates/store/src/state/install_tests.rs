//! An installation that is cut off after each of its steps.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use ferry_core::Change;
use ferry_core::row::{CountersRow, QueueRow};
use ferry_types::{LogIndex, NodeId};
use tempfile::TempDir;

use super::install::Step;
use super::{Opened, State, StateOptions};
use crate::{LogId, Membership};

fn id(index: u64) -> LogId {
    LogId { term: 1, node: NodeId::new(1), index: LogIndex::new(index) }
}

fn open(dir: &Path) -> Opened {
    State::open(dir, StateOptions::default()).expect("open the state")
}

/// Commits an entry that renames the one queue after it.
fn commit(state: &State, index: u64) {
    let queue = QueueRow { id: 1, name: format!("q{index}"), ..Default::default() };
    let counters = CountersRow { next_task: 1, next_token: 1, next_queue: 2, ..Default::default() };
    let counters = CountersRow { next_idempotency: 1, now_ms: index, ..counters };
    let changes = [Change::PutQueue(queue), Change::PutCounters(counters)];
    let membership = (Some(id(index)), Membership::default());
    state.commit(id(index), Some(&membership), &changes).expect("commit");
}

/// What must hold of a state at any entry.
fn check(opened: &Opened, index: u64) {
    assert_eq!(opened.applied, Some(id(index)));
    assert_eq!(opened.membership.0, Some(id(index)));
    let names: Vec<String> =
        opened.machine.queues(None, 10).iter().map(|queue| queue.name.to_string()).collect();
    assert_eq!(names, [format!("q{index}")]);
}

/// What a crash at this moment leaves. RocksDB removes files that it needs no more at a time of its
/// own; a copy in which one is missing is of no moment at all, and is made again.
fn crash(dir: &Path) -> TempDir {
    const TRIES: usize = 100;
    for _ in 0..TRIES {
        let crashed = tempfile::tempdir().expect("a directory");
        match copy(dir, crashed.path()) {
            Ok(()) => return crashed,
            Err(error) => assert_eq!(error.kind(), ErrorKind::NotFound, "copy the state: {error}"),
        }
    }
    panic!("the files never stay as they are");
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let target = to.join(path.file_name().expect("a listed path has a name"));
        if path.is_dir() {
            copy(&path, &target)?;
        } else {
            fs::copy(&path, &target)?;
        }
    }
    Ok(())
}

#[test]
fn a_crash_after_any_step_leaves_the_old_state_or_the_new_one() {
    const OLD: u64 = 3;
    const NEW: u64 = 9;
    let dir = tempfile::tempdir().expect("a directory");
    let state = open(dir.path()).state;
    commit(&state, NEW);
    let theirs = state.snapshot().expect("take a snapshot");
    // A second state that lags, in the same place, so that the snapshot need not travel.
    let lagging = tempfile::tempdir().expect("a directory");
    let behind = open(lagging.path()).state;
    commit(&behind, OLD);
    behind.flush().expect("flush");
    let mut incoming = behind.receive().expect("receive");
    for file in theirs.files() {
        let mut content = theirs.open(&file.name).expect("open a file");
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut content, &mut bytes).expect("read a file");
        incoming.start_file(&file.name, file.bytes, file.crc32).expect("begin a file");
        incoming.write(&bytes).expect("write a file");
    }
    let snapshot = incoming.finish().expect("receive a snapshot");

    let mut crashes = Vec::new();
    let installed = behind
        .install_step_by_step(&snapshot, |step| {
            crashes.push((step, crash(lagging.path())));
        })
        .expect("install");
    assert_eq!(installed.applied, Some(id(NEW)));

    let steps: Vec<Step> = crashes.iter().map(|(step, _)| *step).collect();
    assert_eq!(
        steps,
        [Step::Copied, Step::Synced, Step::Loaded, Step::Switched, Step::Served],
        "a step is not covered"
    );
    for (step, crashed) in crashes {
        let opened = open(crashed.path());
        check(&opened, if step < Step::Switched { OLD } else { NEW });
        let current = opened.state.current_snapshot().expect("look");
        let last = current.map(|snapshot| snapshot.meta().last);
        assert_eq!(last, (step >= Step::Switched).then_some(Some(id(NEW))), "after {step:?}");
        // It can be installed to and written as any other.
        commit(&opened.state, 20);
        opened.state.flush().expect("flush");
        drop(opened);
        check(&open(crashed.path()), 20);
    }
}

#[test]
fn who_reads_during_an_installation_reads_the_old_state_to_the_end() {
    let dir = tempfile::tempdir().expect("a directory");
    let state = open(dir.path()).state;
    commit(&state, 3);
    let old = state.db();
    let snapshot = state.snapshot().expect("take a snapshot");
    commit(&state, 4);
    state.install(&snapshot).expect("install");
    commit(&state, 5);
    let applied = |db: &super::Db| super::Meta::read(db).expect("read").applied;
    assert_eq!(applied(&old), Some(id(4)));
    assert_eq!(applied(&state.db()), Some(id(5)));
    let path = old.path().to_owned();
    assert!(path.is_dir());
    drop(old);
    assert!(!path.exists(), "the old state stays behind");
}
