//! What the compiler and build scripts say they read: `.d` files, and the lines that a build script printed.

use std::path::{Path, PathBuf};

/// The files that a `.d` file of the compiler's or of cargo's names as read, as they stand there. It is a Makefile: rules
/// of `MADE: READ READ…`, with blanks in names escaped, one of which may name nothing.
pub(super) fn read_files(text: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        // The first `: ` ends what is made; a rule that names nothing only keeps make from complaining.
        let Some((_, read)) = line.split_once(": ") else { continue };
        let mut name = String::new();
        for word in read.split(' ') {
            if let Some(part) = word.strip_suffix('\\') {
                name.extend([part, " "]);
                continue;
            }
            name += word;
            if !name.is_empty() {
                found.push(PathBuf::from(std::mem::take(&mut name)));
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

/// What a build script said it depends on.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Declared {
    /// Nothing: cargo then runs it again whenever a file of its package changes.
    Nothing,
    /// These, relative to its package where they are not absolute.
    Paths(Vec<PathBuf>),
}

/// What the output of a build script declares.
pub(super) fn declared(output: &str) -> Declared {
    let mut paths = Vec::new();
    let mut says_something = false;
    for line in output.lines() {
        let Some(line) = line.strip_prefix("cargo::").or_else(|| line.strip_prefix("cargo:")) else { continue };
        if let Some(path) = line.strip_prefix("rerun-if-changed=") {
            paths.push(Path::new(path).to_owned());
            says_something = true;
        } else if line.starts_with("rerun-if-env-changed=") {
            says_something = true;
        }
    }
    if says_something { Declared::Paths(paths) } else { Declared::Nothing }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(texts: &[&str]) -> Vec<PathBuf> {
        texts.iter().map(PathBuf::from).collect()
    }

    #[test]
    fn a_rule_names_what_was_read_with_blanks_in_names() {
        let text = "/b/speak-1.d: benches/speak.rs data/my\\ file.txt\n\n/b/speak-1: benches/speak.rs data/my\\ file.txt\n\n\
                    benches/speak.rs:\ndata/my\\ file.txt:\n\n# env-dep:CARGO_PKG_NAME=sample: x\n";
        assert_eq!(read_files(text), paths(&["benches/speak.rs", "data/my file.txt"]));
    }

    #[test]
    fn a_build_script_declares_files_or_variables_or_nothing() {
        let text = "cargo:rerun-if-changed=build.rs\ncargo::rerun-if-changed=../data\nnoise\n";
        assert_eq!(declared(text), Declared::Paths(paths(&["build.rs", "../data"])));
        assert_eq!(declared("cargo:rerun-if-env-changed=CC\n"), Declared::Paths(Vec::new()));
        assert_eq!(declared("cargo:rustc-cfg=x\n"), Declared::Nothing);
    }
}
