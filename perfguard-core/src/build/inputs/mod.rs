//! What the executables of a build were made from, by what cargo and the compiler say: so that a tree in which none of it
//! changed need not be built. In doubt, it changed.

mod affected;
mod collect;
mod dep_info;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::model::TargetId;

pub use affected::Affected;
pub(super) use affected::Trees;
pub(super) use collect::collect;

/// What the executables of one build were made from. All paths are relative to the tree's root.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Inputs {
    /// The workspace's folder.
    workspace: String,
    /// The tree's own packages that were compiled, by their folders.
    packages: BTreeMap<String, PackageInputs>,
    /// Each executable.
    targets: Vec<TargetInputs>,
}

/// What the library, programs, macros and build scripts of a package were made from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct PackageInputs {
    files: BTreeSet<String>,
    /// What its build scripts read.
    scripts: Vec<ScriptInputs>,
}

/// What one build script reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ScriptInputs {
    /// It does not say: any file of its package.
    Package,
    /// These files and folders.
    Paths(BTreeSet<String>),
    /// Something that is not in the tree, such as git's own files: anything may change it.
    Anything,
}

/// What one executable was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct TargetInputs {
    id: TargetId,
    /// Its own source files.
    files: BTreeSet<String>,
    /// The folders of the packages whose code may be in it, its own among them.
    packages: BTreeSet<String>,
}
