//! The user's cargo configuration, as far as the workbench must know it: the target, the runner, the compiler wrapper;
//! and what cargo would have read above the repository.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::BuildError;

/// The cargo configuration that holds for one folder, files merged by cargo's rules (nearest wins).
#[derive(Debug, Clone, Default)]
pub(super) struct CargoConfig {
    merged: Table,
}

impl CargoConfig {
    /// Reads what cargo would read when called from `folder`, with its home at `cargo_home`.
    pub(super) fn read(folder: &Path, cargo_home: Option<&Path>) -> Self {
        let mut merged = Table::new();
        let files = folder.ancestors().map(|folder| folder.join(".cargo")).chain(cargo_home.map(Path::to_owned));
        let mut seen = Vec::new();
        for cargo in files {
            if !seen.contains(&cargo) {
                if let Some(table) = read_file(&cargo) {
                    merge_below(&mut merged, table);
                }
                seen.push(cargo);
            }
        }
        Self { merged }
    }

    fn get(&self, path: &[&str]) -> Option<&Value> {
        let (last, folders) = path.split_last()?;
        let mut table = &self.merged;
        for name in folders {
            table = table.get(*name)?.as_table()?;
        }
        table.get(*last)
    }

    /// `build.target`: the triples that are built for when the command line names none.
    pub(super) fn targets(&self) -> Vec<String> {
        words(self.get(&["build", "target"]))
    }

    /// `build.rustc-wrapper`.
    pub(super) fn rustc_wrapper(&self) -> Option<OsString> {
        self.get(&["build", "rustc-wrapper"]).and_then(Value::as_str).map(Into::into)
    }

    /// `key=value` for cargo's `--config` that puts words to those of a list. Cargo joins lists of several places, but
    /// only a text with a text.
    pub(super) fn with_words(&self, path: &[&str], more: &[String]) -> String {
        let value = match self.get(path) {
            Some(Value::String(known)) => {
                let words: Vec<&str> = known.split_whitespace().chain(more.iter().map(String::as_str)).collect();
                Value::String(words.join(" "))
            }
            _ => Value::Array(more.iter().cloned().map(Value::String).collect()),
        };
        let key: Vec<String> = path.iter().map(|part| quoted_key(part)).collect();
        format!("{}={value}", key.join("."))
    }

    /// Whether there are compiler flags for a triple, by its name or by a `target.'cfg(…)'` that holds for `cfgs`.
    pub(super) fn has_target_flags(&self, triple: &str, cfgs: impl FnOnce() -> Vec<cargo_platform::Cfg>) -> bool {
        if self.get(&["target", triple, "rustflags"]).is_some() {
            return true;
        }
        self.conditional(triple, "rustflags", cfgs).next().is_some()
    }

    /// The values of a key behind conditions that hold.
    fn conditional<'a>(
        &'a self,
        triple: &'a str,
        name: &'a str,
        cfgs: impl FnOnce() -> Vec<cargo_platform::Cfg>,
    ) -> impl Iterator<Item = &'a Value> {
        let tables = self.merged.get("target").and_then(Value::as_table).into_iter().flatten();
        let all: Vec<_> = tables
            .filter(|(key, _)| key.starts_with("cfg("))
            .filter_map(|(key, table)| Some((key, table.get(name)?)))
            .collect();
        // Only where there is a condition is the compiler asked.
        let cfgs = if all.is_empty() { Vec::new() } else { cfgs() };
        let holds = move |key: &str| {
            key.parse::<cargo_platform::Platform>().is_ok_and(|platform| platform.matches(triple, &cfgs))
        };
        all.into_iter().filter(move |(key, _)| holds(key)).map(|(_, value)| value)
    }

    /// `target.TRIPLE.runner`, else the runner of a `target.'cfg(…)'` that holds for `cfgs`.
    pub(super) fn runner(&self, triple: &str, cfgs: impl FnOnce() -> Vec<cargo_platform::Cfg>) -> Vec<OsString> {
        let runner = |value: Option<&Value>| match value {
            Some(Value::String(line)) => line.split_whitespace().map(Into::into).collect(),
            other => words(other).into_iter().map(OsString::from).collect::<Vec<_>>(),
        };
        let own = runner(self.get(&["target", triple, "runner"]));
        if !own.is_empty() {
            return own;
        }
        self.conditional(triple, "runner", cfgs).next().map(|value| runner(Some(value))).unwrap_or_default()
    }
}

/// A part of a dotted key; quoted where it is no bare word.
fn quoted_key(part: &str) -> String {
    let is_bare = part.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_');
    if is_bare { part.to_owned() } else { Value::String(part.to_owned()).to_string() }
}

fn words(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(word)) => vec![word.clone()],
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

/// `config.toml` or `config` of a `.cargo` folder, with its relative paths made absolute. One that is no TOML is cargo's
/// to complain of.
fn read_file(cargo: &Path) -> Option<Table> {
    let text = ["config", "config.toml"].iter().find_map(|name| std::fs::read_to_string(cargo.join(name)).ok())?;
    let mut table: Table = text.parse().ok()?;
    make_absolute(&mut table, cargo.parent()?);
    Some(table)
}

