//! What cargo and the compiler say, in JSON and in words.

use std::path::PathBuf;

use cargo_metadata::diagnostic::DiagnosticLevel;
use cargo_metadata::{Message, TargetKind as CargoKind};

use crate::model::{TargetId, TargetKind};

/// An executable as cargo built it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Built {
    pub(super) target: TargetId,
    pub(super) program: PathBuf,
}

/// One compilation of a package whose sources are no registry's and no foreign repository's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OwnUnit {
    /// The package's identifier.
    pub(super) id: String,
    pub(super) package: String,
    /// The package's folder.
    pub(super) folder: PathBuf,
    pub(super) is_build_script: bool,
    /// The target, if this is its executable with benchmarks.
    pub(super) target: Option<TargetId>,
    /// What the compiler wrote.
    pub(super) files: Vec<PathBuf>,
}

/// What cargo told of the packages whose sources may change with a commit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct OwnUnits {
    pub(super) units: Vec<OwnUnit>,
    /// Build scripts that ran: their package's identifier, and their `OUT_DIR`.
    pub(super) scripts: Vec<(String, PathBuf)>,
}

/// What a line of cargo's JSON tells.
#[derive(Debug, PartialEq)]
pub(super) enum Told {
    /// Something was compiled, or was there already.
    Compiled {
        built: Option<Built>,
        own: Option<OwnUnit>,
    },
    /// A build script ran, or had run: its package's identifier, and its `OUT_DIR`.
    ScriptRan(String, PathBuf),
    /// The compiler's message as it would print it.
    Error(String),
    Warning(String),
}

pub(super) fn told(line: &str) -> Option<Told> {
    let message = serde_json::from_str::<Message>(line).ok()?;
    if let Message::CompilerMessage(said) = message {
        let text = said.message.rendered?.trim_end().to_owned();
        let is_error = matches!(said.message.level, DiagnosticLevel::Error | DiagnosticLevel::Ice);
        return Some(if is_error { Told::Error(text) } else { Told::Warning(text) });
    }
    if let Message::BuildScriptExecuted(script) = message {
        let id = script.package_id.repr;
        return is_own(&id).then(|| Told::ScriptRan(id, script.out_dir.into_std_path_buf()));
    }
    let Message::CompilerArtifact(artifact) = message else { return None };
    let own = own_unit(&artifact);
    let built = executable_of(artifact);
    (built.is_some() || own.is_some()).then_some(Told::Compiled { built, own })
}

/// Whether a package's sources may change while its version stays.
fn is_own(identifier: &str) -> bool {
    !["registry+", "git+", "sparse+"].iter().any(|source| identifier.contains(source))
}

fn own_unit(artifact: &cargo_metadata::Artifact) -> Option<OwnUnit> {
    let id = artifact.package_id.repr.clone();
    if !is_own(&id) {
        return None;
    }
    let executable = executable_of(artifact.clone());
    Some(OwnUnit {
        package: package_name(&id)?,
        id,
        folder: artifact.manifest_path.parent()?.as_std_path().to_owned(),
        is_build_script: artifact.target.kind.contains(&CargoKind::CustomBuild),
        target: executable.map(|built| built.target),
        files: artifact.filenames.iter().map(|file| file.as_std_path().to_owned()).collect(),
    })
}

/// The bench executable that an artifact of cargo's is.
fn executable_of(artifact: cargo_metadata::Artifact) -> Option<Built> {
    let program = artifact.executable.filter(|_| artifact.profile.test)?.into_std_path_buf();
    let target = &artifact.target;
    let is = |kind: CargoKind| target.kind.contains(&kind);
    let kind = if is(CargoKind::Bench) {
        TargetKind::Bench
    } else if is(CargoKind::Bin) {
        TargetKind::Bin
    } else if is(CargoKind::Test) {
        TargetKind::Test
    } else if is(CargoKind::Example) {
        TargetKind::Example
    } else {
        TargetKind::Lib
    };
    let package = package_name(&artifact.package_id.repr)?;
    Some(Built { target: TargetId { package, kind, name: target.name.clone() }, program })
}

