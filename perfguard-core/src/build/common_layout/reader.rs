//! perfguard as the reader of a link's objects: a process of its own, because they are larger than perfguard may be while
//! it measures, and memory that was used once is counted for ever.

use std::ffi::OsString;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::NotLinked;
use super::functions::{self, Function};
use super::link_map;
use crate::cancel::CancellationToken;
use crate::process::{self, CommandSpec};

/// What a plain link says of an executable's code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LiveCode {
    /// In the order of their addresses.
    pub(super) functions: Vec<Function>,
    /// Where the last section ends before the code.
    pub(super) before_code: u64,
    /// How long the segment of the code is.
    pub(super) code_bytes: u64,
}

/// The role: reads the linker's map that the first word names, and the objects that it names, and writes what they say to
/// the file of the second; nothing at all if the map is not one of LLD's.
pub(in super::super) fn read_functions(words: &[OsString]) -> io::Result<()> {
    let [map, output] = words else { return Err(io::ErrorKind::InvalidInput.into()) };
    // Not every file name is text; those that are not are found nowhere, and their code counts as unknown.
    let text = String::from_utf8_lossy(&fs_err::read(map)?).into_owned();
    let code = link_map::parse(&text).map(|map| LiveCode {
        functions: functions::read(&map.code),
        before_code: map.before_code,
        code_bytes: map.code_bytes,
    });
    let mut written = Vec::new();
    ciborium::into_writer(&code, &mut written).map_err(io::Error::other)?;
    fs_err::write(output, written)
}

/// Calls `reader` in its role. `None` if the map is not one of LLD's.
pub(super) fn call(
    reader: &Path,
    map: &Path,
    output: &Path,
    cancel: &CancellationToken,
) -> Result<Option<LiveCode>, NotLinked> {
    let cwd = output.parent().unwrap_or(output).to_owned();
    let args = vec![map.into(), output.into()];
    let spec = CommandSpec { program: reader.to_owned(), args, env: Vec::new(), cwd, input: None };
    let end = process::run_tool(&spec, cancel, &mut |_, _| {}).map_err(io::Error::other)?;
    if end.code != Some(0) {
        return Err(io::Error::other("the objects of the link could not be read").into());
    }
    let file = io::BufReader::new(fs_err::File::open(output)?);
    Ok(ciborium::from_reader(file).map_err(io::Error::other)?)
}
