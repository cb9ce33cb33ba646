//! Entries that are not in memory any more are read while the log goes on: while their page is
//! written, and while their file becomes another segment.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};

use ferry_store::{Log, LogOptions};

use crate::disk;
use crate::writer::{all, append, durably, entries, entry, id};

/// Nothing stays in memory that can be read from disk.
const COLD: LogOptions = LogOptions { cache_bytes: 0, segment_bytes: 8192 };

const ROUNDS: u64 = 4_000;

#[test]
fn what_is_read_from_disk_is_right_while_it_is_written_over() {
    let dir = disk::scratch();
    let log = Log::open(dir.path(), COLD).expect("a log");
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let readers = [0, 1].map(|_| scope.spawn(|| read_until(&log, &is_over)));
        for round in 0..ROUNDS {
            append(&log, entries(1, round * 3..round * 3 + 3));
            if round % 10 == 9 {
                durably(|done| log.purge(id(1, round * 3 - 15), done));
            }
        }
        is_over.store(true, Ordering::Relaxed);
        for reader in readers {
            let found = reader.join().expect("all that was read is right");
            assert!(found > ROUNDS, "{found} entries were read: the test shows nothing");
        }
    });
}

/// A read of a page that is being written may see half of each.
#[test]
fn the_page_that_is_written_next_is_not_read() {
    let dir = disk::scratch();
    let log = Log::open(dir.path(), COLD).expect("a log");
    for index in 0..30 {
        append(&log, vec![entry(1, index)]);
        let newest = disk::segments(dir.path()).pop().expect("a log has a segment");
        let written = fs::read(&newest).expect("read a segment");
        disk::flip_all(&newest);
        let read = log.read(index, index + 1, None).expect("it is in memory");
        assert_eq!(read, [entry(1, index)]);
        fs::write(&newest, written).expect("restore a segment");
    }
    assert_eq!(all(&log), entries(1, 0..30));
}

/// Reads all there is, again and again. How many entries were found.
fn read_until(log: &Log, is_over: &AtomicBool) -> u64 {
    let mut count = 0;
    while !is_over.load(Ordering::Relaxed) {
        let found = log.read(0, u64::MAX, None).expect("read the log");
        for (place, read) in (0..).zip(&found) {
            let index = found[0].id.index.get() + place;
            assert_eq!(*read, entry(1, index));
        }
        count += found.len() as u64;
    }
    count
}
