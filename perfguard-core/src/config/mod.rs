//! Settings as people write them: `perfguard.toml`, variables and flags, each with its origin.
//!
//! A flag beats a variable, a variable beats `perfguard.toml`, that beats the package's and then the workspace's metadata,
//! and everything beats a default. The invoking tree's configuration counts, whatever revision is measured.

mod error;
mod file;
pub mod glob;
pub mod keys;
mod own_metrics;
mod programs;
mod schema;
pub mod units;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use error::{ConfigError, Origin, Place};
pub use file::{Table, Value};
pub use own_metrics::OwnMetric;
pub use programs::ProgramTarget;
pub use schema::{SCHEMA_URL, commented_file, json_schema};

use crate::model::{BenchmarkId, MetricId, Observations, built_in_metrics};
use file::FileConfig;
use keys::{KEYS, Key, Kind};

/// The name of the file at the workspace's root.
pub const FILE: &str = "perfguard.toml";

/// The settings that hold, each with its origin.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Config {
    /// A value for every key that has one, in the order of [`KEYS`].
    pub values: Vec<Setting>,
    /// Tables for benchmarks, the strongest last.
    pub tables: Vec<Table>,
    /// Programs that are no cargo targets, from all files.
    pub programs: Vec<ProgramTarget>,
    /// The user's own metrics, from all files.
    pub own_metrics: Vec<OwnMetric>,
}

/// A key with its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// Which.
    pub key: &'static Key,
    /// As it was given.
    pub value: Value,
    /// By whom.
    pub origin: Origin,
}

/// Where settings are looked for.
#[derive(Debug, Clone, Copy)]
pub struct Sources<'a> {
    /// The workspace's root.
    pub workspace: &'a Path,
    /// The manifest of the package that the user means, which may be the workspace's own.
    pub manifest: &'a Path,
    /// perfguard's own environment.
    pub environment: &'a [(OsString, OsString)],
    /// What the user gave as flags: the key's path, the flag, the value.
    pub flags: &'a [(&'static str, &'static str, String)],
}

impl Config {
    /// Reads all sources. Gives also the variables that look like perfguard's and name no key.
    ///
    /// # Errors
    /// An unknown key, a value that its key does not take, or a file that is no TOML.
    pub fn load(sources: &Sources<'_>) -> Result<(Self, Vec<String>), ConfigError> {
        let root_manifest = sources.workspace.join("Cargo.toml");
        let files: [(PathBuf, &[&str]); 3] = [
            (root_manifest, &["workspace", "metadata", "perfguard"]),
            (sources.manifest.to_owned(), &["package", "metadata", "perfguard"]),
            (sources.workspace.join(FILE), &[]),
        ];
        let mut found = FileConfig::default();
        for (path, inside) in files {
            if let Some(text) = read(&path)? {
                let FileConfig { values, tables, programs, own_metrics } = file::parse(&path, &text, inside)?;
                found.values.extend(values);
                found.tables.extend(tables);
                // A name in a stronger file is that one's.
                found.programs.retain(|known| programs.iter().all(|program| program.name != known.name));
                found.programs.extend(programs);
                let is_new = |known: &OwnMetric| own_metrics.iter().all(|own| own.metric.id != known.metric.id);
                found.own_metrics.retain(is_new);
                found.own_metrics.extend(own_metrics);
            }
        }
        found.values.extend(from_variables(sources.environment)?);
        for (path, flag, value) in sources.flags {
            let key = keys::find(path).expect("a flag stands for a key");
            let origin = Origin::Flag((*flag).to_owned());
            found.values.push((key, one(key, value, &origin)?, origin));
        }
        let values = KEYS.iter().filter_map(|key| {
            let given = found.values.iter().rev().find(|(known, ..)| known.path == key.path);
            let (value, origin) = match given {
                Some((_, value, origin)) => (value.clone(), origin.clone()),
                None => (default_of(key)?, Origin::Default),
            };
            Some(Setting { key, value, origin })
        });
        let values = values.collect();
        let FileConfig { tables, programs, own_metrics, .. } = found;
        let config = Self { values, tables, programs, own_metrics };
        config.check_metrics()?;
        Ok((config, unknown_variables(sources.environment)))
    }

