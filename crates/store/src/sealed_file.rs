//! Small files that are replaced as a whole: a reader finds the old one or the new one.
//!
//! Four bytes of CRC-32 (big-endian), then one protobuf message.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use prost::Message;

use crate::{StoreError, dir};

const CRC_BYTES: usize = 4;

/// Reads the message of a sealed file; `None` if there is no such file.
pub(crate) fn read<M: Message + Default>(path: &Path) -> Result<Option<M>, StoreError> {
    let bytes = match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        result => result.map_err(StoreError::io("read", path))?,
    };
    let Some((crc, body)) = bytes.split_first_chunk::<CRC_BYTES>() else {
        return Err(StoreError::corrupt(path, "it is cut short"));
    };
    if u32::from_be_bytes(*crc) != crc32fast::hash(body) {
        return Err(StoreError::corrupt(path, "its checksum does not match"));
    }
    let message = M::decode(body).map_err(|error| StoreError::corrupt(path, error.to_string()))?;
    Ok(Some(message))
}

/// Replaces a sealed file durably.
pub(crate) fn write<M: Message>(path: &Path, message: &M) -> Result<(), StoreError> {
    let body = message.encode_to_vec();
    let fresh = fresh_path(path);
    let write = || -> io::Result<()> {
        let mut file = File::create(&fresh)?;
        file.write_all(&crc32fast::hash(&body).to_be_bytes())?;
        file.write_all(&body)?;
        file.sync_all()?;
        fs::rename(&fresh, path)
    };
    write().map_err(StoreError::io("write", path))?;
    dir::sync(path.parent().expect("a sealed file lies in a directory"))
}

/// Where a sealed file is written before it takes the place of the old one. What a crash leaves
/// there is overwritten by the next write.
pub(crate) fn fresh_path(path: &Path) -> PathBuf {
    path.with_extension("new")
}
