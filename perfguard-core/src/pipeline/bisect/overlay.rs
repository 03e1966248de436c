//! Bench files of one revision in the trees of others: a bench that was added later than a regression can be run before it.

use std::path::{Path, PathBuf};

use toml::{Table, Value};

use crate::pipeline::PipelineError;
use crate::vcs::SourceTree;

/// The tree with the bench files of another: everything below each package's `benches/`, the `[[bench]]` tables and the
/// dev-dependencies of its manifest, and the lock file. Packages that only one of the two has stay as they are.
pub(super) fn with_benches_of(mut tree: SourceTree, benches: &SourceTree) -> Result<SourceTree, PipelineError> {
    let manifests: Vec<PathBuf> = benches
        .entries
        .keys()
        .filter(|path| path.file_name().is_some_and(|name| name == "Cargo.toml"))
        .cloned()
        .collect();
    for manifest in
        manifests.iter().filter(|manifest| tree.entries.contains_key(*manifest)).cloned().collect::<Vec<_>>()
    {
        let folder = manifest.parent().unwrap_or(Path::new("")).join("benches");
        let carried: Vec<_> = benches.entries.iter().filter(|(path, _)| path.starts_with(&folder)).collect();
        if carried.is_empty() {
            continue;
        }
        tree.entries.retain(|path, _| !path.starts_with(&folder));
        tree.entries.extend(carried.into_iter().map(|(path, entry)| (path.clone(), entry.clone())));
        let text = |tree: &SourceTree| -> Result<String, PipelineError> {
            let blob = tree.read(&manifest)?;
            Ok(blob.map(|blob| String::from_utf8_lossy(&blob.bytes).into_owned()).unwrap_or_default())
        };
        if let Some(merged) = merged(&text(&tree)?, &text(benches)?) {
            tree.put(manifest.clone(), merged.into_bytes());
        }
    }
    if let Some(lock) = benches.entries.get(Path::new("Cargo.lock")) {
        tree.entries.insert("Cargo.lock".into(), lock.clone());
    }
    // It is not the commit any more.
    tree.dirty = true;
    Ok(tree)
}

/// A manifest with the bench targets and dev-dependencies of another; `None` where one of them cannot be read.
fn merged(manifest: &str, benches: &str) -> Option<String> {
    let mut manifest: Table = manifest.parse().ok()?;
    let benches: Table = benches.parse().ok()?;
    if let Some(targets) = benches.get("bench") {
        manifest.insert("bench".to_owned(), targets.clone());
    }
    if let Some(Value::Table(wanted)) = benches.get("dev-dependencies") {
        let own = manifest.entry("dev-dependencies").or_insert_with(|| Value::Table(Table::new()));
        let Value::Table(own) = own else { return None };
        own.extend(wanted.iter().map(|(name, value)| (name.clone(), value.clone())));
    }
    toml::to_string(&manifest).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_gets_the_bench_targets_and_dev_dependencies_of_another() {
        let old = "[package]\nname = \"p\"\nversion = \"1.0.0\"\n[dev-dependencies]\nquickcheck = \"1\"\n";
        let new = "[package]\nname = \"p\"\nversion = \"2.0.0\"\n[[bench]]\nname = \"b\"\nharness = false\n\
                   [dev-dependencies]\ncriterion = \"0.8\"\n";
        let merged: Table = merged(old, new).unwrap().parse().unwrap();
        assert_eq!(merged["package"]["version"].as_str(), Some("1.0.0"));
        assert_eq!(merged["bench"][0]["name"].as_str(), Some("b"));
        let names: Vec<&String> = merged["dev-dependencies"].as_table().unwrap().keys().collect();
        assert_eq!(names, ["criterion", "quickcheck"]);
        assert!(super::merged("not toml [", new).is_none());
    }
}
