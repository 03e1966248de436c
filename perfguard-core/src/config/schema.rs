//! What is made from the list of keys: the JSON schema that editors take, and the commented file.

use serde_json::{Map, Value, json};

use super::keys::{KEYS, Key, Kind, TABLE_KEYS};
use super::own_metrics::UNITS;

/// Where the schema is published, for editors: they read it from a file's first line.
pub const SCHEMA_URL: &str = "https://raw.githubusercontent.com/perfguard/perfguard/main/schemas/perfguard.toml.json";

/// The schema of `perfguard.toml`.
pub fn json_schema() -> Value {
    let mut sections: Map<String, Value> = Map::new();
    for key in KEYS {
        let (section, name) = key.path.split_once('.').expect("a key lies in a section");
        let entry = sections
            .entry(section)
            .or_insert_with(|| json!({ "type": "object", "additionalProperties": false, "properties": {} }));
        entry["properties"][name] = property(key);
    }
    let table = |more: Option<(&str, Value)>| {
        let mut properties: Map<String, Value> =
            TABLE_KEYS.iter().map(|key| (key.path.to_owned(), property(key))).collect();
        properties.extend(more.map(|(name, value)| (name.to_owned(), value)));
        let amount = json!({
            "type": ["number", "string"], "minimum": 0,
            "description": "Limit of a metric in its own unit, such as `2ms`, `14GiB`, `95%` or `1000`.",
        });
        properties.extend(["max", "min"].map(|end| (end.to_owned(), amount.clone())));
        let ends = json!({
            "type": "object", "additionalProperties": false, "properties": { "max": amount.clone(), "min": amount.clone() },
        });
        json!({
            "type": "object",
            "additionalProperties": {
                "type": "object", "properties": properties,
                "patternProperties": { "^(max|min)-[a-z]": amount },
                "additionalProperties": ends,
            },
        })
    };
    let globs = json!({
        "type": "array", "items": { "type": "string" },
        "description": "Globs over ids, `package::target::name`.",
    });
    sections.insert("benchmark".to_owned(), table(None));
    sections.insert("category".to_owned(), table(Some(("benchmarks", globs))));
    sections.insert(
        "target".to_owned(),
        json!({
            "type": "array",
            "description": "Programs that are no cargo targets and speak the native protocol (docs/protocol.md).",
            "items": {
                "type": "object", "additionalProperties": false, "required": ["name", "command"],
                "properties": {
                    "name": {
                        "type": "string", "pattern": "^[A-Za-z0-9_-]+$",
                        "description": "The benchmarks are `program::NAME::…`.",
                    },
                    "command": {
                        "type": ["string", "array"], "minLength": 1, "minItems": 1, "items": { "type": "string" },
                        "description": "Words of a command line; it runs in the root of the tree that is measured.",
                    },
                },
            },
        }),
    );
    sections.insert("metric".to_owned(), own_metric());
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "perfguard.toml",
        "description": "Settings of `cargo perfguard`.",
        "type": "object",
        "additionalProperties": false,
        "properties": sections,
    })
}

/// `[[metric]]`.
fn own_metric() -> Value {
    json!({
        "type": "array",
        "description": "Metrics of your own, each by a command that prints a number (docs/metrics.md).",
        "items": {
            "type": "object", "additionalProperties": false, "required": ["name", "unit", "direction", "command"],
            "properties": {
                "name": { "type": "string", "pattern": "^[a-z][a-z0-9-]*$" },
                "unit": { "enum": UNITS },
                "direction": { "enum": ["lower", "higher"], "description": "Which is better." },
                "command": {
                    "type": ["string", "array"], "minLength": 1, "minItems": 1, "items": { "type": "string" },
                    "description": "Words of a command line; it runs in the root of the tree that was measured.",
                },
                "benchmarks": {
                    "type": "array", "items": { "type": "string" },
                    "description": "Globs over the ids of the benchmarks that it is taken of; all, where there are none.",
                },
                "timeout": { "type": "string", "description": "Time limit of the command, such as `10s`." },
            },
        },
    })
}

fn property(key: &Key) -> Value {
    let mut schema = match key.kind {
        Kind::List => json!({ "type": "array", "items": { "type": "string" } }),
        Kind::Choice(words) => json!({ "type": "string", "enum": words }),
        Kind::Count => json!({ "type": ["integer", "string"], "minimum": 1 }),
        Kind::Duration => json!({ "type": "string", "pattern": r"^[0-9].*(ns|us|µs|ms|s|m|h|d)$" }),
        Kind::Percent => json!({ "type": "string", "pattern": r"^[0-9.]+ ?%$" }),
        Kind::Bytes => json!({ "type": "string", "pattern": r"^[0-9.]+ ?([KMGT]i?B|kB|B)$" }),
        Kind::Observations => json!({ "type": "string", "pattern": r"^[0-9]+(\.\.[0-9]+)?$" }),
        Kind::Switch => json!({ "type": "boolean" }),
        Kind::Layouts => json!({ "type": ["integer", "string"], "minimum": 1, "pattern": "^(auto|[1-9][0-9]*)$" }),
        Kind::Amount => json!({ "type": ["number", "string"], "minimum": 0 }),
        Kind::Text => json!({ "type": "string", "minLength": 1 }),
    };
    let default = key.default.filter(|_| key.kind != Kind::List);
    schema["description"] = json!(format!("{}. Expected: {}.", key.doc, key.kind.expected()));
    if let Some(default) = default {
        schema["default"] = json!(default);
    }
    schema
}

/// A file with every key as a comment, at its default.
pub fn commented_file() -> String {
    let mut text = format!("#:schema {SCHEMA_URL}\n");
    text += "# Settings of `cargo perfguard`. A variable beats this file (`PERFGUARD_RUN_BUDGET`), a flag beats both.\n\
         # `cargo perfguard config show` tells what holds, and why.\n";
    let mut section = "";
    for key in KEYS {
        let (own, name) = key.path.split_once('.').expect("a key lies in a section");
        if own != section {
            section = own;
            text.extend([format!("\n[{section}]\n")]);
        }
        let value = match (key.kind, key.default) {
            (Kind::List, _) => "[]".to_owned(),
            (_, Some(default)) => format!("{default:?}"),
            (Kind::Count, None) => "100".to_owned(),
            (_, None) => "\"…\"".to_owned(),
        };
        text.extend([format!("# {}.\n# {name} = {value}\n", key.doc)]);
    }
    text += "\n# Some benchmarks only, by globs over `package::target::name`; the last table that matches wins.\n";
    text += "# [benchmark.\"my-crate::*::parse/*\"]\n";
    for key in TABLE_KEYS {
        let value = if let Kind::Choice([first, ..]) = key.kind { *first } else { "…" };
        text.extend([format!("# {} = {value:?}    # {}\n", key.path, key.doc)]);
    }
    text += "#\n# [category.slow]\n# benchmarks = [\"*::large/*\", \"*::huge/*\"]\n# statistic = \"median\"\n";
    text += "\n# A program that is no cargo target and speaks the native protocol.\n";
    text += "# [[target]]\n# name = \"py\"\n# command = \"python3 bench.py\"\n";
    text += "\n# A metric of your own: a command that prints a number after a benchmark's observations.\n";
    text += "# [[metric]]\n# name = \"accuracy\"\n# unit = \"ratio\"\n# direction = \"higher\"\n";
    text += "# command = \"python3 accuracy.py\"\n";
    text
}
