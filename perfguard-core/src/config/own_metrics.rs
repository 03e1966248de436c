//! `[[metric]]`: the user's own metrics, each by a command that prints numbers.

use std::time::Duration;

use serde::Deserialize;
use serde::de::value::{Error, StrDeserializer};
use toml::Spanned;
use toml::de::DeValue;

use super::error::{ConfigError, Origin};
use super::file::{Reader, shown};
use super::{glob, programs, units};
use crate::model::{BenchmarkId, Direction, Metric, MetricId, Unit, built_in_metrics, is_metric_name};

/// A metric by command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnMetric {
    /// Its id, unit and direction.
    pub metric: Metric,
    /// The program and its arguments, at least one word.
    pub command: Vec<String>,
    /// Globs over the ids of the benchmarks that it is taken of; none: all.
    pub benchmarks: Vec<String>,
    /// Time limit of the command; `None`: that of a process.
    pub timeout: Option<Duration>,
    /// Where it stands.
    pub origin: Origin,
}

impl OwnMetric {
    /// Whether it is taken of a benchmark.
    pub fn is_of(&self, id: &BenchmarkId) -> bool {
        let id = id.to_string();
        self.benchmarks.is_empty() || self.benchmarks.iter().any(|pattern| glob::matches(pattern, &id))
    }
}

/// The keys of such a table.
pub(super) const KEYS: [&str; 6] = ["name", "unit", "direction", "command", "benchmarks", "timeout"];
/// Its units.
pub(super) const UNITS: [&str; 6] = ["nanoseconds", "bytes", "count", "ratio", "per-second", "bytes-per-second"];
const TABLES: &str = "tables `[[metric]]`, each with `name`, `unit`, `direction` and `command`";
const NAME: &str = "a name of lower-case letters, digits and `-` that no other metric has";
const COMMAND: &str =
    "the words of a command line, such as `\"python3 accuracy.py\"` or `[\"python3\", \"accuracy.py\"]`";

/// Reads all tables of `metric`.
pub(super) fn read(reader: &Reader<'_>, value: &Spanned<DeValue<'_>>) -> Result<Vec<OwnMetric>, ConfigError> {
    let origin = |value: &Spanned<DeValue<'_>>| Origin::File(reader.place(&value.span()));
    let refused = |value: &Spanned<DeValue<'_>>, key: &str, expected: &str| ConfigError::Value {
        origin: origin(value),
        key: key.to_owned(),
        value: shown(value.get_ref()),
        expected: expected.to_owned(),
    };
    let DeValue::Array(tables) = value.get_ref() else { return Err(refused(value, "metric", TABLES)) };
    let mut found: Vec<OwnMetric> = Vec::new();
    for item in tables {
        let Some(table) = item.get_ref().as_table() else { return Err(refused(item, "metric", TABLES)) };
        let (mut name, mut unit, mut direction, mut command) = (None, None, None, None);
        let (mut benchmarks, mut timeout) = (Vec::new(), None);
        for (key, value) in table {
            let text = value.get_ref().as_str();
            match key.get_ref().as_ref() {
                "name" => {
                    let is_free = |name: &str| {
                        built_in_metrics().iter().all(|known| *known.id.0 != *name)
                            && found.iter().all(|known| *known.metric.id.0 != *name)
                    };
                    let text = text.filter(|text| is_metric_name(text) && is_free(text));
                    name = Some(text.ok_or_else(|| refused(value, "metric.name", NAME))?.to_owned());
                }
                "unit" => {
                    let expected = || refused(value, "metric.unit", &listed(&UNITS));
                    unit = Some(text.and_then(unit_of).ok_or_else(expected)?);
                }
                "direction" => {
                    direction = Some(match text {
                        Some("lower") => Direction::LowerIsBetter,
                        Some("higher") => Direction::HigherIsBetter,
                        _ => return Err(refused(value, "metric.direction", "which is better: `lower` or `higher`")),
                    });
                }
                "command" => {
                    let words = programs::words(value.get_ref());
                    let words = words.filter(|words| !words.is_empty() && words.iter().all(|word| !word.is_empty()));
                    command = Some(words.ok_or_else(|| refused(value, "metric.command", COMMAND))?);
                }
                "benchmarks" => {
                    let globs = value.get_ref().as_array().and_then(|items| {
                        items.iter().map(|item| item.get_ref().as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
                    });
                    benchmarks =
                        globs.ok_or_else(|| refused(value, "metric.benchmarks", "a list of globs over ids"))?;
                }
                "timeout" => {
                    let time = text.and_then(|text| units::parse_duration(text).ok());
                    timeout = Some(time.ok_or_else(|| refused(value, "metric.timeout", units::DURATION))?);
                }
                other => {
                    let path = format!("metric.{other}");
                    let known: Vec<_> = KEYS.iter().map(|key| format!("metric.{key}")).collect();
                    return Err(reader.unknown(&path, &key.span(), known.iter().map(String::as_str)));
                }
            }
        }
        let (Some(name), Some(unit), Some(direction), Some(command)) = (name, unit, direction, command) else {
            return Err(refused(item, "metric", TABLES));
        };
        let metric = Metric { id: MetricId(name.into()), unit, direction };
        found.push(OwnMetric { metric, command, benchmarks, timeout, origin: origin(item) });
    }
    Ok(found)
}

fn unit_of(name: &str) -> Option<Unit> {
    Unit::deserialize(StrDeserializer::<Error>::new(name)).ok()
}

fn listed(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" or ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_that_is_named_is_one() {
        assert!(UNITS.iter().all(|name| unit_of(name).is_some()));
    }
}
