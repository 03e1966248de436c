//! Bench targets as `cargo metadata` describes them, and which of them cargo's selection flags mean.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use cargo_metadata::{Metadata, MetadataCommand, Package};

use crate::cancel::CancellationToken;
use crate::config::glob;
use crate::model::{BenchTarget, NotMeasured, TargetId, TargetKind};
use crate::process::{self, CommandSpec, ProcessError, Stream};

/// The workspace could not be read.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// There is no `Cargo.toml` here or above.
    #[error("could not find `Cargo.toml` in `{}` or any parent directory", .0.display())]
    NoManifest(PathBuf),
    /// `cargo metadata` said no.
    #[error("cargo could not read the workspace\n{0}")]
    Metadata(String),
    /// The folder asks for a toolchain that is not installed.
    #[error("toolchain `{0}` is not installed, and the working tree asks for it")]
    ToolchainMissing(String),
    /// `cargo metadata` answered something unreadable.
    #[error("could not read the answer of `cargo metadata`")]
    Unreadable(#[source] cargo_metadata::Error),
    /// Cargo could not be called.
    #[error("could not call `cargo metadata`")]
    Call(#[source] ProcessError),
    /// The user ended it.
    #[error("interrupted")]
    Interrupted,
}

impl PlanError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoManifest(_) => {
                Some("run this inside a cargo package or workspace, or name one with `--manifest-path`".to_owned())
            }
            Self::ToolchainMissing(toolchain) => Some(format!("`rustup toolchain install {toolchain}`")),
            Self::Call(_) => Some("install Rust and cargo, or put `cargo` on the PATH".to_owned()),
            Self::Metadata(_) | Self::Unreadable(_) | Self::Interrupted => None,
        }
    }
}

/// What `cargo metadata` said of a workspace.
#[derive(Debug, Clone)]
pub struct Workspace {
    metadata: Metadata,
}

impl Workspace {
    /// The folder of the workspace's root manifest.
    pub fn root(&self) -> &Path {
        self.metadata.workspace_root.as_std_path()
    }

    /// Cargo's target directory, which is no source.
    pub fn target_directory(&self) -> &Path {
        self.metadata.target_directory.as_std_path()
    }

    /// The name of the package in which a source file lies, by the package's identifier as cargo prints it.
    pub fn package_name(&self, identifier: &str) -> Option<&str> {
        let package = self.metadata.packages.iter().find(|package| package.id.repr == identifier)?;
        Some(package.name.as_str())
    }
}

/// Cargo's own flags that choose packages and targets, as far as they decide which bench targets are meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// `--package`.
    pub packages: Vec<String>,
    /// `--workspace`.
    pub workspace: bool,
    /// `--exclude`.
    pub exclude: Vec<String>,
    /// `--bench`.
    pub benches: Vec<String>,
    /// `--features`, split at commas and blanks.
    pub features: Vec<String>,
    /// `--all-features`.
    pub all_features: bool,
    /// `--no-default-features`.
    pub no_default_features: bool,
}

/// The manifest that cargo would use from a folder: the nearest `Cargo.toml` upwards.
///
/// # Errors
/// [`PlanError::NoManifest`].
pub fn nearest_manifest(folder: &Path) -> Result<PathBuf, PlanError> {
    folder
        .ancestors()
        .map(|folder| folder.join("Cargo.toml"))
        .find(|manifest| manifest.is_file())
        .ok_or_else(|| PlanError::NoManifest(folder.to_owned()))
}

/// Asks cargo for the workspace of a manifest. `--no-deps`: anything more could write the user's `Cargo.lock`.
///
/// # Errors
/// When there is no such manifest, when it has errors (cargo's own message is inside), or when cargo is missing.
pub fn read_metadata(
    manifest: &Path,
    cwd: &Path,
    env: &[(OsString, OsString)],
    cargo: &Path,
    cancel: &CancellationToken,
) -> Result<Workspace, PlanError> {
    let mut args: Vec<OsString> =
        ["metadata", "--no-deps", "--format-version", "1", "--manifest-path"].map(Into::into).into();
    args.push(manifest.into());
    let spec = CommandSpec { program: cargo.to_owned(), args, env: env.to_owned(), cwd: cwd.to_owned(), input: None };
    let (mut answer, mut complaint) = (String::new(), String::new());
    let end = process::run_tool(&spec, cancel, &mut |stream, line| {
        let text = if stream == Stream::Out { &mut answer } else { &mut complaint };
        text.push_str(line);
        text.push('\n');
    })
    .map_err(PlanError::Call)?;
    if cancel.is_cancelled() {
        return Err(PlanError::Interrupted);
    }
    if let Some(toolchain) = process::missing_toolchain(&complaint).filter(|_| end.code != Some(0)) {
        return Err(PlanError::ToolchainMissing(toolchain));
    }
    if end.code != Some(0) {
        return Err(PlanError::Metadata(complaint.trim_end().to_owned()));
    }
    let json = answer.lines().find(|line| line.starts_with('{')).unwrap_or_default();
    Ok(Workspace { metadata: MetadataCommand::parse(json).map_err(PlanError::Unreadable)? })
}

