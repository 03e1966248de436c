//! Reading `perfguard.toml`, and the same tables in a `Cargo.toml`, with the line of everything that is said.

use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{ConfigError, Origin, Place};
use super::keys::{self, KEYS, Key, Kind, TABLE_KEYS};
use super::own_metrics::{self, OwnMetric};
use super::programs::{self, ProgramTarget};

/// What a file says.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct FileConfig {
    /// Keys outside tables, with their values as text.
    pub(super) values: Vec<(&'static Key, Value, Origin)>,
    /// Tables for benchmarks, in the order of the file.
    pub(super) tables: Vec<Table>,
    /// Programs that are no cargo targets.
    pub(super) programs: Vec<ProgramTarget>,
    /// The user's own metrics.
    pub(super) own_metrics: Vec<OwnMetric>,
}

/// A value as text, or several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// One.
    One(String),
    /// A list.
    Many(Vec<String>),
}

/// A table for the benchmarks that some globs match.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// `benchmark."GLOB"` or `category.NAME`.
    pub name: String,
    /// Globs over ids.
    pub globs: Vec<String>,
    /// Its keys, checked, with their values and origins.
    pub values: Vec<(String, String, Origin)>,
}

/// Reads a file's text. `inside` is the path of the table in which the configuration lies: nothing for `perfguard.toml`.
pub(super) fn parse(file: &Path, text: &str, inside: &[&str]) -> Result<FileConfig, ConfigError> {
    let reader = Reader { file, text };
    let table = DeTable::parse(text).map_err(|error| {
        let place = reader.place(&error.span().unwrap_or_default());
        ConfigError::Syntax { place, message: error.message().to_owned() }
    })?;
    let mut table = table.get_ref();
    for name in inside {
        match table.get(*name).and_then(|value| value.get_ref().as_table()) {
            Some(inner) => table = inner,
            None => return Ok(FileConfig::default()),
        }
    }
    let mut config = FileConfig::default();
    let mut tables = Vec::new();
    for (name, value) in table {
        let section = name.get_ref().as_ref();
        if section == "target" {
            config.programs = programs::read(&reader, value)?;
            continue;
        }
        if section == "metric" {
            config.own_metrics = own_metrics::read(&reader, value)?;
            continue;
        }
        let Some(inner) = value.get_ref().as_table() else {
            return Err(reader.unknown(section, &name.span(), sections()));
        };
        match section {
            "benchmark" | "category" => tables.extend(reader.tables(section, inner)?),
            _ if KEYS.iter().any(|key| section_of(key) == section) => {
                for (name, value) in inner {
                    config.values.push(reader.value(section, name.get_ref(), &name.span(), value)?);
                }
            }
            _ => return Err(reader.unknown(section, &name.span(), sections())),
        }
    }
    // The last matching table wins: they have to stand in the order of the file.
    tables.sort_by_key(|(at, _)| *at);
    config.tables = tables.into_iter().map(|(_, table)| table).collect();
    Ok(config)
}

fn section_of(key: &Key) -> &'static str {
    key.path.split('.').next().unwrap_or_default()
}

fn sections() -> impl Iterator<Item = &'static str> {
    KEYS.iter().map(section_of).chain(["benchmark", "category", "target", "metric"])
}

pub(super) struct Reader<'a> {
    file: &'a Path,
    text: &'a str,
}

