//! Where a store is, as the user writes it.

use std::path::PathBuf;
use std::str::FromStr;

use super::StoreError;

/// A file, for now: other kinds are named and refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreLocation(pub PathBuf);

impl FromStr for StoreLocation {
    type Err = StoreError;

    /// A path, or a URL: `sqlite:PATH` and `file:PATH` are paths too.
    fn from_str(text: &str) -> Result<Self, StoreError> {
        let path = ["sqlite://", "sqlite:", "file://", "file:"].iter().find_map(|scheme| text.strip_prefix(scheme));
        if path.is_none() && text.contains("://") {
            return Err(StoreError::Unsupported { location: text.to_owned() });
        }
        match path.unwrap_or(text) {
            "" => Err(StoreError::Unsupported { location: text.to_owned() }),
            path => Ok(Self(path.into())),
        }
    }
}
