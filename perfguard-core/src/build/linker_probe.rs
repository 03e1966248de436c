//! Whether the linker that rustc uses by itself can put functions in an order: by linking a program of one line with it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::cancel::CancellationToken;
use crate::model::Ability;
use crate::process::{CommandSpec, ToolEnd, run_tool};

/// How rustc is called, and where.
#[derive(Debug, Clone)]
pub struct LinkerProbe {
    /// The compiler.
    pub rustc: PathBuf,
    /// The whole environment.
    pub environment: Vec<(OsString, OsString)>,
    /// Where it is called: the toolchain may depend on it.
    pub cwd: PathBuf,
}

impl LinkerProbe {
    /// Tries it in a folder that goes afterwards, below the system's own for such. Knows nothing of cargo's configuration.
    pub fn try_ordering(&self, cancel: &CancellationToken) -> Ability {
        let folder = match tempfile::Builder::new().prefix("perfguard-probe-").tempdir() {
            Ok(folder) => folder,
            Err(error) => return Ability::fails(format!("it was not tried: {error}")),
        };
        match self.link(folder.path(), cancel) {
            Ok(()) => Ability::works("--symbol-ordering-file"),
            Err(reason) => Ability::fails(reason),
        }
    }

    fn link(&self, folder: &Path, cancel: &CancellationToken) -> Result<(), String> {
        let (source, order) = (folder.join("main.rs"), folder.join("order"));
        let written = fs_err::write(&source, "fn main() {}\n").and_then(|()| fs_err::write(&order, "main\n"));
        written.map_err(|error| error.to_string())?;
        let argument = |beginning: &str, path: &Path| {
            let mut text = OsString::from(beginning);
            text.push(path);
            text
        };
        let args = vec![
            source.clone().into_os_string(),
            "-o".into(),
            folder.join("program").into_os_string(),
            "-C".into(),
            argument("link-arg=-Wl,--symbol-ordering-file=", &order),
        ];
        let spec = CommandSpec {
            program: self.rustc.clone(),
            args,
            env: self.environment.clone(),
            cwd: self.cwd.clone(),
            input: None,
        };
        let mut lines = Vec::new();
        let end = run_tool(&spec, cancel, &mut |_, line| lines.push(line.to_owned()));
        match end {
            Ok(ToolEnd { code: Some(0), .. }) => Ok(()),
            Ok(_) => Err(why(&lines)),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// The line that says why, out of what rustc and the linker wrote.
fn why(lines: &[String]) -> String {
    let said =
        |part: &str| lines.iter().map(|line| line.trim().trim_start_matches("= note: ")).find(|l| l.contains(part));
    if said("unrecognized option").or_else(|| said("unknown argument")).is_some_and(|line| line.contains("ordering")) {
        return "it does not know `--symbol-ordering-file` (GNU ld does not, LLD does)".to_owned();
    }
    let reason = said("error").unwrap_or("it did not say why");
    format!("a program of one line could not be linked: {reason}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_linker_without_the_option_is_told_from_one_that_is_missing() {
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        let reason = why(&lines(
            "error: linking with `cc` failed\n  = note: /usr/bin/ld: unrecognized option '--symbol-ordering-file=x'",
        ));
        assert!(reason.contains("does not know"), "{reason}");
        let reason = why(&lines("error: linker `cc` not found\n  |"));
        assert_eq!(reason, "a program of one line could not be linked: error: linker `cc` not found");
    }

    #[test]
    fn a_compiler_that_is_not_there_is_named() {
        let probe = LinkerProbe { rustc: "/no/such/rustc".into(), environment: Vec::new(), cwd: "/".into() };
        let found = probe.try_ordering(&CancellationToken::new());
        assert_eq!(found.failure(), Some("could not start `/no/such/rustc`"));
    }
}