    /// Whoever asks for a metric by name has to name one that there is.
    fn check_metrics(&self) -> Result<(), ConfigError> {
        let Some(Setting { value: Value::Many(names), origin, .. }) = self.setting("metrics.take") else {
            return Ok(());
        };
        let built_in = built_in_metrics();
        let own = self.own_metrics.iter().map(|own| &*own.metric.id.0);
        let known: Vec<&str> = built_in.iter().map(|metric| &*metric.id.0).chain(own).collect();
        match names.iter().find(|name| !known.contains(&name.as_str())) {
            None => Ok(()),
            Some(name) => Err(ConfigError::UnknownMetric {
                origin: origin.clone(),
                name: name.clone(),
                nearest: keys::nearest(name, known.iter().copied()).map(str::to_owned),
                known: known.into_iter().map(str::to_owned).collect(),
            }),
        }
    }

    /// The metrics that the user asked for by name, each once.
    pub fn metrics(&self) -> Vec<MetricId> {
        let mut asked: Vec<MetricId> = Vec::new();
        for name in self.list("metrics.take") {
            let id = MetricId(name.clone().into());
            if !asked.contains(&id) {
                asked.push(id);
            }
        }
        asked
    }

    fn setting(&self, path: &str) -> Option<&Setting> {
        self.values.iter().find(|setting| setting.key.path == path)
    }

    /// A value as text, where there is one.
    pub fn text(&self, path: &str) -> Option<&str> {
        match &self.setting(path)?.value {
            Value::One(text) => Some(text),
            Value::Many(_) => None,
        }
    }

    fn parsed<T, E: std::fmt::Debug>(&self, path: &str, parse: impl Fn(&str) -> Result<T, E>) -> Option<T> {
        self.text(path).map(|text| parse(text).expect("values are checked when they are read"))
    }

    /// A time.
    pub fn duration(&self, path: &str) -> Option<Duration> {
        self.parsed(path, units::parse_duration)
    }

    /// A share.
    pub fn percent(&self, path: &str) -> Option<f64> {
        self.parsed(path, units::parse_percent)
    }

    /// An amount of memory.
    pub fn bytes(&self, path: &str) -> Option<u64> {
        self.parsed(path, units::parse_bytes)
    }

    /// A number from one on.
    pub fn count(&self, path: &str) -> Option<u64> {
        self.parsed(path, units::parse_count)
    }

    /// The fewest and the most observations.
    pub fn observations(&self, path: &str) -> Option<Observations> {
        self.parsed(path, units::parse_observations)
    }

    /// A number from one on; `None` for `auto`.
    pub fn count_or_auto(&self, path: &str) -> Option<u64> {
        self.text(path).filter(|text| *text != "auto").and_then(|text| units::parse_count(text).ok())
    }

    /// A list, empty where there is none.
    pub fn list(&self, path: &str) -> &[String] {
        match self.setting(path).map(|setting| &setting.value) {
            Some(Value::Many(list)) => list,
            _ => &[],
        }
    }

    /// The tables alone: what stages need of a configuration.
    pub fn tables(&self) -> Tables {
        Tables(self.tables.clone())
    }
}

/// The tables for benchmarks: the last that matches wins.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tables(Vec<Table>);

impl Tables {
    /// A key's value for a benchmark, where a table gives one.
    pub fn of(&self, id: &BenchmarkId, key: &str) -> Option<&str> {
        let id = id.to_string();
        self.last(key, |glob| glob::matches(glob, &id))
    }

