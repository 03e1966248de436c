//! What a build gave, written down in the folder that is kept of it: the same tree need not be built again to be run again.

use std::ffi::OsString;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::workbench::{Build, BuildRequest};
use crate::model::Variant;
use crate::vcs::SourceTree;

/// The record's name in a kept folder.
const FILE: &str = "build.json";

/// Variables that differ from call to call and decide nothing of a build.
const VOLATILE: [&str; 14] = [
    "PWD",
    "OLDPWD",
    "SHLVL",
    "_",
    "TERM",
    "COLUMNS",
    "LINES",
    "CARGO",
    "PERFGUARD_CACHE",
    "RUST_BACKTRACE",
    "NO_COLOR",
    "SSH_AUTH_SOCK",
    "WINDOWID",
    "TMUX_PANE",
];

#[derive(Debug, Serialize, Deserialize)]
struct Record {
    /// Hash of all that a build depends on besides its tree.
    asked: String,
    build: Build,
}

/// Between a tree's key and a variant's: in neither.
const VARIANT: char = '_';

/// The key under which the build of a tree is kept: two variants of it are kept beside each other.
pub(super) fn key(source: &SourceTree, variant: &Variant) -> String {
    if variant.is_plain() {
        return source.key();
    }
    let hash = blake3::hash(variant.to_string().as_bytes()).to_hex();
    format!("{}{VARIANT}{}", source.key(), &hash[..12])
}

/// The key under which a tree is kept that builds for itself.
pub(super) fn key_of_own_tree(source: &SourceTree) -> String {
    format!("{}{VARIANT}own", source.key())
}

/// The tree's part of a key.
pub(super) fn tree_of(key: &str) -> &str {
    key.split(VARIANT).next().unwrap_or(key)
}

/// The hash of all that a build depends on besides its tree: what was asked of cargo, the compiler, the environment.
pub(super) fn asked(request: &BuildRequest, compiler: &str, environment: &[(OsString, OsString)]) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut add = |bytes: &[u8]| {
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    };
    add(env!("CARGO_PKG_VERSION").as_bytes());
    add(compiler.as_bytes());
    for word in [request.manifest.as_os_str(), request.cwd.as_os_str(), request.profile.as_ref()] {
        add(word.as_encoded_bytes());
    }
    add(request.variant.to_string().as_bytes());
    for word in &request.cargo_args {
        add(word.as_encoded_bytes());
    }
    if let Some((path, content)) = &request.lock {
        add(path.as_os_str().as_encoded_bytes());
        add(content);
    }
    let mut variables: Vec<_> =
        environment.iter().filter(|(name, _)| !VOLATILE.iter().any(|volatile| name == volatile)).collect();
    variables.sort();
    for (name, value) in variables {
        add(name.as_encoded_bytes());
        add(value.as_encoded_bytes());
    }
    hasher.finalize().to_hex()[..32].to_owned()
}

/// Writes down what a build gave.
pub(super) fn write(folder: &Path, asked: &str, build: &Build) -> std::io::Result<()> {
    let record = Record { asked: asked.to_owned(), build: build.clone() };
    fs_err::write(folder.join(FILE), serde_json::to_vec(&record).expect("a build is plain data"))
}

/// What a build gave that was asked for in the same way; `None` where there is no such record.
pub(super) fn read(folder: &Path, asked: &str) -> Option<Build> {
    let record: Record = serde_json::from_slice(&fs_err::read(folder.join(FILE)).ok()?).ok()?;
    (record.asked == asked).then_some(record.build)
}

/// Whether a kept folder is one of a build in which every target compiled, however it was asked for.
pub(super) fn is_complete(folder: &Path) -> bool {
    let text = fs_err::read(folder.join(FILE)).ok();
    text.and_then(|text| serde_json::from_slice::<Record>(&text).ok()).is_some_and(|record| record.build.complete)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> BuildRequest {
        BuildRequest {
            what: "the working tree".to_owned(),
            manifest: "Cargo.toml".into(),
            cwd: "".into(),
            cargo_args: Vec::new(),
            profile: "bench".to_owned(),
            features: Vec::new(),
            variant: Variant::default(),
            lock: None,
            color: false,
        }
    }

    #[test]
    fn whatever_a_build_depends_on_changes_the_hash_and_the_terminal_does_not() {
        let variables = |all: &[(&str, &str)]| -> Vec<(OsString, OsString)> {
            all.iter().map(|(name, value)| (name.into(), value.into())).collect()
        };
        let plain = asked(&request(), "rustc 1", &variables(&[("PATH", "/bin"), ("TERM", "xterm")]));
        assert_eq!(plain, asked(&request(), "rustc 1", &variables(&[("TERM", "dumb"), ("PATH", "/bin")])));
        let others = [
            asked(&request(), "rustc 2", &variables(&[("PATH", "/bin")])),
            asked(&request(), "rustc 1", &variables(&[("PATH", "/bin"), ("RUSTFLAGS", "-Cdebuginfo=1")])),
            asked(&BuildRequest { profile: "release".into(), ..request() }, "rustc 1", &variables(&[("PATH", "/bin")])),
            asked(
                &BuildRequest { variant: "target-cpu=native".parse().unwrap(), ..request() },
                "rustc 1",
                &variables(&[("PATH", "/bin")]),
            ),
            asked(
                &BuildRequest { cargo_args: vec!["-p".into()], ..request() },
                "rustc 1",
                &variables(&[("PATH", "/bin")]),
            ),
        ];
        assert!(others.iter().all(|other| *other != plain));
    }
}
