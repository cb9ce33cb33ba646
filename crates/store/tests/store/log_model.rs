//! Random lives of a log with crashes anywhere, against a reference: what is acknowledged is there
//! (G1), nothing else than what was written, and nothing that was cut off comes back.
//!
//! `PROPTEST_CASES` runs more of them. A failure prints its smallest life and writes its seed to
//! `log_model.failures`, which the next run replays first.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};

use ferry_store::{Flushed, Log, LogEntry, LogId, LogOptions, Payload, StoreError};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

use crate::disk;
use crate::log_image::{Chance, End, Image};
use crate::log_reference::Reference;
use crate::writer::{callback, id, vote, wait};

#[derive(Clone, Debug)]
enum Change {
    Append(Vec<usize>),
    Vote,
    Committed(u8),
    Truncate(u8),
}

/// Changes that are written together, and what happens then.
#[derive(Clone, Debug)]
struct Step {
    purge: Option<u8>,
    changes: Vec<Change>,
    then: Then,
}

#[derive(Clone, Debug)]
enum Then {
    GoOn,
    Reopen {
        options: LogOptions,
    },
    /// The process ends while the changes are written, and perhaps again while the log is opened.
    Crash {
        end: End,
        again: u8,
        seed: u64,
        options: LogOptions,
    },
}

fn change() -> impl Strategy<Value = Change> {
    let bytes = prop_oneof![
        2 => Just(0_usize),
        8 => 1..700_usize,
        2 => 1_000..5_000_usize,
        1 => 8_000..40_000_usize,
    ];
    prop_oneof![
        6 => prop::collection::vec(bytes, 1..5).prop_map(Change::Append),
        2 => Just(Change::Vote),
        2 => any::<u8>().prop_map(Change::Committed),
        2 => any::<u8>().prop_map(Change::Truncate),
    ]
}

fn options() -> impl Strategy<Value = LogOptions> {
    let cache = prop_oneof![Just(0_usize), Just(2_000), Just(1 << 20)];
    let segment = prop_oneof![Just(4_096_usize), Just(8_192), Just(40_960)];
    let options = |(cache_bytes, segment_bytes)| LogOptions { cache_bytes, segment_bytes };
    (cache, segment).prop_map(options)
}

fn step() -> impl Strategy<Value = Step> {
    let end = prop_oneof![Just(End::Kill), Just(End::PowerFailure)];
    let crash = (end, 0..3_u8, any::<u64>(), options());
    let then = prop_oneof![
        8 => Just(Then::GoOn),
        1 => options().prop_map(|options| Then::Reopen { options }),
        4 => crash.prop_map(|(end, again, seed, options)| Then::Crash { end, again, seed, options }),
    ];
    let purge = prop::option::weighted(0.25, any::<u8>());
    (purge, prop::collection::vec(change(), 0..4), then).prop_map(|(purge, changes, then)| Step {
        purge,
        changes,
        then,
    })
}

fn config() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig {
        cases: cases.unwrap_or(60),
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("failures"))),
        max_shrink_iters: 5_000,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn no_crash_takes_what_is_acknowledged_or_brings_back_what_was_cut(
        options in options(),
        life in prop::collection::vec(step(), 0..=40),
    ) {
        let scratch = disk::scratch();
        let mut life_of = Life::begin(scratch.path(), options);
        for step in &life {
            life_of.step(step);
        }
    }
}

/// A log under test. Between two steps its writer is held, so that its files stay as they are.
struct Life {
    scratch: PathBuf,
    /// How many directories were used.
    places: u64,
    /// Lets the writer go on. Goes before the log, which waits for its writer.
    held: Option<Sender<()>>,
    log: Option<Log>,
    files: Image,
    expected: Reference,
    term: u64,
    /// How many entries were made up: no two of them look the same, wherever they are torn.
    born: u8,
}

impl Life {
    fn begin(scratch: &Path, options: LogOptions) -> Self {
        let expected = Reference::default();
        let (log, held, files) = (None, None, Image::default());
        let scratch = scratch.to_owned();
        let mut life = Self { scratch, places: 0, log, held, files, expected, term: 1, born: 0 };
        life.open(options);
        life
    }

    fn dir(&self) -> PathBuf {
        self.scratch.join(self.places.to_string())
    }

    fn log(&self) -> &Log {
        self.log.as_ref().expect("the log is open")
    }

    fn open(&mut self, options: LogOptions) {
        let log = Log::open(&self.dir(), options).expect("no crash is taken for damage");
        assert_eq!(Reference::of(&log), self.expected);
        self.log = Some(log);
        self.hold();
    }

    fn close(&mut self) {
        self.held = None;
        self.log = None;
    }

