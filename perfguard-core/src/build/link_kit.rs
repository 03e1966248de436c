//! A link kit that is kept, and linking it again: as it was, or with arguments of our own behind the user's.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::role_linker::{DESCRIPTION, KIT, Kit, OUTPUT};
use crate::cancel::CancellationToken;
use crate::process::{self, CommandSpec, ProcessError};

/// Lines of a linker's output that are worth showing: the reason stands at the end.
const LINES_SHOWN: usize = 20;

/// The inputs and arguments of one link.
#[derive(Debug, Clone, Default)]
pub(super) struct LinkKit {
    folder: PathBuf,
    plan: Kit,
}

/// A kit could not be linked.
#[derive(Debug)]
pub(super) enum LinkFailure {
    /// The linker could not be started.
    Start(ProcessError),
    /// The linker said no: the end of what it wrote.
    Refused(String),
}

impl LinkKit {
    /// The kit in a folder, if there is one that can be read.
    pub(super) fn open(folder: &Path) -> Option<Self> {
        let text = fs_err::read(folder.join(DESCRIPTION)).ok()?;
        Some(Self { folder: folder.to_owned(), plan: serde_json::from_slice(&text).ok()? })
    }

    /// Links to `output`, with `extra` arguments behind all others.
    pub(super) fn link(
        &self,
        output: &Path,
        extra: &[OsString],
        cancel: &CancellationToken,
    ) -> Result<(), LinkFailure> {
        let mut lines = Vec::new();
        let end = self.call(output, extra, cancel, &mut |line| lines.push(line.to_owned()))?;
        if end == Some(0) {
            return Ok(());
        }
        let shown = lines.len().saturating_sub(LINES_SHOWN);
        Err(LinkFailure::Refused(lines[shown..].join("\n")))
    }

    /// What the linker calls itself, such as `GNU ld (GNU Binutils for Debian) 2.40`.
    pub(super) fn linker(&self, cancel: &CancellationToken) -> Option<String> {
        let mut lines = Vec::new();
        let output = self.folder.join("version");
        self.call(&output, &["-Wl,--version".into()], cancel, &mut |line| lines.push(line.to_owned())).ok()?;
        fs_err::remove_file(output).ok();
        // The compiler that drives it says its own version first.
        let is_linker = |line: &&String| {
            ["GNU ld", "GNU gold", "LLD", "mold", "Wild"].iter().any(|name| line.contains(name) && !line.contains('/'))
        };
        lines.iter().find(is_linker).cloned()
    }

    fn call(
        &self,
        output: &Path,
        extra: &[OsString],
        cancel: &CancellationToken,
        on_line: &mut dyn FnMut(&str),
    ) -> Result<Option<i32>, LinkFailure> {
        let folder = self.folder.display().to_string();
        let word = |word: &String| {
            if word == OUTPUT { output.as_os_str().to_owned() } else { OsString::from(word.replace(KIT, &folder)) }
        };
        let args = self.plan.args.iter().map(word).chain(extra.iter().cloned()).collect();
        let program = PathBuf::from(&self.plan.linker);
        let spec = CommandSpec { program, args, env: self.plan.env.clone(), cwd: self.folder.clone(), input: None };
        let end = process::run_tool(&spec, cancel, &mut |_, line| on_line(line)).map_err(LinkFailure::Start)?;
        Ok(end.code)
    }
}
