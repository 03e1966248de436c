//! What the workbench remembers between calls: which file of the tree is which content, and when the last build ended.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::BuildError;
use crate::vcs::Mode;

/// A file of the tree as it was written: a later difference in size, time or inode means that somebody else wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileState {
    pub(super) mode: Mode,
    pub(super) blob: String,
    size: u64,
    modified_ns: i128,
    inode: u64,
}

impl FileState {
    pub(super) fn of(path: &Path, mode: Mode, blob: &str) -> std::io::Result<Self> {
        let metadata = path.symlink_metadata()?;
        let (size, modified_ns, inode) = (metadata.len(), modified_ns(&metadata), metadata.ino());
        Ok(Self { mode, blob: blob.to_owned(), size, modified_ns, inode })
    }

    /// Whether the file still is what was written.
    pub(super) fn is_untouched(&self, metadata: &std::fs::Metadata) -> bool {
        (self.size, self.modified_ns, self.inode) == (metadata.len(), modified_ns(metadata), metadata.ino())
    }
}

/// Modification time in nanoseconds since the Unix epoch.
pub(super) fn modified_ns(metadata: &std::fs::Metadata) -> i128 {
    i128::from(metadata.mtime()) * 1_000_000_000 + i128::from(metadata.mtime_nsec())
}

/// The memory of one workbench.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct State {
    /// The tree's files; empty while an update is under way, so that a crash in it means everything anew.
    #[serde(with = "paths")]
    pub(super) files: BTreeMap<PathBuf, FileState>,
    /// The file system's clock when the last build ended.
    pub(super) built_ns: i128,
    /// Inode of the builder's folder.
    pub(super) builder: u64,
}

impl State {
    /// Reads the memory; a missing or unreadable one is an empty one.
    pub(super) fn load(path: &Path) -> Self {
        fs_err::read(path).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default()
    }

    /// Writes the memory whole or not at all.
    pub(super) fn save(&self, path: &Path) -> Result<(), BuildError> {
        let text = serde_json::to_vec(self).expect("the state is plain data");
        write_whole(path, &text)
    }
}

/// Writes a file whole or not at all: beside it first, then renamed.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), BuildError> {
    let aside = path.with_extension("new");
    fs_err::write(&aside, bytes).and_then(|()| fs_err::rename(&aside, path)).map_err(BuildError::Cache)
}

/// Paths as JSON keys: text where they are text, else `\0` and the bytes in hex.
mod paths {
    use super::{BTreeMap, Deserialize, FileState, OsStrExt, OsString, OsStringExt, Path, PathBuf};

    pub(super) fn serialize<S: serde::Serializer>(
        files: &BTreeMap<PathBuf, FileState>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_map(files.iter().map(|(path, file)| (encode(path), file)))
    }

    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<PathBuf, FileState>, D::Error> {
        let files = BTreeMap::<String, FileState>::deserialize(deserializer)?;
        Ok(files.into_iter().map(|(path, file)| (decode(&path), file)).collect())
    }

    fn encode(path: &Path) -> String {
        match path.to_str() {
            Some(text) => text.to_owned(),
            None => {
                path.as_os_str().as_bytes().iter().fold("\0".to_owned(), |text, byte| text + &format!("{byte:02x}"))
            }
        }
    }

    fn decode(text: &str) -> PathBuf {
        let Some(hex) = text.strip_prefix('\0') else { return text.into() };
        let digits: Vec<u32> = hex.chars().filter_map(|digit| digit.to_digit(16)).collect();
        let bytes = digits.chunks_exact(2).filter_map(|pair| u8::try_from(pair[0] * 16 + pair[1]).ok()).collect();
        OsString::from_vec(bytes).into()
    }

    #[cfg(test)]
    mod tests {
        use super::{OsString, OsStringExt, PathBuf, decode, encode};

        #[test]
        fn a_path_that_is_no_text_survives() {
            for bytes in [&b"src/lib.rs"[..], b"a\xff\xfe/b", "π ∑\n".as_bytes()] {
                let path = PathBuf::from(OsString::from_vec(bytes.to_vec()));
                assert_eq!(decode(&encode(&path)), path);
            }
        }
    }
}