/// The packages of the workspace that have a `[[bench]]` target, by name.
pub fn packages_with_benches(workspace: &Workspace) -> Vec<String> {
    let packages = workspace.metadata.workspace_packages();
    let has_bench = |package: &&Package| package.targets.iter().any(cargo_metadata::Target::is_bench);
    packages.into_iter().filter(has_bench).map(|package| package.name.to_string()).collect()
}

/// The `[[bench]]` targets of the packages that cargo's flags select, in cargo's order.
///
/// Libraries and programs are not among them: `cargo metadata` does not say which of those `cargo bench` would run.
pub fn expected_targets(workspace: &Workspace, manifest: &Path, selection: &Selection) -> Vec<BenchTarget> {
    let wanted =
        |name: &str| selection.benches.is_empty() || selection.benches.iter().any(|glob| glob::matches(glob, name));
    let mut found = Vec::new();
    for package in selected_packages(workspace, manifest, selection) {
        for target in package.targets.iter().filter(|target| target.is_bench() && wanted(&target.name)) {
            let id = TargetId { package: package.name.to_string(), kind: TargetKind::Bench, name: target.name.clone() };
            found.push(BenchTarget { id, required_features: target.required_features.clone() });
        }
    }
    found
}

/// Why cargo built no executable of a target. `needs_nightly` are the source files, relative to the workspace's root, in
/// which the compiler found an unstable feature.
pub fn unbuilt_reason(
    workspace: &Workspace,
    target: &BenchTarget,
    selection: &Selection,
    needs_nightly: &[PathBuf],
) -> NotMeasured {
    let package =
        workspace.metadata.workspace_packages().into_iter().find(|package| *package.name == target.id.package);
    let missing: Vec<String> = match package {
        Some(package) if !selection.all_features => {
            let active = active_features(package, selection);
            target.required_features.iter().filter(|name| !active.contains(name.as_str())).cloned().collect()
        }
        _ => Vec::new(),
    };
    // A library that does not compile takes its benches with it.
    let is_in_its_way = |other: &cargo_metadata::Target| {
        (other.is_lib() || other.is_bench() && other.name == target.id.name)
            && needs_nightly.iter().any(|file| other.src_path.as_std_path().ends_with(file))
    };
    if !missing.is_empty() {
        NotMeasured::NeedsFeatures { missing }
    } else if package.is_some_and(|package| package.targets.iter().any(is_in_its_way)) {
        NotMeasured::NeedsNightly
    } else {
        NotMeasured::BuildFailed
    }
}

/// The packages that cargo's flags mean, by cargo's rules: named ones; else all with `--workspace`; else the package of
/// the manifest, or the workspace's default members where the manifest is the workspace's root.
fn selected_packages<'a>(workspace: &'a Workspace, manifest: &Path, selection: &Selection) -> Vec<&'a Package> {
    let metadata = &workspace.metadata;
    let members = metadata.workspace_packages();
    if selection.workspace {
        let excluded = |package: &Package| selection.exclude.iter().any(|spec| spec_matches(spec, package));
        return members.into_iter().filter(|package| !excluded(package)).collect();
    }
    if !selection.packages.is_empty() {
        let named = |package: &Package| selection.packages.iter().any(|spec| spec_matches(spec, package));
        return members.into_iter().filter(|package| named(package)).collect();
    }
    if manifest.parent() == Some(workspace.root()) {
        return metadata.workspace_default_packages();
    }
    members.into_iter().filter(|package| package.manifest_path.as_std_path() == manifest).collect()
}

/// Whether a package is meant by cargo's `SPEC`: a name (globs allowed), `name@version`, or a URL ending in either.
fn spec_matches(spec: &str, package: &Package) -> bool {
    let last = spec.rsplit(['#', '/']).next().unwrap_or(spec);
    let (name, version) = match last.split_once(['@', ':']) {
        Some((name, version)) => (name, Some(version)),
        None => (last, None),
    };
    glob::matches(name, &package.name) && version.is_none_or(|version| package.version.to_string().starts_with(version))
}

/// The features of a package that cargo's flags turn on, by the package's own feature table. A `package/feature` word
/// means only that package.
fn active_features<'a>(package: &'a Package, selection: &'a Selection) -> BTreeSet<&'a str> {
    let mut open: Vec<&str> = Vec::new();
    if !selection.no_default_features {
        open.push("default");
    }
    for word in &selection.features {
        match word.split_once('/') {
            Some((name, feature)) if *package.name == name => open.push(feature),
            Some(_) => {}
            None => open.push(word),
        }
    }
    let mut active = BTreeSet::new();
    while let Some(feature) = open.pop() {
        if active.insert(feature) {
            open.extend(package.features.get(feature).into_iter().flatten().map(String::as_str));
        }
    }
    active
}

#[cfg(test)]
mod tests;
