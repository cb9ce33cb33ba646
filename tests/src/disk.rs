use std::fs;
use std::path::{Path, PathBuf};

/// All files under `dir` with their sizes in bytes, in path order.
pub fn files_under(dir: &Path) -> Vec<(PathBuf, u64)> {
    let mut files = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        // What vanishes while we look is a snapshot or a log segment that the node dropped.
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries.flatten() {
            match entry.metadata() {
                Ok(meta) if meta.is_dir() => folders.push(entry.path()),
                Ok(meta) => files.push((entry.path(), meta.len())),
                Err(_) => {}
            }
        }
    }
    files.sort();
    files
}

/// Bytes of all files under `dir`.
pub fn bytes_under(dir: &Path) -> u64 {
    files_under(dir).iter().map(|(_, bytes)| bytes).sum()
}

/// The segments of a node's log with their sizes in bytes, oldest first.
pub fn log_segments(data_dir: &Path) -> Vec<(PathBuf, u64)> {
    let is_segment = |(path, _): &(PathBuf, u64)| {
        let is_spare =
            path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"spare-"));
        path.parent().is_some_and(|folder| folder.ends_with("segments")) && !is_spare
    };
    files_under(data_dir).into_iter().filter(is_segment).collect()
}
