//! A crash at every sector: what a callback has vouched for is there, and nothing that was not
//! written (G1).

use std::fs;
use std::path::{Path, PathBuf};

use ferry_store::{Log, LogEntry, LogOptions, LogState, StoreError};

use crate::disk;
use crate::writer::{SMALL, all, append, durably, entries, entry, open, vote};

/// What a disk writes as a whole or not at all.
const SECTOR: usize = 512;

/// The files of a log, and what it held, when a callback came.
struct Moment {
    /// The segments.
    files: Vec<(PathBuf, Vec<u8>)>,
    /// The file that tells which segment is the newest.
    newest: Vec<u8>,
    entries: Vec<LogEntry>,
    state: LogState,
}

impl Moment {
    fn now(log_dir: &Path, log: &Log) -> Self {
        let strip = |path: PathBuf| path.strip_prefix(log_dir).expect("it is in there").to_owned();
        let read = |path: PathBuf| (strip(path.clone()), fs::read(path).expect("read a segment"));
        let files = disk::segments(log_dir).into_iter().map(read).collect();
        let newest = fs::read(log_dir.join("newest")).expect("read the mark");
        Self { files, newest, entries: all(log), state: log.state() }
    }

    fn file(&self, name: &Path) -> &[u8] {
        self.files.iter().find(|(known, _)| known == name).map_or(&[], |(_, bytes)| bytes)
    }
}

/// The steps of a log's life, each of which ends with an fsync.
fn live(dir: &Path, options: LogOptions) -> Vec<Moment> {
    let log = Log::open(dir, options).expect("begin a log");
    let mut moments = vec![Moment::now(dir, &log)];
    let mut next = 0;
    for step in 0..18 {
        let size = [1, 3, 2, 12][step % 4];
        append(&log, entries(1, next..next + size));
        next += size;
        moments.push(Moment::now(dir, &log));
        if step % 5 == 4 {
            durably(|done| log.save_vote(vote(step as u64), done));
            moments.push(Moment::now(dir, &log));
        }
        if step == 12 {
            // From here on segments are written over what others have left.
            let purged = all(&log)[10].id;
            durably(|done| log.purge(purged, done));
            moments.push(Moment::now(dir, &log));
        }
    }
    moments
}

/// The sectors in which two moments differ.
fn written(before: &Moment, after: &Moment) -> Vec<(PathBuf, usize)> {
    let mut places = Vec::new();
    for (name, bytes) in &after.files {
        let old = before.file(name);
        for (place, sector) in bytes.chunks(SECTOR).enumerate() {
            if old.get(place * SECTOR..(place + 1) * SECTOR) != Some(sector) {
                places.push((name.clone(), place));
            }
        }
    }
    places
}

/// A log on which a crash has kept only some of the sectors that the last step has written.
fn crash(image: &Path, before: &Moment, after: &Moment, lost: &[&(PathBuf, usize)]) -> PathBuf {
    let crashed = image.with_extension("crashed");
    let _ = fs::remove_dir_all(&crashed);
    disk::copy(image, &crashed);
    for path in [disk::segments(&crashed), disk::spares(&crashed)].concat() {
        fs::remove_file(path).expect("remove a segment");
    }
    // It is replaced when all is written.
    fs::write(crashed.join("newest"), &before.newest).expect("write the mark");
    // The files of purged segments go after all that.
    for (name, bytes) in before.files.iter().filter(|(name, _)| after.file(name).is_empty()) {
        fs::write(crashed.join(name), bytes).expect("write a segment");
    }
    for (name, bytes) in &after.files {
        let (mut bytes, old) = (bytes.clone(), before.file(name));
        for (_, place) in lost.iter().filter(|(of, _)| of == name) {
            let range = place * SECTOR..(place + 1) * SECTOR;
            match old.get(range.clone()) {
                Some(sector) => bytes[range].copy_from_slice(sector),
                None => bytes[range].fill(0),
            }
        }
        fs::write(crashed.join(name), bytes).expect("write a segment");
    }
    crashed
}

