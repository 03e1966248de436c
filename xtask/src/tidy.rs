//! The rules that the compiler does not check: which module may know which, what every file must have, and lists in
//! documents that must be true.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Result, bail};

/// Lines of code, tests apart, above which a file certainly knows more than one thing.
const MOST_LINES: usize = 600;

/// The members of the workspace.
const PACKAGES: [&str; 5] = ["cargo-perfguard", "perfguard-core", "perfguard-harness", "perfguard-stats", "xtask"];
/// Values that stages hand to one another: they know nothing else.
const NOUNS: [&str; 1] = ["model"];
/// The only ways to the outside world: they know nouns and one another.
const DOORS: [&str; 7] = ["clock", "cancel", "event", "config", "process", "environment", "vcs"];
/// Take values and give values: they know nouns and doors, never another stage.
const STAGES: [&str; 9] = ["plan", "build", "measure", "analyse", "judge", "bisect", "explain", "store", "report"];
/// Where stages meet.
const TOP: [&str; 1] = ["pipeline"];

/// A source file: its path from the root, and its text.
struct Source {
    path: String,
    text: String,
}

/// Checks everything; names all that is wrong.
pub(crate) fn run(root: &Path) -> Result<()> {
    let sources = sources(root)?;
    let read = |path: &str| fs_err::read_to_string(root.join(path)).unwrap_or_default();
    let mut wrong = Vec::new();
    for source in &sources {
        wrong.extend(check_file(source));
        wrong.extend(check_arrows(source));
    }
    wrong.extend(check_modules(&sources, &read("ARCHITECTURE.md")));
    for package in PACKAGES {
        wrong.extend(check_versions(package, &read(&format!("{package}/Cargo.toml"))));
    }
    wrong.extend(check_stands_alone(&read("perfguard-harness/Cargo.toml")));
    if !read("CHANGELOG.md").contains("## Unreleased") {
        wrong.push("CHANGELOG.md: no section `## Unreleased`".to_owned());
    }
    for file in ["README.md", "CONTRIBUTING.md", "METHODOLOGY.md", "LICENSE-MIT", "LICENSE-APACHE", "deny.toml"] {
        if read(file).is_empty() {
            wrong.push(format!("{file}: missing or empty"));
        }
    }
    if !wrong.is_empty() {
        bail!("{} things are not tidy:\n  {}", wrong.len(), wrong.join("\n  "));
    }
    println!("tidy: {} files", sources.len());
    Ok(())
}

fn sources(root: &Path) -> Result<Vec<Source>> {
    let mut found = Vec::new();
    let mut open: Vec<_> = PACKAGES.iter().map(|name| root.join(name)).collect();
    while let Some(folder) = open.pop() {
        for item in fs_err::read_dir(&folder)? {
            let path = item?.path();
            if path.is_dir() && !path.ends_with("target") {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let relative = path.strip_prefix(root)?.display().to_string();
                found.push(Source { text: fs_err::read_to_string(&path)?, path: relative });
            }
        }
    }
    found.sort_by(|left, right| left.path.cmp(&right.path));
    Ok(found)
}

/// What every file must have and must not have.
fn check_file(source: &Source) -> Vec<String> {
    let Source { path, text } = source;
    let mut wrong = Vec::new();
    if !text.starts_with("//!") {
        wrong.push(format!("{path}: does not begin with `//!`, what it knows"));
    }
    let is_test = path.contains("/tests/") || path.ends_with("tests.rs");
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().lines().count();
    if code > MOST_LINES && !is_test {
        wrong.push(format!("{path}: {code} lines; a file knows one thing ({MOST_LINES} at most)"));
    }
    // Spelled in two parts, so that this file does not find itself.
    for word in [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("todo", "!("), concat!("unimplemented", "!(")] {
        if text.contains(word) {
            wrong.push(format!("{path}: `{word}`: do it, or leave it out"));
        }
    }
    let prints = ["println!(", "eprintln!(", "print!("].iter().any(|print| text.contains(print));
    let may_print = path.starts_with("xtask/") || path.ends_with("src/ui.rs") || is_test;
    if prints && !may_print && !path.contains("/build/cargo.rs") {
        wrong.push(format!("{path}: prints; only the ui prints"));
    }
    wrong
}

/// The part of perfguard-core that a file belongs to.
fn module_of(path: &str) -> Option<&str> {
    let inner = path.strip_prefix("perfguard-core/src/")?;
    let module = inner.split('/').next()?.trim_end_matches(".rs");
    (module != "lib").then_some(module)
}

/// The modules that may be known by a module.
fn may_know(module: &str) -> Option<BTreeSet<&'static str>> {
    let lists: &[&[&'static str]] = if NOUNS.contains(&module) {
        &[&NOUNS]
    } else if DOORS.contains(&module) || STAGES.contains(&module) {
        &[&NOUNS, &DOORS]
    } else if TOP.contains(&module) {
        &[&NOUNS, &DOORS, &STAGES, &TOP]
    } else {
        return None;
    };
    Some(lists.iter().copied().flatten().copied().collect())
}

