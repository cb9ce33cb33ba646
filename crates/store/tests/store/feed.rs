//! The change feed as it is read back, and the digest of a state.

use std::sync::mpsc::channel;

use ferry_core::Change;
use ferry_core::row::EventRow;
use ferry_store::State;
use ferry_types::LogIndex;

use crate::state::{open, write};
use crate::writer::id;

fn digest(state: &State) -> [u8; 32] {
    let (send, sum) = channel();
    state.digest(move |sum| send.send(sum).expect("the test waits")).expect("a thread");
    sum.recv().expect("the thread answers").expect("the rows can be read")
}

fn indexes(state: &State, after: u64, bytes_max: usize) -> Vec<u64> {
    let rows = state.events(LogIndex::new(after), bytes_max).expect("read events");
    rows.iter().map(|row| row.index).collect()
}

#[test]
fn events_are_read_in_the_order_of_the_log() {
    let dir = tempfile::tempdir().expect("a directory");
    let state = open(dir.path()).state;
    let put = |index| Change::PutEvents(EventRow { index, at_ms: 1, ..EventRow::default() });
    state.commit(id(1, 300), None, &[put(3), put(256), put(5), put(300)]).expect("commit");
    assert_eq!(indexes(&state, 0, usize::MAX), [3, 5, 256, 300]);
    assert_eq!(indexes(&state, 3, usize::MAX), [5, 256, 300]);
    assert_eq!(indexes(&state, 4, 9), [5, 256]);
    assert_eq!(indexes(&state, 4, 0), [5], "one at least");
    assert_eq!(indexes(&state, 300, usize::MAX), [0; 0]);
    assert_eq!(indexes(&state, u64::MAX, usize::MAX), [0; 0]);
    let gone = [Change::DeleteEvents(LogIndex::new(3)), Change::DeleteEvents(LogIndex::new(4))];
    state.commit(id(1, 301), None, &gone).expect("commit");
    assert_eq!(indexes(&state, 0, usize::MAX), [5, 256, 300]);
}

#[test]
fn states_of_the_same_entry_have_the_same_digest() {
    let dirs = [tempfile::tempdir(), tempfile::tempdir()].map(|dir| dir.expect("a directory"));
    let [one, other] = dirs.each_ref().map(|dir| open(dir.path()).state);
    write(&one, 60);
    write(&other, 30);
    assert_ne!(digest(&one), digest(&other));
    other.flush().expect("flush");
    let mut history = crate::history::History::default();
    (0..30).for_each(|_| drop(history.step()));
    (30..60).for_each(|_| history.commit(&other));
    assert_eq!(digest(&one), digest(&other), "files are no part of the state");
    one.flush().expect("flush");
    drop(one);
    assert_eq!(digest(&open(dirs[0].path()).state), digest(&other));
}

#[test]
fn a_digest_is_of_the_moment_when_it_was_asked_for() {
    let dir = tempfile::tempdir().expect("a directory");
    let state = open(dir.path()).state;
    let mut history = write(&state, 60);
    let before = digest(&state);
    let (send, sum) = channel();
    state.digest(move |sum| send.send(sum).expect("the test waits")).expect("a thread");
    history.commit(&state);
    let sum = sum.recv().expect("the thread answers").expect("the rows can be read");
    assert_eq!(sum, before);
    assert_ne!(digest(&state), before);
}
