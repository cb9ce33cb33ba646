//! What the log promises while nothing goes wrong.

use ferry_store::{LogState, StoreError};

use crate::disk;
use crate::writer::{SMALL, all, append, callback, durably, entries, entry, id, open, vote, wait};

#[test]
fn an_empty_log_is_empty_and_stays_so() {
    let dir = tempfile::tempdir().expect("a directory");
    for _ in 0..2 {
        let log = open(dir.path());
        assert_eq!(log.state(), LogState::default());
        assert_eq!(all(&log), []);
    }
}

#[test]
fn what_was_written_is_there_after_a_restart() {
    let dir = tempfile::tempdir().expect("a directory");
    let log = open(dir.path());
    durably(|done| log.save_vote(vote(3), done));
    append(&log, entries(3, 0..50));
    log.save_committed(id(3, 40)).expect("note what is committed");
    let state = log.state();
    assert_eq!(state.vote, Some(vote(3)));
    assert_eq!(
        (state.purged, state.last, state.committed),
        (None, Some(id(3, 49)), Some(id(3, 40)))
    );
    append(&log, entries(3, 50..51));
    drop(log);

    let log = open(dir.path());
    assert_eq!(log.state(), LogState { last: Some(id(3, 50)), ..state });
    assert_eq!(all(&log), entries(3, 0..51));
    assert!(disk::segments(dir.path()).len() > 3, "the log has many segments");
}

#[test]
fn entries_can_be_read_before_they_are_on_disk() {
    let dir = tempfile::tempdir().expect("a directory");
    let log = open(dir.path());
    let (done, answer) = callback();
    let reader = log.clone();
    log.append(entries(1, 0..20), done).expect("append");
    assert_eq!(all(&reader), entries(1, 0..20));
    wait(&answer).expect("reach the disk");
}

#[test]
fn everyone_who_queues_is_answered_once_and_in_order() {
    let dir = tempfile::tempdir().expect("a directory");
    let log = open(dir.path());
    let (tell, answers) = std::sync::mpsc::channel();
    for index in 0..200 {
        let tell = tell.clone();
        let done = Box::new(move |result: std::io::Result<()>| {
            result.expect("reach the disk");
            tell.send(index).expect("the test listens");
        });
        log.append(vec![entry(1, index)], done).expect("append");
    }
    drop(tell);
    drop(log);
    assert_eq!(answers.iter().collect::<Vec<u64>>(), (0..200).collect::<Vec<u64>>());
}

#[test]
fn a_read_stops_at_its_bytes_but_not_before_the_first_entry() {
    let dir = tempfile::tempdir().expect("a directory");
    let log = open(dir.path());
    append(&log, entries(1, 0..30));
    let sizes: Vec<usize> = entries(1, 0..30).iter().map(|entry| entry.encoded_len()).collect();
    let read = |from, to, max| log.read(from, to, max).expect("read").len();
    assert_eq!(read(3, 30, Some(0)), 1);
    assert_eq!(read(3, 30, Some(sizes[3])), 1);
    assert_eq!(read(3, 30, Some(sizes[3] + 1)), 2);
    assert_eq!(read(3, 7, None), 4);
    assert_eq!(read(28, 90, None), 2);
    assert_eq!(read(30, 90, None), 0);
    assert_eq!(read(9, 9, None), 0);
}

#[test]
fn a_truncated_log_goes_on_in_a_later_term() {
    let dir = tempfile::tempdir().expect("a directory");
    let log = open(dir.path());
    append(&log, entries(1, 0..30));
    durably(|done| log.truncate_after(Some(id(1, 40)), done));
    assert_eq!(log.state().last, Some(id(1, 29)), "there is nothing behind entry 40");
    durably(|done| log.truncate_after(Some(id(1, 9)), done));
    assert_eq!(log.state().last, Some(id(1, 9)));
    append(&log, entries(2, 10..15));
    let expected = [entries(1, 0..10), entries(2, 10..15)].concat();
    assert_eq!(all(&log), expected);
    drop(log);

    let log = open(dir.path());
    assert_eq!(all(&log), expected);
    durably(|done| log.truncate_after(None, done));
    assert_eq!((all(&log), log.state().last), (vec![], None));
}

