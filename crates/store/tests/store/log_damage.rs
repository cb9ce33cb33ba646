//! Damage that no crash explains: the log refuses to open, and is never shortened (G10).

use std::fs;
use std::path::{Path, PathBuf};

use ferry_store::{Log, LogEntry, StoreError};

use crate::disk;
use crate::writer::{SMALL, all, append, durably, entry, id, open, vote};

/// A log with several segments, whose newest holds votes, a truncation and a purge as well.
fn write(dir: &Path) -> Vec<LogEntry> {
    let log = open(dir);
    for index in 0..30 {
        append(&log, vec![entry(1, index)]);
    }
    durably(|done| log.purge(id(1, 3), done));
    durably(|done| log.truncate_after(Some(id(1, 27)), done));
    durably(|done| log.save_vote(vote(8), done));
    append(&log, vec![entry(2, 28)]);
    durably(|done| log.save_vote(vote(9), done));
    all(&log)
}

fn file_names(dir: &Path) -> Vec<PathBuf> {
    let strip = |path: PathBuf| path.strip_prefix(dir).expect("it is in there").to_owned();
    disk::segments(dir).into_iter().map(strip).collect()
}

fn refusal(dir: &Path) -> (PathBuf, String) {
    match Log::open(dir, SMALL) {
        Err(StoreError::Corrupt { path, what }) => (path, what),
        Err(other) => panic!("not called corruption: {other}"),
        Ok(log) => panic!("opened with {} entries: {:?}", all(&log).len(), log.state()),
    }
}

#[test]
fn a_flipped_bit_anywhere_is_refused_with_its_file_and_place() {
    let image = disk::scratch();
    write(image.path());
    let damaged = disk::scratch();
    disk::copy(image.path(), damaged.path());
    for name in file_names(image.path()) {
        let file = damaged.path().join(&name);
        let sound = fs::read(&file).expect("read a segment");
        for byte in 0..sound.len() {
            disk::flip(&file, byte, (byte % 8) as u8);
            let (path, what) = refusal(damaged.path());
            assert_eq!(path, file, "the refusal names another file: {what}");
            assert!(what.contains("at offset"), "the refusal names no place: {what}");
            assert_ne!(
                fs::read(&file).expect("read a segment"),
                sound,
                "it was repaired by guessing"
            );
            fs::write(&file, &sound).expect("restore a segment");
        }
    }
    assert!(Log::open(damaged.path(), SMALL).is_ok(), "the restored log is sound");
}

#[test]
fn no_flipped_bit_in_the_last_records_passes_for_a_torn_end() {
    let image = disk::scratch();
    write(image.path());
    let name = file_names(image.path()).pop().expect("a log has a segment");
    let file = image.path().join(name);
    let sound = fs::read(&file).expect("read a segment");
    for byte in 0..1024.min(sound.len()) {
        for bit in 0..8 {
            disk::flip(&file, byte, bit);
            refusal(image.path());
            fs::write(&file, &sound).expect("restore a segment");
        }
    }
}

#[test]
fn a_missing_segment_is_refused() {
    let image = disk::scratch();
    write(image.path());
    let names = file_names(image.path());
    assert!(names.len() > 3, "the log has many segments");
    for name in names {
        let damaged = disk::scratch();
        disk::copy(image.path(), damaged.path());
        fs::remove_file(damaged.path().join(&name)).expect("remove a segment");
        refusal(damaged.path());
    }
}

#[test]
fn a_first_segment_that_is_missing_is_refused_before_any_purge() {
    let dir = disk::scratch();
    append(&open(dir.path()), (0..30).map(|index| entry(1, index)).collect());
    for lost in file_names(dir.path()) {
        fs::remove_file(dir.path().join(lost)).expect("remove a segment");
        refusal(dir.path());
    }
}

#[test]
fn a_newest_segment_that_holds_nothing_is_refused() {
    let image = disk::scratch();
    write(image.path());
    let name = file_names(image.path()).pop().expect("a log has a segment");
    let file = image.path().join(name);
    let length = disk::length(&file) as usize;
    for blank in [vec![], vec![0; length]] {
        fs::write(&file, blank).expect("write a segment");
        assert_eq!(refusal(image.path()).0, file);
    }
}

#[test]
fn sectors_that_were_written_to_another_place_are_refused() {
    let dir = disk::scratch();
    let payload = ferry_store::Payload::Commands(vec![7; 3_000].into());
    append(&open(dir.path()), vec![LogEntry { id: id(1, 0), payload }]);
    let file = disk::segments(dir.path()).pop().expect("a log has a segment");
    let mut bytes = fs::read(&file).expect("read a segment");
    let (left, right) = bytes.split_at_mut(1_536);
    left[1_024..].swap_with_slice(&mut right[..512]);
    fs::write(&file, bytes).expect("write a segment");
    refusal(dir.path());
}

#[test]
fn a_segment_that_is_cut_before_the_last_one_is_refused() {
    let image = disk::scratch();
    write(image.path());
    let names = file_names(image.path());
    let damaged = disk::scratch();
    for name in &names[..names.len() - 1] {
        disk::copy(image.path(), damaged.path());
        let file = damaged.path().join(name);
        for bytes in (0..disk::length(&file) - 600).rev().step_by(7) {
            disk::cut(&file, bytes);
            refusal(damaged.path());
        }
    }
}

#[test]
fn a_log_without_its_newest_mark_is_refused() {
    let image = disk::scratch();
    write(image.path());
    let mark = image.path().join("newest");
    disk::flip(&mark, 5, 1);
    assert_eq!(refusal(image.path()).0, mark);
    fs::remove_file(&mark).expect("remove the mark");
    assert_eq!(refusal(image.path()).0, mark);
}

#[test]
fn an_entry_that_is_damaged_while_the_log_is_open_is_not_served() {
    let dir = disk::scratch();
    write(dir.path());
    let log = open(dir.path());
    append(&log, (29..60).map(|index| entry(2, index)).collect());
    let first = disk::segments(dir.path()).remove(0);
    disk::flip_all(&first);
    assert!(matches!(log.read(4, 5, None), Err(StoreError::Corrupt { .. })));
    let later = log.save_committed(id(2, 40));
    assert!(later.is_err(), "a log that is known to be damaged goes on");
}

#[test]
fn a_log_that_is_gone_while_its_state_is_there_is_refused() {
    let group = tempfile::tempdir().expect("a directory");
    let log_dir = group.path().join("log");
    append(&open(&log_dir), vec![entry(1, 0)]);
    drop(crate::state::open(group.path()));
    fs::remove_dir_all(&log_dir).expect("remove the log");
    assert_eq!(refusal(&log_dir).0, log_dir);
}
