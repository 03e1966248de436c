//! `[[target]]`: programs that are no cargo targets and speak the native protocol.

use toml::Spanned;
use toml::de::DeValue;

use super::error::{ConfigError, Origin};
use super::file::{Reader, shown};

/// A program that speaks the native protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgramTarget {
    /// Its benchmarks are `program::NAME::…`.
    pub name: String,
    /// The program and its arguments, at least one word.
    pub command: Vec<String>,
    /// Where it stands.
    pub origin: Origin,
}

const NAME: &str = "a name of letters, digits, `-` and `_`";
const COMMAND: &str = "the words of a command line, such as `\"python3 bench.py\"` or `[\"python3\", \"bench.py\"]`";
const TABLES: &str = "tables `[[target]]`, each with `name` and `command`";

/// Reads all tables of `target`.
pub(super) fn read(reader: &Reader<'_>, value: &Spanned<DeValue<'_>>) -> Result<Vec<ProgramTarget>, ConfigError> {
    let origin = |value: &Spanned<DeValue<'_>>| Origin::File(reader.place(&value.span()));
    let refused = |value: &Spanned<DeValue<'_>>, key: &str, expected: &str| ConfigError::Value {
        origin: origin(value),
        key: key.to_owned(),
        value: shown(value.get_ref()),
        expected: expected.to_owned(),
    };
    let DeValue::Array(tables) = value.get_ref() else { return Err(refused(value, "target", TABLES)) };
    let mut found: Vec<ProgramTarget> = Vec::new();
    for item in tables {
        let Some(table) = item.get_ref().as_table() else { return Err(refused(item, "target", TABLES)) };
        let (mut name, mut command) = (None, None);
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "name" => {
                    let text = value.get_ref().as_str().filter(|text| is_name(text));
                    let text = text.ok_or_else(|| refused(value, "target.name", NAME))?;
                    if found.iter().any(|known| known.name == text) {
                        return Err(refused(value, "target.name", "a name that no other `[[target]]` has"));
                    }
                    name = Some(text.to_owned());
                }
                "command" => {
                    let words = words(value.get_ref()).filter(|words| words.iter().all(|word| !word.is_empty()));
                    let words = words.filter(|words| !words.is_empty());
                    command = Some(words.ok_or_else(|| refused(value, "target.command", COMMAND))?);
                }
                other => {
                    let path = format!("target.{other}");
                    return Err(reader.unknown(&path, &key.span(), ["target.name", "target.command"].into_iter()));
                }
            }
        }
        let (Some(name), Some(command)) = (name, command) else { return Err(refused(item, "target", TABLES)) };
        found.push(ProgramTarget { name, command, origin: origin(item) });
    }
    Ok(found)
}

pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
}

/// A command's words, from a text that is split as a shell would, or a list.
pub(super) fn words(value: &DeValue<'_>) -> Option<Vec<String>> {
    match value {
        DeValue::String(text) => shlex::split(text),
        DeValue::Array(items) => items.iter().map(|item| item.get_ref().as_str().map(str::to_owned)).collect(),
        DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) | DeValue::Table(_) => {
            None
        }
    }
}