    /// All limits of metrics for a benchmark, `METRIC.max` and `METRIC.min`, with their amounts; of each the last that
    /// matches.
    pub fn limits(&self, id: &BenchmarkId) -> BTreeMap<String, f64> {
        let id = id.to_string();
        let matching = self.0.iter().filter(|table| table.globs.iter().any(|glob| glob::matches(glob, &id)));
        let values = matching.flat_map(|table| &table.values);
        let limits = values.filter(|(key, ..)| keys::limit(key).is_some());
        limits.filter_map(|(key, text, _)| Some((key.clone(), units::parse_amount(text).ok()?))).collect()
    }

    /// A key's value for a whole target, by its `package::target`, where a table gives one.
    pub fn of_target(&self, target: &str, key: &str) -> Option<&str> {
        let any = format!("{target}::");
        self.last(key, |glob| glob::matches(glob, target) || glob::matches(glob, &any))
    }

    fn last(&self, key: &str, matches: impl Fn(&str) -> bool) -> Option<&str> {
        let matching = self.0.iter().rev().filter(|table| table.globs.iter().any(|glob| matches(glob)));
        let mut values = matching.flat_map(|table| table.values.iter());
        values.find(|(known, ..)| known == key).map(|(_, value, _)| value.as_str())
    }
}

/// The tables of another tree's `perfguard.toml`, for comparing rules; `None` where the text cannot be read.
pub fn tables_of_text(text: &str) -> Option<Tables> {
    file::parse(Path::new(FILE), text, &[]).ok().map(|found| Tables(found.tables))
}

/// The value of a key in another tree's `perfguard.toml`; `None` where it gives none.
pub fn value_of_text(text: &str, path: &str) -> Option<String> {
    let found = file::parse(Path::new(FILE), text, &[]).ok()?;
    found.values.into_iter().rev().find(|(key, ..)| key.path == path).and_then(|(_, value, _)| match value {
        Value::One(text) => Some(text),
        Value::Many(_) => None,
    })
}

fn read(path: &Path) -> Result<Option<String>, ConfigError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(ConfigError::Unreadable { path: path.to_owned(), message: error.to_string() }),
    }
}

fn default_of(key: &Key) -> Option<Value> {
    let text = key.default?;
    Some(if key.kind == Kind::List { Value::Many(Vec::new()) } else { Value::One(text.to_owned()) })
}

/// A text as a key's value. A list is separated by commas.
fn one(key: &'static Key, text: &str, origin: &Origin) -> Result<Value, ConfigError> {
    if key.kind == Kind::List {
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        return Ok(Value::Many(items.map(str::to_owned).collect()));
    }
    match key.kind.check(text) {
        Ok(()) => Ok(Value::One(text.to_owned())),
        Err(error) => Err(ConfigError::Value {
            origin: origin.clone(),
            key: key.path.to_owned(),
            value: text.to_owned(),
            expected: error.expected,
        }),
    }
}

/// What the variables give. An empty one is none.
fn from_variables(environment: &[(OsString, OsString)]) -> Result<Vec<(&'static Key, Value, Origin)>, ConfigError> {
    let mut found = Vec::new();
    for key in KEYS {
        let name = keys::variable(key);
        let value = environment.iter().find(|(known, _)| known == name.as_str()).map(|(_, value)| value);
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            let origin = Origin::Variable(name);
            found.push((key, one(key, &value.to_string_lossy(), &origin)?, origin));
        }
    }
    Ok(found)
}

/// Variables that begin like perfguard's own and are none: most likely misspelt.
fn unknown_variables(environment: &[(OsString, OsString)]) -> Vec<String> {
    let names = environment.iter().filter_map(|(name, _)| name.to_str());
    let unknown = names.filter(|name| {
        name.starts_with("PERFGUARD_")
            && *name != "PERFGUARD_CACHE"
            && KEYS.iter().all(|key| keys::variable(key) != **name)
    });
    unknown.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests;
