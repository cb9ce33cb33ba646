//! What the state promises while nothing goes wrong.

use std::fs;

use ferry_core::Change;
use ferry_core::row::TaskRow;
use ferry_store::{Opened, State, StateOptions, StoreError};
use ferry_types::TaskId;

use crate::disk;
use crate::history::History;
use crate::writer::id;

pub(crate) fn open(dir: &std::path::Path) -> Opened {
    State::open(dir, StateOptions::default()).expect("open the state")
}

/// Writes a history of `entries` entries into a state.
pub(crate) fn write(state: &State, entries: u64) -> History {
    let mut history = History::default();
    for _ in 0..entries {
        history.commit(state);
    }
    history
}

/// The state in `dir` must be a history, as far as it says itself.
pub(crate) fn check(dir: &std::path::Path) -> History {
    let opened = open(dir);
    let history = History::until(opened.applied);
    assert_eq!(opened.applied, history.applied);
    assert_eq!(opened.membership, history.membership);
    history.check(&opened.machine, &opened.state);
    history
}

#[test]
fn an_empty_state_is_of_no_entry() {
    let dir = tempfile::tempdir().expect("a directory");
    for _ in 0..2 {
        let opened = open(dir.path());
        assert_eq!(opened.applied, None);
        assert_eq!(opened.membership, Default::default());
        assert_eq!(opened.machine.next_task(), TaskId::new(1));
        assert!(opened.state.current_snapshot().expect("look").is_none());
    }
}

#[test]
fn what_was_committed_is_there_after_a_restart() {
    let dir = tempfile::tempdir().expect("a directory");
    let opened = open(dir.path());
    let history = write(&opened.state, 120);
    history.check(&history.machine, &opened.state);
    opened.state.flush().expect("flush");
    drop(opened);
    assert_eq!(check(dir.path()).applied, history.applied);
}

#[test]
fn a_deleted_task_takes_its_payload_and_its_result_along() {
    let dir = tempfile::tempdir().expect("a directory");
    let state = open(dir.path()).state;
    let [one, two] = [TaskId::new(1), TaskId::new(2)];
    let put = [
        Change::PutTask(TaskRow { id: 1, ..Default::default() }),
        Change::PutPayload(one, "one".into()),
        Change::PutResult(one, "done".into()),
        Change::PutPayload(two, "two".into()),
    ];
    state.commit(id(1, 1), None, &put).expect("commit");
    let read = || {
        let payloads = state.payloads(&[two, TaskId::new(3), one]).expect("read payloads");
        (payloads, state.result(one).expect("read a result"))
    };
    let two_is_there = vec![Some("two".into()), None];
    let with = |last| [two_is_there.clone(), vec![last]].concat();
    assert_eq!(read(), (with(Some("one".into())), Some("done".into())));
    state.commit(id(1, 2), None, &[Change::DeleteTask(one)]).expect("commit");
    assert_eq!(read(), (with(None), None));
}

#[test]
fn a_state_without_its_directory_or_its_mark_is_refused() {
    let dir = tempfile::tempdir().expect("a directory");
    let opened = open(dir.path());
    write(&opened.state, 20);
    opened.state.flush().expect("flush");
    drop(opened);
    for lost in ["current", "state/1"] {
        let damaged = tempfile::tempdir().expect("a directory");
        disk::copy(dir.path(), damaged.path());
        let path = damaged.path().join(lost);
        if path.is_dir() {
            fs::remove_dir_all(path).expect("remove a directory");
        } else {
            fs::remove_file(path).expect("remove a file");
        }
        let refused = State::open(damaged.path(), StateOptions::default()).err();
        assert!(matches!(refused, Some(StoreError::Corrupt { .. })), "without {lost}: {refused:?}");
    }
}

#[test]
fn a_state_that_a_crash_left_unfinished_is_begun_again() {
    let dir = tempfile::tempdir().expect("a directory");
    drop(open(dir.path()));
    fs::remove_file(dir.path().join("current")).expect("remove the mark");
    assert_eq!(open(dir.path()).applied, None);
}

#[test]
fn a_flipped_bit_in_a_table_is_refused() {
    let dir = tempfile::tempdir().expect("a directory");
    let opened = open(dir.path());
    write(&opened.state, 60);
    opened.state.flush().expect("flush");
    drop(opened);
    let is_table = |path: &std::path::PathBuf| path.extension().is_some_and(|end| end == "sst");
    let table = disk::paths(&dir.path().join("state/1")).into_iter().find(is_table);
    let table = table.expect("a flushed state has a table");
    // The first block holds the rows that every start reads.
    for byte in (8..200).step_by(9) {
        disk::flip(&table, byte, 2);
        let refused = State::open(dir.path(), StateOptions::default()).err();
        assert!(matches!(refused, Some(StoreError::Corrupt { .. })), "byte {byte}: {refused:?}");
        disk::flip(&table, byte, 2);
    }
    check(dir.path());
}
