//! The files of a log at one moment, and what a crash on the way to the next may leave of them.
//!
//! A disk writes a sector as a whole or not at all; which of those that were written since the
//! last fsync are there, nobody knows.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::disk;

const SECTOR: usize = 512;
const PAGE: usize = 4096;
const SPARE: &str = "spare-";

/// The files of a log.
#[derive(Clone, Default)]
pub(crate) struct Image {
    /// The segments and the spare files, by name.
    files: BTreeMap<String, FileImage>,
    /// The file that tells which segment is the newest.
    newest: Option<Vec<u8>>,
}

#[derive(Clone, Default)]
struct FileImage {
    /// Which file it is, whatever its name.
    inode: u64,
    bytes: Vec<u8>,
}

/// What a log does to its files, in this order, each step durable before the next.
enum Step {
    /// A segment gets its file: a spare one, or a new one.
    Name { segment: String, spare: Option<String> },
    /// A segment is written to.
    Write { segment: String },
    /// The newest segment is noted.
    Note,
    /// A segment's file becomes a spare one, or goes.
    Free { segment: String, spare: Option<String> },
}

/// How a process ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum End {
    /// It is killed. What it has written is there, but for the end of the last write.
    Kill,
    /// The power fails.
    PowerFailure,
}

/// What is on disk, and what a process sees there that starts next.
pub(crate) struct Crashed {
    pub(crate) durable: Image,
    pub(crate) seen: Image,
    /// Whether all records are there.
    pub(crate) is_whole: bool,
}

impl Image {
    pub(crate) fn take(log_dir: &Path) -> Self {
        let mut files = BTreeMap::new();
        for path in disk::paths(&log_dir.join("segments")) {
            let inode = fs::metadata(&path).expect("look at a file").ino();
            let bytes = fs::read(&path).expect("read a file");
            files.insert(name(&path), FileImage { inode, bytes });
        }
        Self { files, newest: fs::read(log_dir.join("newest")).ok() }
    }

    /// Writes the files to a directory that is not there yet.
    pub(crate) fn restore(&self, log_dir: &Path) {
        fs::create_dir_all(log_dir.join("segments")).expect("create a log");
        for (name, file) in &self.files {
            fs::write(log_dir.join("segments").join(name), &file.bytes).expect("write a file");
        }
        if let Some(newest) = &self.newest {
            fs::write(log_dir.join("newest"), newest).expect("write the mark");
        }
    }

    /// The name of a file in this image that was `file` in another one.
    fn name_of(&self, file: &FileImage) -> Option<&String> {
        self.files.iter().find(|(_, found)| found.inode == file.inode).map(|(name, _)| name)
    }

    fn segments(&self) -> impl Iterator<Item = (&String, &FileImage)> {
        self.files.iter().filter(|(name, _)| !name.starts_with(SPARE))
    }

    /// What the log has done on the way to `after`.
    fn steps(&self, after: &Self) -> Vec<Step> {
        let mut steps = Vec::new();
        for (segment, file) in after.segments() {
            match self.files.get(segment) {
                Some(old) if old.bytes == file.bytes => continue,
                Some(_) => {}
                None => {
                    let spare = self.name_of(file).cloned();
                    steps.push(Step::Name { segment: segment.clone(), spare });
                }
            }
            steps.push(Step::Write { segment: segment.clone() });
        }
        if self.newest != after.newest {
            steps.push(Step::Note);
        }
        for (segment, file) in self.segments().filter(|(name, _)| !after.files.contains_key(*name))
        {
            let spare = after.name_of(file).cloned();
            steps.push(Step::Free { segment: segment.clone(), spare });
        }
        steps
    }

