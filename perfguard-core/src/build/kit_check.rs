//! Whether a link kit may be kept: linking it again must give the executable byte for byte, from inputs that will still
//! be there when the build tree has gone on to another commit.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::artifacts::hash_file;
use super::link_kit::{LinkFailure, LinkKit};
use crate::cancel::CancellationToken;

/// In an executable's folder: its kit.
pub(super) const KIT_FOLDER: &str = "kit";
/// In an executable's folder: why it has no kit.
pub(super) const KIT_REFUSED: &str = "no-kit.json";

/// Why a kit was not kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Refusal {
    /// The link reads a file of the build tree that the kit does not have.
    Outside(PathBuf),
    /// The linker was content, and its executable is another one.
    Differs,
    /// The linker said no: the end of what it wrote.
    Refused(String),
}

/// Links a kit to `again`, which should become `program`; `here` is the build tree.
pub(super) fn check(
    kit: &Path,
    program: &Path,
    again: &Path,
    here: &Path,
    cancel: &CancellationToken,
) -> io::Result<Option<Refusal>> {
    let Some(opened) = LinkKit::open(kit) else { return Ok(Some(Refusal::Differs)) };
    let read = again.with_extension("read");
    let mut listed = OsString::from("--dependency-file=");
    listed.push(&read);
    // A linker that cannot say what it read is asked to link only.
    let linked = opened.link(again, &["-Xlinker".into(), listed], cancel).or_else(|_| opened.link(again, &[], cancel));
    let inputs = fs_err::read_to_string(&read).unwrap_or_default();
    fs_err::remove_file(&read).ok();
    match linked {
        Err(LinkFailure::Refused(output)) => return Ok(Some(Refusal::Refused(output))),
        Err(LinkFailure::Start(error)) => return Ok(Some(Refusal::Refused(error.to_string()))),
        Ok(()) => {}
    }
    if let Some(outside) = inputs_of(&inputs).into_iter().find(|input| input.starts_with(here)) {
        return Ok(Some(Refusal::Outside(outside)));
    }
    Ok((!same_bytes(again, program)?).then_some(Refusal::Differs))
}

fn same_bytes(one: &Path, other: &Path) -> io::Result<bool> {
    Ok(fs_err::metadata(one)?.len() == fs_err::metadata(other)?.len() && hash_file(one)? == hash_file(other)?)
}

/// The inputs in a dependency file, which is written in make's words: `output: \` and an input a line.
fn inputs_of(text: &str) -> Vec<PathBuf> {
    let lines = text.lines().skip(1).take_while(|line| line.starts_with([' ', '\t']));
    lines.map(|line| PathBuf::from(unescaped(line.trim_start().trim_end_matches(" \\")))).collect()
}

/// Without make's escapes: `\ `, `\#` and `$$`.
fn unescaped(word: &str) -> String {
    word.replace("\\ ", " ").replace("\\#", "#").replace("$$", "$")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inputs_of_a_link_are_read_with_their_blanks() {
        let text =
            "/tmp/my\\ cache/relinked: \\\n  /tmp/my\\ cache/kit/1/a.o \\\n  /usr/lib/c$$1.so\n\n/usr/lib/c$$1.so:\n";
        assert_eq!(inputs_of(text), [PathBuf::from("/tmp/my cache/kit/1/a.o"), PathBuf::from("/usr/lib/c$1.so")]);
    }
}
