//! Whether two sides of a target would run the same: then no clock is needed to say that nothing changed.
//!
//! Compared are the loaded sections of the executables, the programs and shared objects of the target directory that they
//! name, and the tracked files of their package that are no Rust source. In doubt, the sides differ.

mod locations;
mod named;
mod program;
mod program_file;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::{BuildError, Layout};
use crate::config::glob;
use crate::model::Artifact;
use crate::vcs::SourceTree;

use program::{Difference, same_program};
use program_file::ProgramFile;

/// One side of a target.
#[derive(Debug, Clone, Copy)]
pub struct IdentitySide<'a> {
    /// Its executable.
    pub artifact: &'a Artifact,
    /// The sources it was built from.
    pub tree: &'a SourceTree,
    /// The key of its kept folder.
    pub key: &'a str,
}

/// Whether two sides would run the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// Nothing that the executable was made from changed: there is only base's.
    Untouched,
    /// They would, but for what was left out.
    Same {
        /// What differs and means nothing, each in words.
        left_out: Vec<String>,
    },
    /// They may not.
    Differ {
        /// What differs, in words.
        what: String,
        /// What the user may do about a difference that means nothing.
        hint: Option<String>,
    },
}

/// Files that say what a build is, not what a program reads: left out unless the executable contains their name.
const NOT_READ: [&str; 14] = [
    "README*",
    "CHANGELOG*",
    "LICENSE*",
    "LICENCE*",
    "COPYING*",
    ".github/*",
    "Cargo.toml",
    "Cargo.lock",
    "perfguard.toml",
    "perfguard.accepted.toml",
    ".gitignore",
    ".gitattributes",
    "rustfmt.toml",
    "clippy.toml",
];

/// Compares two sides. The builder's folder must be seated. `ignore` are globs over paths from the root.
pub(super) fn identity(
    layout: &Layout,
    base: &IdentitySide<'_>,
    head: &IdentitySide<'_>,
    ignore: &[String],
) -> Result<Identity, BuildError> {
    let differ = |what: String| Ok(Identity::Differ { what, hint: None });
    let mut left_out = Vec::new();
    let open = |side: &IdentitySide<'_>| ProgramFile::open(&side.artifact.program).map_err(BuildError::Cache);
    let (base_program, head_program) = (open(base)?, open(head)?);
    if base.artifact.hash != head.artifact.hash {
        match same_program(&base_program, &head_program).map_err(BuildError::Cache)? {
            Ok(meaningless) => left_out.extend(meaningless),
            Err(Difference(what)) => {
                let hint = embeds_its_commit(base, head, &base_program, &head_program).map_err(BuildError::Cache)?;
                return Ok(Identity::Differ { what: format!("the executables differ: {what}"), hint });
            }
        }
    }
    if let Some(what) = named::difference(layout, base, head, &base_program)? {
        return differ(what);
    }
    match file_difference(layout, base, head, &base_program, ignore).map_err(BuildError::Cache)? {
        Some(path) => differ(format!("`{}` differs", path.display())),
        None => Ok(Identity::Same { left_out }),
    }
}

/// The first tracked file of the package that is no Rust source and differs.
fn file_difference(
    layout: &Layout,
    base: &IdentitySide<'_>,
    head: &IdentitySide<'_>,
    program: &ProgramFile,
    ignore: &[String],
) -> io::Result<Option<PathBuf>> {
    // Captured while it stood in the seat: the same place for both.
    let package = |side: &IdentitySide<'_>| side.artifact.run.cwd.strip_prefix(layout.wb()).map(Path::to_owned).ok();
    let (Some(of_base), Some(of_head)) = (package(base), package(head)) else { return Ok(Some(PathBuf::from("."))) };
    if of_base != of_head {
        return Ok(Some(of_head));
    }
    let paths: BTreeSet<&PathBuf> = base.tree.entries.keys().chain(head.tree.entries.keys()).collect();
    let differs = |path: &&PathBuf| {
        let content = |side: &IdentitySide<'_>| side.tree.entries.get(*path).map(|entry| (entry.mode, entry.blob));
        content(base) != content(head)
    };
    for path in paths.into_iter().filter(|path| path.starts_with(&of_base)).filter(differs) {
        let inside = path.strip_prefix(&of_base).unwrap_or(path);
        let is_rust = path.extension().is_some_and(|extension| extension == "rs");
        let is_ignored = ignore.iter().any(|glob| glob::matches(glob, &path.to_string_lossy()));
        if !is_rust && !is_ignored && (!is_not_read(inside) || holds_name(program, inside)?) {
            return Ok(Some(path.clone()));
        }
    }
    Ok(None)
}

/// Whether a file, named from its package's folder, is of a kind that no program reads, unless its name is in it.
pub fn is_not_read(inside: &Path) -> bool {
    let text = inside.to_string_lossy();
    NOT_READ.iter().any(|glob| glob::matches(glob, &text))
}

/// Whether a program holds a file's name.
fn holds_name(program: &ProgramFile, path: &Path) -> io::Result<bool> {
    name_of(path).map_or(Ok(true), |name| Ok(program.holds(&[name.as_encoded_bytes()])?[0]))
}

/// The same of a program that is not open.
pub(super) fn names_file(program: &Path, path: &Path) -> io::Result<bool> {
    holds_name(&ProgramFile::open(program)?, path)
}

fn name_of(path: &Path) -> Option<&OsStr> {
    path.components().rev().find_map(|part| match part {
        Component::Normal(name) => Some(name),
        Component::Prefix(_) | Component::RootDir | Component::CurDir | Component::ParentDir => None,
    })
}

/// The hint for executables in which each side's own commit is written.
fn embeds_its_commit(
    base: &IdentitySide<'_>,
    head: &IdentitySide<'_>,
    base_program: &ProgramFile,
    head_program: &ProgramFile,
) -> io::Result<Option<String>> {
    let holds = |side: &IdentitySide<'_>, program: &ProgramFile| -> io::Result<bool> {
        let short = side.tree.commit.as_ref().and_then(|commit| commit.0.get(..7));
        short.map_or(Ok(false), |short| Ok(program.holds(&[short.as_bytes()])?[0]))
    };
    let both = base.tree.commit != head.tree.commit && holds(base, base_program)? && holds(head, head_program)?;
    let hint = "the executable holds its commit's id, so that no two commits give the same one: set the id at run time, or only \
                in release builds";
    Ok(both.then(|| hint.to_owned()))
}