#[test]
fn a_crash_between_any_sectors_leaves_all_that_was_vouched_for() {
    let image = disk::scratch();
    let dir = image.path().join("log");
    let moments = live(&dir, SMALL);
    let mut torn = 0;
    for pair in moments.windows(2) {
        let [before, after] = pair else { unreachable!("a window of two") };
        let places = written(before, after);
        // A segment is written only when all before it is on disk.
        let newest = after.files.last().map(|(name, _)| name);
        let cuts = (0..=places.len()).map(|keep| places[keep..].iter().collect::<Vec<_>>());
        let holes = places.iter().filter(|(name, _)| Some(name) == newest).map(|hole| vec![hole]);
        for lost in cuts.chain(holes) {
            let crashed = crash(&dir, before, after, &lost);
            let log = Log::open(&crashed, SMALL).expect("a torn end is no damage");
            let found = all(&log);
            let last = |entries: &[LogEntry]| entries.last().map(|entry| entry.id);
            assert!(last(&found) >= last(&before.entries), "acknowledged entries are lost");
            let is_purged = log.state().purged == after.state.purged;
            let expected = if is_purged { &after.entries } else { &before.entries };
            assert_eq!(found, expected[..found.len()]);
            assert!(log.state().vote >= before.state.vote, "an acknowledged vote is lost");
            torn += usize::from(last(&found) < last(&after.entries));
            check_goes_on(log, &crashed);
        }
    }
    assert!(torn > 5, "{torn} torn ends: the test shows nothing");
}

/// A log that was cut can be written, closed and opened as any other.
fn check_goes_on(log: Log, dir: &Path) {
    let next = log.state().last.map_or(0, |last| last.index.get() + 1);
    for index in next..next + 5 {
        append(&log, vec![entry(9, index)]);
        if index % 4 > 0 {
            continue;
        }
        let expected = all(&log);
        let copy = dir.with_extension("copy");
        let _ = fs::remove_dir_all(&copy);
        disk::copy(dir, &copy);
        assert_eq!(all(&open(&copy)), expected, "what was cut off has come back");
    }
    durably(|done| log.save_vote(vote(100), done));
    let expected = all(&log);
    drop(log);
    let log = open(dir);
    assert_eq!(all(&log), expected);
    assert_eq!(log.state().vote, Some(vote(100)));
}

#[test]
fn a_write_that_a_disk_has_confirmed_and_lost_is_refused() {
    let image = disk::scratch();
    let dir = image.path().join("log");
    let moments = live(&dir, LogOptions { segment_bytes: 64 << 10, ..SMALL });
    let last = moments.last().expect("there are many");
    let newest = last.files.last().map(|(name, _)| name.clone()).expect("a log has a segment");
    // What a later write in the same segment was told of must be there.
    let in_newest: Vec<&Moment> = moments
        .iter()
        .filter(|moment| moment.files.iter().any(|(name, _)| *name == newest))
        .collect();
    assert!(in_newest.len() > 3, "the newest segment saw few writes");
    let mut refused = 0;
    for pair in in_newest[..in_newest.len() - 1].windows(2) {
        let lost = written(pair[0], pair[1]);
        let lost: Vec<&(PathBuf, usize)> =
            lost.iter().filter(|(name, _)| *name == newest).collect();
        let is_overwritten = |place: &(PathBuf, usize)| {
            let range = place.1 * SECTOR..(place.1 + 1) * SECTOR;
            pair[1].file(&newest)[range.clone()] != last.file(&newest)[range]
        };
        for place in lost {
            if is_overwritten(place) {
                continue;
            }
            let crashed = crash(&dir, last, last, &[]);
            let range = place.1 * SECTOR..(place.1 + 1) * SECTOR;
            let mut bytes = last.file(&newest).to_vec();
            bytes[range.clone()].copy_from_slice(&pair[0].file(&newest)[range]);
            fs::write(crashed.join(&newest), bytes).expect("write a segment");
            match Log::open(&crashed, SMALL) {
                Err(StoreError::Corrupt { .. }) => refused += 1,
                Err(other) => panic!("not called corruption: {other}"),
                // What was lost was written once more with the same records.
                Ok(log) => assert_eq!(all(&log), last.entries),
            }
        }
    }
    assert!(refused > 0, "nothing was lost: the test shows nothing");
}

#[test]
fn a_segment_that_was_not_begun_is_begun_again() {
    let image = disk::scratch();
    let log = open(image.path());
    append(&log, entries(1, 0..20));
    let expected = all(&log);
    drop(log);
    let newest = disk::segments(image.path()).pop().expect("a log has a segment");
    let number: u32 = newest
        .file_stem()
        .and_then(|stem| stem.to_str())
        .expect("a name")
        .parse()
        .expect("a number");
    for bytes in [0, 4096] {
        let next = newest.with_file_name(format!("{:010}.log", number + 1));
        fs::write(&next, vec![0; bytes]).expect("write a segment");
        let log = open(image.path());
        assert_eq!(all(&log), expected);
        drop(log);
    }
    check_goes_on(open(image.path()), image.path());
}
