//! Which executables a change of the tree can affect. Fails closed: whatever is not known to be harmless affects.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::{Inputs, ScriptInputs, TargetInputs};
use crate::build::identity::is_not_read;
use crate::build::manifests::root_sources;
use crate::config::glob;
use crate::model::TargetId;
use crate::vcs::{ChangedFile, Mode, SourceTree};

/// What a change of the tree can affect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Affected {
    /// Everything, for a reason in words.
    Everything(String),
    /// Only these executables, each with the reason in words.
    These(BTreeMap<TargetId, String>),
}

/// A file that differs between two trees.
struct Changed<'a> {
    path: &'a Path,
    /// It is there on one side only.
    came_or_went: bool,
    /// The folder of the package, or of the workspace, in which it lies; `None` where it is in none.
    package: Option<&'a Path>,
}

/// The two trees, and what is told apart from outside.
pub(in super::super) struct Trees<'a> {
    pub(in super::super) base: &'a SourceTree,
    pub(in super::super) head: &'a SourceTree,
    /// Globs of files that never make two sides differ.
    pub(in super::super) ignore: &'a [String],
    /// Whether an executable holds the name of a file.
    pub(in super::super) names: &'a dyn Fn(&TargetId, &Path) -> bool,
}

impl Trees<'_> {
    fn changed(&self) -> Vec<(&Path, bool)> {
        let (base, head) = (&self.base.entries, &self.head.entries);
        let paths: BTreeSet<&PathBuf> = base.keys().chain(head.keys()).collect();
        let differs = |path: &&PathBuf| {
            let content = |side: &SourceTree| side.entries.get(*path).map(|entry| (entry.mode, entry.blob));
            content(self.base) != content(self.head)
        };
        let side = |path: &PathBuf| base.contains_key(path) != head.contains_key(path);
        paths.into_iter().filter(differs).map(|path| (path.as_path(), side(path))).collect()
    }

    fn is_link(&self, path: &Path) -> bool {
        [self.base, self.head]
            .iter()
            .any(|side| side.entries.get(path).is_some_and(|entry| entry.mode == Mode::Symlink))
    }

    /// The folders of all packages, those of registries' that lie in the tree included.
    fn package_folders(&self) -> BTreeSet<&Path> {
        let all = self.base.entries.keys().chain(self.head.entries.keys());
        all.filter(|path| path.ends_with("Cargo.toml")).filter_map(|path| path.parent()).collect()
    }

    fn same_commit(&self) -> bool {
        self.base.commit == self.head.commit && self.base.dirty == self.head.dirty
    }
}

impl Inputs {
    /// What can differ between two trees, of which base is the one that these inputs are of.
    pub(in super::super) fn affected(&self, trees: &Trees<'_>) -> Affected {
        let changed = trees.changed();
        if changed.iter().any(|(_, came_or_went)| *came_or_went) && root_sources(trees.base) != root_sources(trees.head)
        {
            return Affected::Everything("a target came or went".to_owned());
        }
        self.by_changes(changed.into_iter(), &trees.package_folders(), trees)
    }

    /// What each of several lists of changed files can affect, if these inputs are of a tree like `trees`.
    pub(in super::super) fn touched(&self, lists: &[Vec<ChangedFile>], trees: &Trees<'_>) -> Vec<Affected> {
        let folders = trees.package_folders();
        let of = |files: &Vec<ChangedFile>| {
            let changed = files.iter().map(|file| (file.path.as_path(), file.came_or_went));
            self.by_changes(changed, &folders, trees)
        };
        lists.iter().map(of).collect()
    }

