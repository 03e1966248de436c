//! What manifests say about files: which sources are targets' roots, and which dependencies lie outside the repository.
//!
//! Reads manifests as TOML, without cargo: a commit may need another cargo, and this runs at every call.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use toml::{Table, Value};

use crate::vcs::SourceTree;

/// The root source files of all targets of all packages, and all build scripts: by cargo's conventions and by manifest.
pub(super) fn root_sources(source: &SourceTree) -> BTreeSet<PathBuf> {
    let by_convention = source.entries.keys().filter(|path| {
        let name = path.file_name().unwrap_or_default();
        let folder = path.parent().and_then(Path::file_name).unwrap_or_default();
        let grown = path.extension().is_some_and(|extension| extension == "rs");
        ["build.rs", "lib.rs", "main.rs"].iter().any(|root| name == *root)
            || grown && ["bin", "benches", "examples", "tests"].iter().any(|root| folder == *root)
    });
    let mut found: BTreeSet<PathBuf> = by_convention.cloned().collect();
    for (folder, manifest) in manifests(source) {
        let mut named = Vec::new();
        let table = |name: &str| manifest.get(name).and_then(Value::as_table);
        named.extend(table("lib").and_then(|lib| lib.get("path")));
        named.extend(table("package").and_then(|package| package.get("build")));
        for kind in ["bin", "bench", "test", "example"] {
            let targets = manifest.get(kind).and_then(Value::as_array).into_iter().flatten();
            named.extend(targets.filter_map(|target| target.get("path")));
        }
        found.extend(named.into_iter().filter_map(Value::as_str).filter_map(|path| normalise(&folder.join(path))));
    }
    found.retain(|path| source.entries.contains_key(path));
    found
}

/// Path dependencies that lie outside the root, relative to it (`../shared`), those of outside packages included.
pub(super) fn outside_dependencies(source: &SourceTree, root: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut open = Vec::new();
    for (folder, manifest) in manifests(source) {
        collect_paths(&manifest, &folder, &mut open);
    }
    while let Some(path) = open.pop() {
        let Some(path) = normalise(&path).filter(|path| path.starts_with("..")) else { continue };
        if !found.insert(path.clone()) {
            continue;
        }
        let text = fs_err::read_to_string(root.join(&path).join("Cargo.toml")).unwrap_or_default();
        if let Ok(manifest) = text.parse::<Table>() {
            collect_paths(&manifest, &path, &mut open);
        }
    }
    found
}

/// All manifests of a tree, with their folders. One that is no TOML is cargo's to complain of.
fn manifests(source: &SourceTree) -> Vec<(PathBuf, Table)> {
    let named = source.entries.keys().filter(|path| path.file_name().is_some_and(|name| name == "Cargo.toml"));
    named
        .filter_map(|path| {
            let blob = source.read(path).ok()??;
            let manifest = std::str::from_utf8(&blob.bytes).ok()?.parse().ok()?;
            Some((path.parent().unwrap_or(Path::new("")).to_owned(), manifest))
        })
        .collect()
}

/// Collects the `path` of every dependency: tables below any key that ends in `dependencies`, or below `patch`.
fn collect_paths(manifest: &Table, folder: &Path, found: &mut Vec<PathBuf>) {
    for (key, value) in manifest {
        let Some(table) = value.as_table() else { continue };
        if key.ends_with("dependencies") {
            let paths = table.values().filter_map(|dependency| dependency.get("path")).filter_map(Value::as_str);
            found.extend(paths.map(|path| folder.join(path)));
        } else if key == "patch" {
            for registry in table.values().filter_map(Value::as_table) {
                let paths = registry.values().filter_map(|patch| patch.get("path")).filter_map(Value::as_str);
                found.extend(paths.map(|path| folder.join(path)));
            }
        } else if key == "target" || key == "workspace" {
            collect_paths(table, folder, found);
            for nested in table.values().filter_map(Value::as_table) {
                collect_paths(nested, folder, found);
            }
        }
    }
}

/// A relative path without `.` and inner `..`; `None` for an absolute one.
pub(super) fn normalise(path: &Path) -> Option<PathBuf> {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::Normal(name) => clean.push(name),
            Component::ParentDir if clean.components().next_back().is_some_and(|last| last != Component::ParentDir) => {
                clean.pop();
            }
            Component::ParentDir => clean.push(".."),
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(clean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependencies_of_every_kind_of_table_are_found() {
        let manifest: Table = "
            [dependencies]
            a = { path = \"../a\" }
            plain = \"1\"
            [target.'cfg(unix)'.dev-dependencies.b]
            path = \"../b\"
            [workspace.dependencies]
            c = { path = \"../c\", version = \"1\" }
            [patch.crates-io]
            d = { path = \"inner/d\" }
            [[bench]]
            path = \"no/dependency.rs\"
        "
        .parse()
        .unwrap();
        let mut found = Vec::new();
        collect_paths(&manifest, Path::new("x"), &mut found);
        found.sort();
        assert_eq!(found, ["x/../a", "x/../b", "x/../c", "x/inner/d"].map(PathBuf::from));
    }

    #[test]
    fn paths_are_normalised_without_the_file_system() {
        for (path, expected) in [("a/./b/../c", "a/c"), ("a/../../b", "../b"), ("../../b", "../../b"), (".", "")] {
            assert_eq!(normalise(Path::new(path)), Some(PathBuf::from(expected)), "{path}");
        }
        assert_eq!(normalise(Path::new("/x")), None);
    }
}