#[test]
fn a_purge_frees_the_segments_behind_it() {
    let dir = tempfile::tempdir().expect("a directory");
    let log = open(dir.path());
    append(&log, entries(1, 0..60));
    let (segments, bytes) = (disk::segments(dir.path()).len(), log.disk_bytes());
    durably(|done| log.purge(id(1, 50), done));
    assert_eq!(log.state().purged, Some(id(1, 50)));
    assert_eq!(all(&log), entries(1, 51..60));
    // Files go after the callback; the last handle waits for that.
    assert!(log.disk_bytes() < bytes);
    drop(log);
    assert!(disk::segments(dir.path()).len() < segments);
    assert!(!disk::spares(dir.path()).is_empty());

    let log = open(dir.path());
    assert_eq!(all(&log), entries(1, 51..60));
    assert_eq!(log.state().purged, Some(id(1, 50)));
}

#[test]
fn a_purge_past_the_end_moves_the_log_to_a_snapshot() {
    let dir = tempfile::tempdir().expect("a directory");
    let log = open(dir.path());
    append(&log, entries(1, 0..5));
    durably(|done| log.purge(id(4, 100), done));
    assert_eq!((log.state().last, log.state().purged), (Some(id(4, 100)), Some(id(4, 100))));
    append(&log, entries(4, 101..110));
    assert_eq!(all(&log), entries(4, 101..110));
    drop(log);
    assert_eq!(all(&open(dir.path())), entries(4, 101..110));
}

#[test]
fn a_commit_that_is_no_news_is_ignored() {
    let dir = tempfile::tempdir().expect("a directory");
    let log = open(dir.path());
    append(&log, entries(1, 0..10));
    for (index, expected) in [(5, 5), (3, 5), (20, 5), (9, 9)] {
        log.save_committed(id(1, index)).expect("note what is committed");
        assert_eq!(log.state().committed, Some(id(1, expected)));
    }
}

#[test]
fn an_idle_log_writes_nothing() {
    let dir = tempfile::tempdir().expect("a directory");
    append(&open(dir.path()), entries(1, 0..30));
    let image = || -> Vec<(std::path::PathBuf, u64)> {
        let segments = disk::segments(dir.path());
        segments.into_iter().map(|path| (path.clone(), disk::length(&path))).collect()
    };
    let before = image();
    drop(open(dir.path()));
    assert_eq!(image(), before, "opening and closing the log changed it");
}

#[test]
fn a_log_has_one_owner() {
    let dir = tempfile::tempdir().expect("a directory");
    let _log = open(dir.path());
    let second = ferry_store::Log::open(dir.path(), SMALL);
    assert!(matches!(second.err(), Some(StoreError::Io { .. })));
}

#[test]
fn a_recycled_segment_shows_nothing_of_its_first_life() {
    let dir = tempfile::tempdir().expect("a directory");
    let log = open(dir.path());
    let mut next = 0;
    for _ in 0..30 {
        append(&log, entries(1, next..next + 15));
        next += 15;
        durably(|done| log.purge(id(1, next - 3), done));
    }
    let files = disk::segments(dir.path()).len() + disk::spares(dir.path()).len();
    assert!(files < 10, "{files} files: they are not written over again");
    drop(log);
    for _ in 0..3 {
        let log = open(dir.path());
        assert_eq!(all(&log), entries(1, next - 2..next));
        append(&log, entries(1, next..next + 1));
        durably(|done| log.purge(id(1, next - 2), done));
        next += 1;
    }
}

#[test]
fn an_entry_larger_than_a_segment_has_one_of_its_own() {
    let dir = tempfile::tempdir().expect("a directory");
    let large = |index| {
        let payload = ferry_store::Payload::Commands(vec![7; 20_000].into());
        ferry_store::LogEntry { id: id(1, index), payload }
    };
    let log = open(dir.path());
    append(&log, vec![entry(1, 0), large(1), entry(1, 2)]);
    append(&log, vec![large(3), large(4)]);
    append(&log, entries(1, 5..30));
    let expected = all(&log);
    drop(log);
    let log = open(dir.path());
    assert_eq!(all(&log), expected);
    durably(|done| log.purge(id(1, 20), done));
    drop(log);
    assert!(disk::spares(dir.path()).iter().all(|spare| disk::length(spare) == 4096));
}