/// The name in a package identifier: `path+file:///x/NAME#1.0.0`, `…#NAME@1.0.0`, or of old `NAME 1.0.0 (…)`.
fn package_name(identifier: &str) -> Option<String> {
    let Some((url, fragment)) = identifier.split_once('#') else {
        return identifier.split(' ').next().map(str::to_owned);
    };
    match fragment.split_once('@') {
        Some((name, _)) => Some(name.to_owned()),
        None if fragment.starts_with(|c: char| c.is_ascii_digit()) => url.rsplit('/').next().map(str::to_owned),
        None => Some(fragment.to_owned()),
    }
}

/// The source files in which a stable compiler refused `#![feature(…)]` (E0554): the place follows the message.
pub(super) fn unstable_files(complaint: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = Vec::new();
    let mut lines = complaint.lines();
    while lines.by_ref().any(|line| line.starts_with("error[E0554]")) {
        let place = lines.by_ref().next().and_then(|line| line.trim_start().strip_prefix("--> "));
        let file = place.and_then(|place| place.rsplitn(3, ':').last()).map(PathBuf::from);
        files.extend(file.filter(|file| !files.contains(file)));
    }
    files
}

/// A line without terminal colours.
pub(super) fn plain(line: &str) -> String {
    let mut text = String::new();
    let mut rest = line;
    while let Some(at) = rest.find("\u{1b}[") {
        text.push_str(&rest[..at]);
        let sequence = &rest[at + 2..];
        rest = sequence.find(|c: char| c.is_ascii_alphabetic()).map_or("", |end| &sequence[end + 1..]);
    }
    text + rest
}

/// Cargo's own message: from its first `error` on, at most 30 lines.
pub(super) fn tail(complaint: &str) -> String {
    let lines: Vec<_> = complaint.lines().skip_while(|line| !line.starts_with("error")).take(30).collect();
    if lines.is_empty() { complaint.trim_end().to_owned() } else { lines.join("\n") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn package_identifiers_of_all_ages_name_their_package() {
        for (identifier, name) in [
            ("path+file:///home/x/my-crate#0.1.0", "my-crate"),
            ("path+file:///home/x/folder#other@0.1.0", "other"),
            ("my-crate 0.1.0 (path+file:///home/x)", "my-crate"),
        ] {
            assert_eq!(package_name(identifier).as_deref(), Some(name));
        }
    }

    #[test]
    fn warnings_are_told_apart_from_errors() {
        let message = |level: &str| {
            format!(
                r#"{{"reason":"compiler-message","package_id":"p","manifest_path":"/p/Cargo.toml",
                "target":{{"kind":["lib"],"crate_types":["lib"],"name":"p","src_path":"/p/src/lib.rs","edition":"2021"}},
                "message":{{"message":"m","code":null,"level":"{level}","spans":[],"children":[],"rendered":"{level}: m\n"}}}}"#
            )
        };
        assert_eq!(told(&message("error")), Some(Told::Error("error: m".into())));
        assert_eq!(told(&message("warning")), Some(Told::Warning("warning: m".into())));
        assert_eq!(told("what a build script prints"), None);
    }

    #[test]
    fn the_files_with_unstable_features_are_named() {
        let text = "error[E0554]: `#![feature]` may not be used on the stable release channel\n --> benches/b.rs:2:12\n  |\n\
                    2 | #![feature(test)]\n\nerror: could not compile `p` (bench \"b\") due to 1 previous error";
        assert_eq!(unstable_files(text), [PathBuf::from("benches/b.rs")]);
        assert!(unstable_files("error[E0432]: unresolved import\n --> src/lib.rs:1:5").is_empty());
    }

    #[test]
    fn colours_are_taken_out_of_what_is_searched() {
        assert_eq!(plain("\u{1b}[1m\u{1b}[31merror\u{1b}[0m: no"), "error: no");
    }
}