    fn by_changes<'a>(
        &self,
        changed: impl Iterator<Item = (&'a Path, bool)>,
        folders: &BTreeSet<&'a Path>,
        trees: &Trees<'a>,
    ) -> Affected {
        let everything = |path: &Path, why: &str| Affected::Everything(format!("`{}` {why}", path.display()));
        let mut all = Vec::new();
        for (path, came_or_went) in changed {
            if is_global(path) {
                return everything(path, "changed");
            }
            if trees.is_link(path) {
                return everything(path, "is a link, and changed");
            }
            let package = path.ancestors().skip(1).find(|folder| folders.contains(folder));
            // A registry's package that lies in the tree: cargo believes that it never changes.
            if package.is_some_and(|package| trees.base.entries.contains_key(&package.join(".cargo-checksum.json"))) {
                return everything(path, "belongs to a vendored package");
            }
            all.push(Changed { path, came_or_went, package });
        }
        let reasons = self.targets.iter().filter_map(|target| {
            let reason = self.reason(target, &all, trees)?;
            Some((target.id.clone(), reason))
        });
        Affected::These(reasons.collect())
    }

    /// Why a target is affected, in words; `None` if it is not.
    fn reason(&self, target: &TargetInputs, changed: &[Changed<'_>], trees: &Trees<'_>) -> Option<String> {
        let asks_git = target.packages.iter().find(|package| {
            let inputs = self.packages.get(*package);
            inputs.is_some_and(|inputs| inputs.scripts.contains(&ScriptInputs::Anything))
        });
        if let Some(package) = asks_git.filter(|_| !trees.same_commit() || !changed.is_empty()) {
            let package = if package.is_empty() { "." } else { package };
            return Some(format!("the build script of `{package}` reads what is not in the tree"));
        }
        let found = changed.iter().find(|changed| self.affects(target, changed, trees))?;
        Some(format!("`{}` changed", found.path.display()))
    }

    fn affects(&self, target: &TargetInputs, changed: &Changed<'_>, trees: &Trees<'_>) -> bool {
        let Some(text) = changed.path.to_str() else { return true };
        if target.files.contains(text) {
            return true;
        }
        for folder in &target.packages {
            // One that is not known was not compiled.
            let Some(package) = self.packages.get(folder) else { continue };
            let read_by = |script: &ScriptInputs| match script {
                ScriptInputs::Package => changed.path.starts_with(folder),
                ScriptInputs::Paths(paths) => paths.iter().any(|path| changed.path.starts_with(path)),
                ScriptInputs::Anything => true,
            };
            if package.files.contains(text) || package.scripts.iter().any(read_by) {
                return true;
            }
        }
        let is_of = |folder: &Path| target.packages.iter().any(|known| Path::new(known) == folder);
        if changed.path.extension().is_some_and(|extension| extension == "rs") {
            // One that nobody read may be found by a macro that lists a folder, but only where it is new there.
            return changed.came_or_went && changed.package.is_none_or(is_of);
        }
        // Above or beside all packages lie files that may be meant for any of them.
        let is_shared = changed.package.is_none_or(|folder| Path::new(&self.workspace).starts_with(folder));
        let reaches_out = || {
            let is_inside = |path: &Path| target.packages.iter().any(|folder| path.starts_with(folder));
            trees.base.entries.iter().any(|(path, entry)| entry.mode == Mode::Symlink && is_inside(path))
        };
        let is_own = changed.package.is_some_and(is_of);
        if !is_shared && !is_own && !reaches_out() {
            return false;
        }
        let inside = changed.package.and_then(|folder| changed.path.strip_prefix(folder).ok()).unwrap_or(changed.path);
        let is_prose = !is_own && changed.path.extension().is_some_and(|extension| extension == "md");
        let is_ignored = trees.ignore.iter().any(|pattern| glob::matches(pattern, text));
        let is_harmless = is_prose || is_not_read(inside);
        !(is_ignored || is_harmless && !(trees.names)(&target.id, inside))
    }
}

/// Whether cargo or the compiler may do something else for every package because of this file.
fn is_global(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    ["Cargo.toml", "Cargo.lock", "rust-toolchain", "rust-toolchain.toml", ".gitmodules"].iter().any(|one| name == *one)
        || path.parent().is_some_and(|folder| folder.iter().any(|part| part == ".cargo"))
}
