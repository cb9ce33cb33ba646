use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};

use crate::{StoreError, dir};

/// The most files that are kept to be written over again.
const SPARES_MAX: usize = 16;
const SPARE: &str = "spare-";
const SUFFIX: &str = ".log";

/// The files of the segments, and spare ones: those of segments that are no longer needed, which
/// become the next ones.
pub(super) struct Folder {
    dir: PathBuf,
    /// The length that a file has at most, unless one record needs more.
    file_bytes: u64,
    spares: Vec<PathBuf>,
}

impl Folder {
    /// The folder, and the numbers of the segments in it, in order.
    pub(super) fn open(dir: &Path, file_bytes: u64) -> Result<(Self, Vec<u32>), StoreError> {
        dir::create(dir)?;
        let (mut spares, mut segments) = (Vec::new(), Vec::new());
        for name in dir::names(dir)? {
            match name.strip_suffix(SUFFIX).map(|stem| (stem, stem.strip_prefix(SPARE))) {
                Some((_, Some(_))) => spares.push(dir.join(&name)),
                Some((stem, None)) => segments.extend(stem.parse::<u32>()),
                None => {}
            }
        }
        Ok((Self { dir: dir.to_owned(), file_bytes, spares }, segments))
    }

    pub(super) fn file_bytes(&self) -> u64 {
        self.file_bytes
    }

    pub(super) fn path(&self, number: u32) -> PathBuf {
        self.dir.join(format!("{number:010}{SUFFIX}"))
    }

    /// Makes the file of a new segment. Its name is durable when this returns, its content is old.
    pub(super) fn begin(&mut self, number: u32) -> Result<File, StoreError> {
        let path = self.path(number);
        if let Some(spare) = self.spares.pop() {
            fs::rename(&spare, &path).map_err(StoreError::io("reuse", &spare))?;
        }
        let file = open(&path, true)?;
        dir::sync(&self.dir)?;
        Ok(file)
    }

    /// Opens the file of a segment.
    pub(super) fn file(&self, number: u32) -> Result<File, StoreError> {
        open(&self.path(number), false)
    }

    /// Removes the file of a segment that holds nothing.
    pub(super) fn remove(&mut self, number: u32) -> Result<(), StoreError> {
        let path = self.path(number);
        fs::remove_file(&path).map_err(StoreError::io("remove", &path))?;
        dir::sync(&self.dir)
    }

    /// Makes spares of segments that are no longer needed, the oldest first, each durably before
    /// the next, so that a crash leaves no gap.
    pub(super) fn free(&mut self, segments: &BTreeMap<u32, u64>) -> Result<(), StoreError> {
        for (number, bytes) in segments {
            let path = self.path(*number);
            if *bytes <= self.file_bytes && self.spares.len() < SPARES_MAX {
                let spare = self.dir.join(format!("{SPARE}{number:010}{SUFFIX}"));
                fs::rename(&path, &spare).map_err(StoreError::io("set aside", &path))?;
                self.spares.push(spare);
            } else {
                fs::remove_file(&path).map_err(StoreError::io("remove", &path))?;
            }
            dir::sync(&self.dir)?;
        }
        Ok(())
    }
}

fn open(path: &Path, create: bool) -> Result<File, StoreError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(create).truncate(false);
    options.open(path).map_err(StoreError::io("open", path))
}
