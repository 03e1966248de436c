//! Which dependencies two `Cargo.lock`s have in other versions.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::DependencyChange;

/// A lock file that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("`Cargo.lock` of {side} cannot be read: {message}")]
pub struct LockError {
    side: &'static str,
    message: String,
}

#[derive(Debug, serde::Deserialize)]
struct Lock {
    #[serde(default)]
    package: Vec<Package>,
}

#[derive(Debug, serde::Deserialize)]
struct Package {
    name: String,
    version: String,
    /// Where it comes from; workspace members come from nowhere.
    source: Option<String>,
}

/// What changed from base's lock file to head's, by name; those of the workspace itself are left out.
///
/// # Errors
/// When one of them is no lock file.
pub fn dependency_changes(base: &str, head: &str) -> Result<Vec<DependencyChange>, LockError> {
    let (base, head) = (versions("base", base)?, versions("head", head)?);
    let names: BTreeSet<&String> = base.keys().chain(head.keys()).collect();
    let nothing = BTreeSet::new();
    let change = |name: &&String| {
        let of = |side: &BTreeMap<String, BTreeSet<Pinned>>| side.get(*name).unwrap_or(&nothing).clone();
        let (before, after) = (of(&base), of(&head));
        let only = |one: &BTreeSet<Pinned>, other: &BTreeSet<Pinned>| -> Vec<String> {
            one.difference(other).map(Pinned::shown).collect()
        };
        let (removed, added) = (only(&before, &after), only(&after, &before));
        (!removed.is_empty() || !added.is_empty()).then(|| DependencyChange {
            name: (*name).clone(),
            base: removed,
            head: added,
        })
    };
    Ok(names.iter().filter_map(change).collect())
}

/// A version with where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Pinned {
    version: String,
    source: String,
}

impl Pinned {
    /// The version; of a dependency by git, with the commit.
    fn shown(&self) -> String {
        match self.source.strip_prefix("git+").and_then(|source| source.rsplit_once('#')) {
            Some((_, commit)) => format!("{} ({})", self.version, commit.get(..9).unwrap_or(commit)),
            None => self.version.clone(),
        }
    }
}

fn versions(side: &'static str, text: &str) -> Result<BTreeMap<String, BTreeSet<Pinned>>, LockError> {
    let lock: Lock = toml::from_str(text).map_err(|error| LockError { side, message: error.message().to_owned() })?;
    let mut found: BTreeMap<String, BTreeSet<Pinned>> = BTreeMap::new();
    for Package { name, version, source } in lock.package {
        if let Some(source) = source {
            found.entry(name).or_default().insert(Pinned { version, source });
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, version: &str, source: &str) -> String {
        let source = if source.is_empty() { String::new() } else { format!("source = \"{source}\"\n") };
        format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n{source}\n")
    }

    #[test]
    fn versions_that_changed_came_and_went_are_told_and_members_are_not() {
        const INDEX: &str = "registry+https://example.com/index";
        let base = [
            package("member", "0.1.0", ""),
            package("serde", "1.0.1", INDEX),
            package("gone", "2.0.0", INDEX),
            package("two", "1.0.0", INDEX),
            package("two", "2.0.0", INDEX),
            package("by-git", "0.1.0", "git+https://example.com/x#0123456789abcdef"),
        ];
        let head = [
            package("member", "0.2.0", ""),
            package("serde", "1.0.2", INDEX),
            package("new", "0.3.0", INDEX),
            package("two", "1.0.0", INDEX),
            package("two", "2.1.0", INDEX),
            package("by-git", "0.1.0", "git+https://example.com/x#fedcba9876543210"),
        ];
        let found = dependency_changes(&base.concat(), &head.concat()).unwrap();
        let texts: Vec<_> =
            found.iter().map(|one| (one.name.as_str(), one.base.join(","), one.head.join(","))).collect();
        let expected = [
            ("by-git", "0.1.0 (012345678)", "0.1.0 (fedcba987)"),
            ("gone", "2.0.0", ""),
            ("new", "", "0.3.0"),
            ("serde", "1.0.1", "1.0.2"),
            ("two", "2.0.0", "2.1.0"),
        ];
        assert_eq!(texts, expected.map(|(name, base, head)| (name, base.to_owned(), head.to_owned())));
        assert!(dependency_changes(&head.concat(), &head.concat()).unwrap().is_empty());
        let error = dependency_changes("version = 4\n", "package = 3\n").unwrap_err().to_string();
        assert!(error.starts_with("`Cargo.lock` of head cannot be read: "), "{error}");
    }
}