impl Reader<'_> {
    pub(super) fn place(&self, span: &Range<usize>) -> Place {
        let line = self.text[..span.start.min(self.text.len())].matches('\n').count() + 1;
        Place { file: self.file.to_owned(), line }
    }

    pub(super) fn unknown<'k>(
        &self,
        key: &str,
        span: &Range<usize>,
        known: impl Iterator<Item = &'k str>,
    ) -> ConfigError {
        let nearest = keys::nearest(key, known).map(str::to_owned);
        ConfigError::UnknownKey { place: self.place(span), key: key.to_owned(), nearest }
    }

    fn value(
        &self,
        section: &str,
        name: &str,
        span: &Range<usize>,
        value: &Spanned<DeValue<'_>>,
    ) -> Result<(&'static Key, Value, Origin), ConfigError> {
        let path = format!("{section}.{name}");
        let Some(key) = keys::find(&path) else {
            return Err(self.unknown(&path, span, KEYS.iter().map(|key| key.path)));
        };
        let origin = Origin::File(self.place(&value.span()));
        Ok((key, checked(key.kind, &path, value.get_ref(), &origin)?, origin))
    }

    /// The tables of `[benchmark]` or `[category]`, with where each stands.
    fn tables(&self, section: &str, all: &DeTable<'_>) -> Result<Vec<(usize, Table)>, ConfigError> {
        let mut found = Vec::new();
        for (name, value) in all {
            let path = format!("{section}.{}", quoted(name.get_ref()));
            let Some(inner) = value.get_ref().as_table() else {
                let origin = Origin::File(self.place(&value.span()));
                let value = shown(value.get_ref());
                return Err(ConfigError::Value { origin, key: path, value, expected: "a table".to_owned() });
            };
            let is_category = section == "category";
            let mut table = Table { name: path.clone(), globs: Vec::new(), values: Vec::new() };
            if !is_category {
                table.globs.push(name.get_ref().to_string());
            }
            for (key, value) in inner {
                if is_category && key.get_ref() == "benchmarks" {
                    let origin = Origin::File(self.place(&value.span()));
                    let path = format!("{path}.benchmarks");
                    if let Value::Many(globs) = checked(Kind::List, &path, value.get_ref(), &origin)? {
                        table.globs = globs;
                    }
                    continue;
                }
                match (value.get_ref(), keys::find_table_key(key.get_ref())) {
                    // `peak-memory.max = …`: a table of the metric.
                    (DeValue::Table(inner), None) => {
                        for (end, value) in inner {
                            let name = format!("{}.{}", key.get_ref(), end.get_ref());
                            self.table_value(&mut table, is_category, &name, &end.span(), value)?;
                        }
                    }
                    _ => self.table_value(&mut table, is_category, key.get_ref(), &key.span(), value)?,
                }
            }
            found.push((name.span().start, table));
        }
        Ok(found)
    }

    /// Takes one key of a table, or the limit of a metric.
    fn table_value(
        &self,
        table: &mut Table,
        is_category: bool,
        name: &str,
        span: &Range<usize>,
        value: &Spanned<DeValue<'_>>,
    ) -> Result<(), ConfigError> {
        let path = format!("{}.{name}", table.name);
        let known = keys::find_table_key(name).map(|key| (key.path.to_owned(), key.kind));
        let Some((known, kind)) = known.or_else(|| keys::limit(name).map(|limit| (limit, Kind::Amount))) else {
            let names = TABLE_KEYS.iter().map(|key| key.path).chain(is_category.then_some("benchmarks"));
            let nearest = keys::nearest(name, names).map(str::to_owned);
            return Err(ConfigError::UnknownKey { place: self.place(span), key: path, nearest });
        };
        let origin = Origin::File(self.place(&value.span()));
        if let Value::One(text) = checked(kind, &path, value.get_ref(), &origin)? {
            table.values.push((known, text, origin));
        }
        Ok(())
    }
}

/// A name as a key: quoted where TOML wants it.
fn quoted(name: &str) -> String {
    let bare = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    if bare { name.to_owned() } else { format!("{name:?}") }
}

/// A value as text, if its key takes it.
fn checked(kind: Kind, path: &str, value: &DeValue<'_>, origin: &Origin) -> Result<Value, ConfigError> {
    let refused = |expected: String| ConfigError::Value {
        origin: origin.clone(),
        key: path.to_owned(),
        value: shown(value),
        expected,
    };
    let found = match (kind, value) {
        (Kind::List, DeValue::Array(items)) => {
            let items = items.iter().map(|item| item.get_ref().as_str().map(str::to_owned)).collect::<Option<Vec<_>>>();
            return items.map(Value::Many).ok_or_else(|| refused(kind.expected()));
        }
        (Kind::List, _) => return Err(refused(kind.expected())),
        (_, DeValue::String(text)) => text.to_string(),
        (Kind::Switch, DeValue::Boolean(value)) => value.to_string(),
        (Kind::Amount, DeValue::Float(number)) => number.as_str().replace('_', ""),
        (kind, DeValue::Integer(number)) if kind.is_number() => number.as_str().replace('_', ""),
        _ => return Err(refused(kind.expected())),
    };
    match kind.check(&found) {
        Ok(()) => Ok(Value::One(found)),
        Err(error) => Err(refused(error.expected)),
    }
}

/// A value as a message shows it.
pub(super) fn shown(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => text.to_string(),
        DeValue::Integer(number) => number.as_str().to_owned(),
        DeValue::Float(number) => number.as_str().to_owned(),
        DeValue::Boolean(value) => value.to_string(),
        DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => format!("a {}", value.type_str()),
    }
}