/// Adds what `lower` has and `higher` has not; lists are joined, the higher one's items last, as cargo does.
fn merge_below(higher: &mut Table, lower: Table) {
    for (key, below) in lower {
        match (higher.get_mut(&key), below) {
            (Some(Value::Table(above)), Value::Table(below)) => merge_below(above, below),
            // A runner is one command, not a list of things.
            (Some(Value::Array(above)), Value::Array(mut below)) if key != "runner" => {
                below.append(above);
                *above = below;
            }
            (Some(_), _) => {}
            (None, below) => {
                higher.insert(key, below);
            }
        }
    }
}

/// Programs that a configuration names by a relative path with a slash lie relative to the folder of `.cargo`.
fn make_absolute(table: &mut Table, folder: &Path) {
    const PROGRAMS: [&str; 6] = ["linker", "runner", "rustc", "rustc-wrapper", "rustc-workspace-wrapper", "rustdoc"];
    for (key, value) in table.iter_mut() {
        let is_program = PROGRAMS.contains(&key.as_str());
        if let Value::Table(inner) = value {
            make_absolute(inner, folder);
        } else if let Value::String(program) = value {
            if is_program {
                absolute_program(program, folder);
            }
        } else if let Value::Array(list) = value {
            // The first word of a runner is a program; the others are its arguments.
            let paths = if key == "paths" { list.len() } else { usize::from(key == "runner") };
            for item in list.iter_mut().take(paths) {
                if let Value::String(path) = item {
                    absolute_program(path, folder);
                }
            }
        }
    }
}

fn absolute_program(program: &mut String, folder: &Path) {
    if program.contains('/') && Path::new(&program).is_relative() {
        *program = folder.join(&*program).display().to_string();
    }
}

/// Writes the configuration that cargo would have read above the repository to where it reads it above the workbench's
/// tree, so that the repository's own still wins.
pub(super) fn pass_along_from_above(
    here: &Path,
    invoking_root: &Path,
    cargo_home: Option<&Path>,
) -> Result<(), BuildError> {
    let mut merged = Table::new();
    for folder in invoking_root.ancestors().skip(1) {
        let cargo = folder.join(".cargo");
        let read_anyway = here.starts_with(folder) || Some(cargo.as_path()) == cargo_home;
        if let Some(table) = (!read_anyway).then(|| read_file(&cargo)).flatten() {
            merge_below(&mut merged, table);
        }
    }
    let target: PathBuf = here.join(".cargo/config.toml");
    let text = if merged.is_empty() { String::new() } else { merged.to_string() };
    let known = std::fs::read_to_string(&target).unwrap_or_default();
    if known == text {
        return Ok(());
    }
    fs_err::create_dir_all(here.join(".cargo")).and_then(|()| fs_err::write(&target, text)).map_err(BuildError::Cache)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Path, text: &str) {
        fs_err::create_dir_all(folder.join(".cargo")).unwrap();
        fs_err::write(folder.join(".cargo/config.toml"), text).unwrap();
    }

    #[test]
    fn the_nearest_file_wins_and_lists_are_joined() {
        let root = tempfile::tempdir().unwrap();
        let inner = root.path().join("inner");
        fs_err::create_dir_all(&inner).unwrap();
        write(root.path(), "[build]\ntarget = \"far\"\nrustc-wrapper = \"tools/wrap\"\n");
        write(&inner, "[build]\ntarget = \"near\"\n[target.near]\nrunner = \"run it\"\n");
        let config = CargoConfig::read(&inner, None);
        assert_eq!(config.targets(), ["near"]);
        assert_eq!(config.rustc_wrapper(), Some(root.path().join("tools/wrap").into()));
        assert_eq!(config.runner("near", Vec::new), ["run", "it"]);
        assert!(config.runner("other", Vec::new).is_empty());
    }

    #[test]
    fn a_runner_behind_a_condition_counts_where_the_condition_holds() {
        let root = tempfile::tempdir().unwrap();
        write(root.path(), "[target.'cfg(unix)']\nrunner = [\"sudo\", \"-E\"]\n");
        let config = CargoConfig::read(root.path(), None);
        let unix = || vec!["unix".parse().unwrap()];
        assert_eq!(config.runner("x", unix), ["sudo", "-E"]);
        assert!(config.runner("x", Vec::new).is_empty());
    }

    #[test]
    fn what_lies_above_the_repository_is_passed_along_below_its_own() {
        let root = tempfile::tempdir().unwrap();
        let repository = root.path().join("a/repository");
        let here = root.path().join("cache/here");
        fs_err::create_dir_all(&repository).unwrap();
        fs_err::create_dir_all(&here).unwrap();
        write(&root.path().join("a"), "[target.x]\nlinker = \"bin/ld\"\n");
        pass_along_from_above(&here, &repository, None).unwrap();
        let text = fs_err::read_to_string(here.join(".cargo/config.toml")).unwrap();
        assert!(text.contains(&root.path().join("a/bin/ld").display().to_string()), "{text}");
    }
}
