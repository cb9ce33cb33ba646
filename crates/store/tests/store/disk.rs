//! What tests do to directories behind the store's back.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A directory for a test that writes much and plays its crashes on copies: in memory, if the
/// system has such a place.
pub(crate) fn scratch() -> TempDir {
    let memory = tempfile::tempdir_in("/dev/shm");
    memory.or_else(|_| tempfile::tempdir()).expect("a directory")
}

/// Copies a directory with all it holds.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("create the copy");
    for path in paths(from) {
        let target = to.join(path.file_name().expect("a listed path has a name"));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).expect("copy a file");
        }
    }
}

/// What a directory holds, sorted.
pub(crate) fn paths(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).expect("list a directory");
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| entry.expect("list an entry").path()).collect();
    paths.sort();
    paths
}

/// The segments of a log, oldest first.
pub(crate) fn segments(log_dir: &Path) -> Vec<PathBuf> {
    let mut segments = paths(&log_dir.join("segments"));
    let is_number = |stem: &std::ffi::OsStr| stem.to_string_lossy().parse::<u32>().is_ok();
    segments.retain(|path| path.file_stem().is_some_and(is_number));
    segments
}

/// The files that are kept to become segments again.
pub(crate) fn spares(log_dir: &Path) -> Vec<PathBuf> {
    let mut spares = paths(&log_dir.join("segments"));
    spares.retain(|path| path.to_string_lossy().contains("spare-"));
    spares
}

/// The length of a file.
pub(crate) fn length(file: &Path) -> u64 {
    fs::metadata(file).expect("look at a file").len()
}

/// Cuts a file off.
pub(crate) fn cut(file: &Path, length: u64) {
    let open = fs::OpenOptions::new().write(true).open(file).expect("open a file to cut it");
    open.set_len(length).expect("cut a file");
}

/// Flips one bit of a file.
pub(crate) fn flip(file: &Path, byte: usize, bit: u8) {
    let mut bytes = fs::read(file).expect("read a file");
    bytes[byte] ^= 1 << bit;
    fs::write(file, bytes).expect("write a file");
}

/// Flips one bit of every byte of a file.
pub(crate) fn flip_all(file: &Path) {
    let bytes: Vec<u8> =
        fs::read(file).expect("read a file").into_iter().map(|byte| byte ^ 1).collect();
    fs::write(file, bytes).expect("write a file");
}