    /// What is there if the process ends on the way to `after`.
    pub(crate) fn crash(&self, after: &Self, end: End, chance: &mut Chance) -> Crashed {
        let steps = self.steps(after);
        let cut = chance.below(steps.len() + 1);
        let mut durable = self.clone();
        for step in &steps[..cut] {
            durable.apply(step, after);
        }
        let mut seen = durable.clone();
        if let Some(Step::Write { segment }) = steps.get(cut) {
            let (old, new) = (&durable.files[segment].bytes, &after.files[segment].bytes);
            let bytes = match end {
                End::Kill => chance.begin(old, new),
                End::PowerFailure => chance.mix(&[old, new]),
            };
            seen.files.entry(segment.clone()).and_modify(|file| file.bytes = bytes);
        }
        if end == End::PowerFailure {
            durable = seen.clone();
        }
        let is_write = |step: &Step| matches!(step, Step::Write { .. });
        let is_whole = !steps[cut..].iter().any(is_write);
        Crashed { durable, seen, is_whole }
    }

    fn apply(&mut self, step: &Step, after: &Self) {
        match step {
            Step::Name { segment, spare } => {
                let file = spare.as_ref().and_then(|spare| self.files.remove(spare));
                self.files.insert(segment.clone(), file.unwrap_or_default());
            }
            Step::Write { segment } => {
                self.files.insert(segment.clone(), after.files[segment].clone());
            }
            Step::Note => self.newest.clone_from(&after.newest),
            Step::Free { segment, spare } => {
                let file = self.files.remove(segment);
                if let (Some(file), Some(spare)) = (file, spare) {
                    self.files.insert(spare.clone(), file);
                }
            }
        }
    }
}

impl Crashed {
    /// What is on disk if the power fails while the log is opened, which leads to `opened`.
    pub(crate) fn crash_again(&self, opened: &Image, chance: &mut Chance) -> Image {
        let mut left = opened.clone();
        let (is_synced, is_noted) = (chance.below(4) == 0, chance.below(2) == 0);
        if is_synced && is_noted {
            return left;
        }
        left.newest.clone_from(&self.seen.newest);
        if is_synced {
            return left;
        }
        for (name, file) in &mut left.files {
            let versions = [&self.durable, &self.seen].map(|image| image.files.get(name));
            let versions = versions.into_iter().flatten().map(|file| file.bytes.as_slice());
            let versions: Vec<&[u8]> = versions.chain([file.bytes.as_slice()]).collect();
            file.bytes = chance.mix(&versions);
        }
        // A segment that was not begun is removed first of all.
        for (name, file) in self.seen.files.iter().filter(|_| chance.below(2) == 0) {
            if !left.files.contains_key(name) {
                left = self.seen.clone();
                left.files.insert(name.clone(), file.clone());
            }
        }
        left
    }
}

fn name(path: &Path) -> String {
    path.file_name().expect("a listed path has a name").to_string_lossy().into_owned()
}

/// Chance that a seed repeats.
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    /// The next number below `end`.
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end as u64) as usize
    }

    /// A file each of whose sectors is one of its versions; what lies behind the end is zeros.
    fn mix(&mut self, versions: &[&[u8]]) -> Vec<u8> {
        let bytes = versions.iter().map(|version| version.len()).max().unwrap_or(0);
        // Few holes, many, or nearly nothing written.
        let odds = [2, 8, 40][self.below(3)];
        let usual = self.below(versions.len());
        let (mut file, mut length) = (vec![0; bytes], 0);
        for at in (0..bytes).step_by(SECTOR) {
            let is_usual = self.below(odds) > 0;
            let version = if is_usual { usual } else { self.below(versions.len()) };
            if let Some(sector) = versions[version].get(at..at + SECTOR) {
                file[at..at + SECTOR].copy_from_slice(sector);
                length = at + SECTOR;
            }
        }
        // A file that grew may be any length up to the new one.
        length += self.below((bytes - length) / SECTOR + 1) * SECTOR;
        file.truncate(length);
        file
    }

    /// A file whose first pages are new.
    fn begin(&mut self, old: &[u8], new: &[u8]) -> Vec<u8> {
        let written = self.below(new.len() / PAGE + 1) * PAGE;
        let rest = old.get(written..).unwrap_or_default();
        [&new[..written], rest].concat()
    }
}