/// The arrows between the modules of perfguard-core: a stage never knows another stage.
fn check_arrows(source: &Source) -> Vec<String> {
    let Some(module) = module_of(&source.path) else { return Vec::new() };
    let Some(known) = may_know(module) else {
        return vec![format!("{}: module `{module}` has no layer; give it one in xtask/src/tidy.rs", source.path)];
    };
    let mut wrong = Vec::new();
    for part in source.text.split("crate::").skip(1) {
        let name: String = part.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        if !name.is_empty() && name != module && !known.contains(name.as_str()) && is_module(&name) {
            wrong.push(format!("{}: `{module}` may not know `{name}`", source.path));
        }
    }
    wrong
}

fn is_module(name: &str) -> bool {
    [&NOUNS[..], &DOORS, &STAGES, &TOP].concat().contains(&name)
}

/// Every module is in the code map of the architecture, and every module of the map is there.
fn check_modules(sources: &[Source], architecture: &str) -> Vec<String> {
    let there: BTreeSet<&str> = sources.iter().filter_map(|source| module_of(&source.path)).collect();
    let mapped =
        |module: &str| architecture.contains(&format!("`{module}`")) || architecture.contains(&format!("`{module}/`"));
    let unmapped =
        there.iter().filter(|module| !mapped(module)).map(|module| format!("ARCHITECTURE.md: no `{module}`"));
    let all = [&NOUNS[..], &DOORS, &STAGES, &TOP].concat();
    let gone = all.into_iter().filter(|module| !there.contains(module)).map(|module| format!("`{module}` has no file"));
    unmapped.chain(gone).collect()
}

/// Versions stand in the workspace's manifest only.
fn check_versions(package: &str, manifest: &str) -> Vec<String> {
    let mut in_dependencies = false;
    let mut wrong = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            in_dependencies = line.contains("dependencies");
        } else if in_dependencies && line.contains('=') && !line.contains("workspace = true") {
            wrong.push(format!("{package}/Cargo.toml: `{line}`: versions stand in the workspace's manifest"));
        }
    }
    wrong
}

/// The harness is everybody's dev-dependency: it knows no other crate of ours.
fn check_stands_alone(manifest: &str) -> Option<String> {
    let known = PACKAGES.into_iter().filter(|name| *name != "perfguard-harness");
    let mut ours = known.filter(|name| manifest.lines().any(|line| line.starts_with(name)));
    ours.next().map(|name| format!("perfguard-harness/Cargo.toml: depends on `{name}`; it stands alone"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &str, text: &str) -> Source {
        Source { path: path.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn a_stage_that_knows_another_stage_is_found() {
        let arrow = |path: &str, text: &str| check_arrows(&source(path, text)).len();
        assert_eq!(arrow("perfguard-core/src/measure/x.rs", "use crate::store::Store;"), 1);
        assert_eq!(arrow("perfguard-core/src/measure/x.rs", "use crate::model::Run; use crate::process::Exit;"), 0);
        assert_eq!(arrow("perfguard-core/src/model/x.rs", "use crate::clock::Clock;"), 1);
        assert_eq!(arrow("perfguard-core/src/vcs/x.rs", "fn f() { crate::plan::g() }"), 1);
        assert_eq!(arrow("perfguard-core/src/pipeline/x.rs", "use crate::store::Store; use crate::plan::Filter;"), 0);
        assert_eq!(arrow("perfguard-core/src/novel/x.rs", ""), 1, "a module without a layer");
    }

    #[test]
    fn a_file_must_say_what_it_knows_and_leave_nothing_undone() {
        assert_eq!(check_file(&source("a/src/x.rs", "//! Knows.\n")).len(), 0);
        assert_eq!(check_file(&source("a/src/x.rs", "fn f() {}\n")).len(), 1);
        assert_eq!(
            check_file(&source("a/src/x.rs", &format!("//! Knows.\n// {} later\n", concat!("TO", "DO")))).len(),
            1
        );
        assert_eq!(check_file(&source("a/src/x.rs", &format!("//! Knows.\n{}", "x\n".repeat(700)))).len(), 1);
        assert_eq!(check_file(&source("a/src/x.rs", "//! Knows.\nfn f() { println!(\"x\") }")).len(), 1);
    }

    #[test]
    fn a_version_in_a_package_and_a_module_without_a_map_are_found() {
        assert_eq!(check_versions("p", "[dependencies]\na.workspace = true\nb = \"1\"\n").len(), 1);
        assert_eq!(check_stands_alone("[dependencies]\nperfguard-core.workspace = true\n").iter().count(), 1);
        assert_eq!(check_stands_alone("[dependencies]\ntinyjson.workspace = true\n"), None);
        let all = [&NOUNS[..], &DOORS, &STAGES, &TOP].concat();
        let sources: Vec<_> = all.iter().map(|name| source(&format!("perfguard-core/src/{name}/x.rs"), "")).collect();
        let map = |skip: &str| {
            all.iter().filter(|name| **name != skip).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" ")
        };
        assert!(check_modules(&sources, &map("")).is_empty());
        assert_eq!(check_modules(&sources, &map("vcs")), ["ARCHITECTURE.md: no `vcs`"]);
    }
}
