//! What the build tree holds, as last written by perfguard, and when the last build ended.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::checkout_error::Doing;
use super::{CheckoutError, Layout};
use crate::vcs::{BlobId, Mode};

/// A file of the build tree as it was written: any other stat means that somebody else wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Placed {
    pub(super) mode: Mode,
    pub(super) blob: String,
    pub(super) stat: Stat,
}

/// What identifies an unchanged file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stat {
    size: u64,
    /// Nanoseconds since the Unix epoch, as the file system keeps them.
    mtime_ns: i128,
    inode: u64,
}

impl Stat {
    pub(super) fn of(found: &Metadata) -> Self {
        Self { size: found.len(), mtime_ns: mtime_ns(found), inode: inode(found) }
    }
}

/// Where a `Cargo.lock` came from that no tree brought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum SharedLock {
    /// Cargo made it.
    Generated,
    /// It was offered, with this content.
    Offered(String),
}

/// The contents of `state.json`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct State {
    /// Files written from the tree. Empty while an update is under way: a crash means everything anew.
    #[serde(with = "by_path")]
    pub(super) files: BTreeMap<PathBuf, Placed>,
    /// Lock files that no tree brought; they outlive updates, so that both sides share them.
    #[serde(with = "by_path")]
    pub(super) locks: BTreeMap<PathBuf, SharedLock>,
    /// The inode of the builder's folder.
    pub(super) builder: Option<u64>,
}

impl State {
    /// The stored state; a fresh one if there is none, or none that can be read: then everything is made anew.
    pub(super) fn load(layout: &Layout) -> Result<Self, CheckoutError> {
        match fs_err::read(layout.state_file()) {
            Ok(text) => Ok(serde_json::from_slice(&text).unwrap_or_default()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error).doing("read what the build tree holds"),
        }
    }

    /// Stores it in one step: whoever reads sees the old one or the new one.
    pub(super) fn save(&self, layout: &Layout) -> Result<(), CheckoutError> {
        const DOING: &str = "write down what the build tree holds";
        let text = serde_json::to_vec(self).map_err(std::io::Error::other).doing(DOING)?;
        let path = layout.root().join("state.json.new");
        let mut file = fs_err::File::create(&path).doing(DOING)?;
        file.write_all(&text).doing(DOING)?;
        drop(file);
        fs_err::rename(path, layout.state_file()).doing(DOING)
    }

    /// Whether the file found is the one that was placed, with this content.
    pub(super) fn holds(&self, path: &Path, mode: Mode, blob: BlobId, found: Option<&Metadata>) -> bool {
        let placed = self.files.get(path);
        placed.zip(found).is_some_and(|(placed, found)| {
            placed.mode == mode && placed.blob == blob.to_string() && placed.stat == Stat::of(found)
        })
    }
}

#[cfg(unix)]
pub(super) fn mtime_ns(found: &Metadata) -> i128 {
    use std::os::unix::fs::MetadataExt;
    i128::from(found.mtime()) * 1_000_000_000 + i128::from(found.mtime_nsec())
}

#[cfg(unix)]
pub(super) fn inode(found: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(found)
}

/// Maps by path as JSON objects. `%` and bytes that are no UTF-8 are written as `%XX`.
mod by_path {
    use std::collections::BTreeMap;
    use std::ffi::OsString;
    use std::fmt::Write;
    use std::os::unix::ffi::{OsStrExt, OsStringExt};
    use std::path::{Path, PathBuf};

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<V: Serialize, S: Serializer>(
        map: &BTreeMap<PathBuf, V>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_map(map.iter().map(|(path, value)| (encode(path), value)))
    }

    pub(super) fn deserialize<'de, V: Deserialize<'de>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<PathBuf, V>, D::Error> {
        let map = BTreeMap::<String, V>::deserialize(deserializer)?;
        Ok(map.into_iter().map(|(text, value)| (decode(&text), value)).collect())
    }

    pub(super) fn encode(path: &Path) -> String {
        let mut text = String::new();
        for chunk in path.as_os_str().as_bytes().utf8_chunks() {
            text.push_str(&chunk.valid().replace('%', "%25"));
            for byte in chunk.invalid() {
                write!(text, "%{byte:02X}").expect("writing to a string cannot fail");
            }
        }
        text
    }

    pub(super) fn decode(text: &str) -> PathBuf {
        let mut parts = text.split('%');
        let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
        for part in parts {
            let (hex, rest) = part.split_at_checked(2).unwrap_or((part, ""));
            bytes.extend(u8::from_str_radix(hex, 16).ok());
            bytes.extend(rest.as_bytes());
        }
        PathBuf::from(OsString::from_vec(bytes))
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn any_path_survives() {
            for bytes in [&b"plain"[..], b"100%", b"%41", b"\xff\xfe/\xc3\xa4\n", b"a b"] {
                let path = PathBuf::from(OsString::from_vec(bytes.to_vec()));
                assert_eq!(decode(&encode(&path)), path, "{path:?}");
            }
        }
    }
}