    /// Waits until all is written and set aside, and holds the writer.
    fn hold(&mut self) {
        let ((tell, is_held), (go_on, held)) = (channel(), channel::<()>());
        let hold = move |result: std::io::Result<()>| {
            result.expect("reach the disk");
            tell.send(()).expect("the test listens");
            // An error says that the sender is gone, which lets go as well.
            let _ = held.recv();
        };
        // There is nothing behind this entry, so nothing is written.
        let none = Some(id(u64::MAX, u64::MAX - 1));
        self.log().truncate_after(none, Box::new(hold)).expect("hold the writer");
        is_held.recv().expect("the writer answers");
        self.held = Some(go_on);
        self.files = Image::take(&self.dir());
    }

    fn step(&mut self, step: &Step) {
        let before = self.files.clone();
        let stages = self.write(step);
        assert_eq!(Reference::of(self.log()), self.expected);
        match &step.then {
            Then::GoOn => {}
            Then::Reopen { options } => {
                self.close();
                self.open(*options);
            }
            Then::Crash { end, again, seed, options } => {
                let mut chance = Chance(*seed);
                self.crash(&before, &stages, *end, *again, &mut chance, *options);
            }
        }
    }

    /// Writes what a step says at once. What the log held after each record, the first being what
    /// was acknowledged before.
    fn write(&mut self, step: &Step) -> Vec<Reference> {
        let mut stages = vec![self.expected.clone()];
        let mut answers = Vec::new();
        let mut durably = |change: &mut dyn FnMut(Flushed) -> Result<(), StoreError>| {
            let (done, answer) = callback();
            change(done).expect("change the log");
            answers.push(answer);
        };
        let log = self.log.as_ref().expect("the log is open");
        let expected = &mut self.expected;
        if let Some(upto) = step.purge.and_then(|pick| expected.pick_purge(pick, self.term)) {
            durably(&mut |done| log.purge(upto, done));
            expected.purge(upto);
            stages.push(expected.clone());
        }
        for change in &step.changes {
            match change {
                Change::Append(sizes) => {
                    let entries: Vec<LogEntry> = (expected.next()..)
                        .zip(sizes)
                        .map(|(index, bytes)| {
                            self.born = self.born.wrapping_add(1);
                            entry(id(self.term, index), self.born, *bytes)
                        })
                        .collect();
                    durably(&mut |done| log.append(entries.clone(), done));
                    for entry in entries {
                        expected.append(entry);
                        stages.push(expected.clone());
                    }
                }
                Change::Vote => {
                    self.term += 1;
                    durably(&mut |done| log.save_vote(vote(self.term), done));
                    expected.save_vote(vote(self.term));
                }
                Change::Committed(pick) => {
                    let Some(id) = expected.pick(*pick) else { continue };
                    log.save_committed(id).expect("note what is committed");
                    expected.save_committed(id);
                }
                Change::Truncate(pick) => {
                    self.term += 1;
                    let keep = expected.pick(*pick);
                    durably(&mut |done| log.truncate_after(keep, done));
                    expected.truncate_after(keep);
                }
            }
            stages.push(expected.clone());
        }
        self.held = None;
        answers.iter().for_each(|answer| wait(answer).expect("reach the disk"));
        self.hold();
        stages
    }

    /// The process ends between two images, and `again` times while the log is opened. What is
    /// left must be one of `stages`.
    fn crash(
        &mut self,
        before: &Image,
        stages: &[Reference],
        end: End,
        again: u8,
        chance: &mut Chance,
        options: LogOptions,
    ) {
        self.close();
        let mut crashed = before.crash(&self.files, end, chance);
        let mut found = self.open_crashed(&crashed.seen, options);
        assert!(stages.contains(&found), "{found:?} was never written");
        assert!(!crashed.is_whole || Some(&found) == stages.last(), "a write is lost");
        for _ in 0..again {
            let opened = Image::take(&self.dir());
            let left = crashed.crash_again(&opened, chance);
            let refound = self.open_crashed(&left, options);
            // Whoever was killed may have found more than the disk has.
            let is_fine =
                if end == End::Kill { stages.contains(&refound) } else { refound == found };
            assert!(is_fine, "{refound:?} is what a second crash has left of {found:?}");
            (crashed.durable, crashed.seen, found) = (left.clone(), left, refound);
        }
        self.expected = found;
        self.open(options);
    }

    /// What a log with these files holds.
    fn open_crashed(&mut self, files: &Image, options: LogOptions) -> Reference {
        self.places += 1;
        files.restore(&self.dir());
        let log = Log::open(&self.dir(), options).expect("no crash is taken for damage");
        Reference::of(&log)
    }
}

/// An entry whose content tells it from others; some is all zeros, as is the end of a log.
fn entry(id: LogId, born: u8, bytes: usize) -> LogEntry {
    let content = if born.is_multiple_of(4) { 0 } else { born };
    let payload = match bytes {
        0 => Payload::Blank,
        _ => Payload::Commands(vec![content; bytes].into()),
    };
    LogEntry { id, payload }
}
