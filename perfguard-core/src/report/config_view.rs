//! The settings that hold, each with its origin.

use serde::Serialize;

use super::table::{Style, wrap};
use crate::config::{Config, Value};
use crate::model::Direction;

/// `config show`.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct ConfigView {
    /// Version of this format.
    pub version: u32,
    /// Always `config`.
    pub kind: &'static str,
    /// Every key that has a value.
    pub settings: Vec<ConfigRow>,
    /// Tables for benchmarks, the strongest last.
    pub tables: Vec<ConfigTable>,
}

/// A key with its value.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct ConfigRow {
    /// Its path.
    pub key: String,
    /// As it was given; a list's items otherwise.
    pub value: Vec<String>,
    /// `default`, a file with its line, a variable or a flag.
    pub origin: String,
}

/// A table for benchmarks.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct ConfigTable {
    /// `benchmark."GLOB"` or `category.NAME`.
    pub name: String,
    /// Globs over ids.
    pub benchmarks: Vec<String>,
    /// Its keys.
    pub settings: Vec<ConfigRow>,
}

impl ConfigView {
    /// The settings as they are shown.
    pub fn new(config: &Config) -> Self {
        let settings = config.values.iter().map(|setting| ConfigRow {
            key: setting.key.path.to_owned(),
            value: match &setting.value {
                Value::One(text) => vec![text.clone()],
                Value::Many(items) => items.clone(),
            },
            origin: setting.origin.to_string(),
        });
        let row = |(key, value, origin): &(String, String, crate::config::Origin)| ConfigRow {
            key: key.clone(),
            value: vec![value.clone()],
            origin: origin.to_string(),
        };
        let tables = config.tables.iter().map(|table| ConfigTable {
            name: table.name.clone(),
            benchmarks: table.globs.clone(),
            settings: table.values.iter().map(row).collect(),
        });
        let programs = config.programs.iter().map(|program| {
            let row = |key: &str, value: Vec<String>| ConfigRow {
                key: key.to_owned(),
                value,
                origin: program.origin.to_string(),
            };
            let settings = vec![row("name", vec![program.name.clone()]), row("command", program.command.clone())];
            ConfigTable {
                name: PROGRAM.to_owned(),
                benchmarks: vec![format!("program::{}::*", program.name)],
                settings,
            }
        });
        let metrics = config.own_metrics.iter().map(|own| {
            let row = |key: &str, value: Vec<String>| ConfigRow {
                key: key.to_owned(),
                value,
                origin: own.origin.to_string(),
            };
            let word = |value: serde_json::Value| value.as_str().unwrap_or_default().to_owned();
            let better = match own.metric.direction {
                Direction::LowerIsBetter => "lower",
                Direction::HigherIsBetter => "higher",
            };
            let mut settings = vec![
                row("name", vec![own.metric.id.to_string()]),
                row("unit", vec![word(serde_json::json!(own.metric.unit))]),
                row("direction", vec![better.to_owned()]),
                row("command", own.command.clone()),
            ];
            settings.extend(own.timeout.map(|time| row("timeout", vec![format!("{}ms", time.as_millis())])));
            ConfigTable { name: METRIC.to_owned(), benchmarks: own.benchmarks.clone(), settings }
        });
        let tables = tables.chain(programs).chain(metrics).collect();
        Self { version: super::view::VERSION, kind: "config", settings: settings.collect(), tables }
    }
}

/// The name of the tables of programs, of which there are several.
const PROGRAM: &str = "target";
/// That of the user's own metrics.
const METRIC: &str = "metric";

/// The settings as lines of TOML, each with its origin behind it.
pub fn config_text(view: &ConfigView, style: Style) -> String {
    let line = |key: &str, value: &[String], is_list: bool| {
        let items: Vec<_> = value.iter().map(|item| format!("{item:?}")).collect();
        if is_list { format!("{key} = [{}]", items.join(", ")) } else { format!("{key} = {}", items.join("")) }
    };
    let lists =
        |key: &str| crate::config::keys::find(key).is_some_and(|key| key.kind == crate::config::keys::Kind::List);
    let mut rows: Vec<(String, &str)> = Vec::new();
    for row in &view.settings {
        rows.push((line(&row.key, &row.value, lists(&row.key)), &row.origin));
    }
    for table in &view.tables {
        let is_program = table.name == PROGRAM || table.name == METRIC;
        rows.push((if is_program { format!("[[{}]]", table.name) } else { format!("[{}]", table.name) }, ""));
        if table.name.starts_with("category") || table.name == METRIC && !table.benchmarks.is_empty() {
            rows.push((line("benchmarks", &table.benchmarks, true), ""));
        }
        rows.extend(table.settings.iter().map(|row| {
            let is_list = is_program && row.key == "command";
            (line(&row.key, &row.value, is_list), row.origin.as_str())
        }));
    }
    let widest = rows.iter().map(|(text, _)| text.chars().count()).max().unwrap_or_default();
    let mut text = String::new();
    for (setting, origin) in rows {
        if origin.is_empty() {
            text.extend([format!("{}\n", wrap(&setting, style.width, 0))]);
        } else {
            let gap = " ".repeat(widest - setting.chars().count());
            text.extend([format!("{setting}{gap}  {}\n", style.dim(&format!("# {origin}")))]);
        }
    }
    text
}
