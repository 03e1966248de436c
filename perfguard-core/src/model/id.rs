//! Stable keys: which target, which benchmark. Knows nothing of files or revisions.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What kind of cargo target an executable comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TargetKind {
    /// `[[bench]]`.
    Bench,
    /// `[lib]` with `bench = true` (the default): its unit tests' executable.
    Lib,
    /// `[[bin]]` with `bench = true` (the default).
    Bin,
    /// `[[test]]` with `bench = true`.
    Test,
    /// `[[example]]` with `bench = true`.
    Example,
    /// No cargo target: a program that `[[target]]` in `perfguard.toml` names, of the package [`PROGRAM_PACKAGE`].
    Program,
}

/// What stands in place of a package in the ids of programs that are no cargo targets.
pub const PROGRAM_PACKAGE: &str = "program";

/// A bench target: the package, the kind and the cargo name of one executable.
///
/// Written `package::target`, where target is the bench's name, `lib`, `bin/NAME`, `test/NAME` or `example/NAME`; a program
/// that is no cargo target is `program::NAME`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TargetId {
    /// The cargo package's name.
    pub package: String,
    /// What kind of cargo target.
    pub kind: TargetKind,
    /// The cargo target's name.
    pub name: String,
}

impl TargetId {
    /// The target's part of an id: the bench's name, `lib`, or `KIND/NAME`.
    pub fn label(&self) -> String {
        match self.kind {
            TargetKind::Bench | TargetKind::Program => self.name.clone(),
            TargetKind::Lib => "lib".to_owned(),
            TargetKind::Bin => format!("bin/{}", self.name),
            TargetKind::Test => format!("test/{}", self.name),
            TargetKind::Example => format!("example/{}", self.name),
        }
    }
}

impl fmt::Display for TargetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}::{}", self.package, self.label())
    }
}

/// The key of one benchmark across revisions: `package::target::name`.
///
/// The name is the harness's own (`group/function/parameter` for criterion, `main::sum::10` for divan) and may hold any
/// character, `::` included; package and target label never do, so that the text splits in one way only.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BenchmarkId {
    /// The cargo package's name.
    pub package: String,
    /// The target's label, as [`TargetId::label`] gives it.
    pub target: String,
    /// The harness's own name of the benchmark; never empty.
    pub name: String,
}

impl BenchmarkId {
    /// The id of the benchmark that a target's harness calls `name`.
    pub fn new(target: &TargetId, name: impl Into<String>) -> Self {
        Self { package: target.package.clone(), target: target.label(), name: name.into() }
    }
}

impl fmt::Display for BenchmarkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}::{}::{}", self.package, self.target, self.name)
    }
}

/// A text that is no benchmark id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no benchmark id: expected `package::target::name`")]
pub struct IdError(String);

impl FromStr for BenchmarkId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let mut parts = text.splitn(3, "::");
        match (parts.next(), parts.next(), parts.next()) {
            (Some(package), Some(target), Some(name)) if ![package, target, name].contains(&"") => {
                Ok(Self { package: package.to_owned(), target: target.to_owned(), name: name.to_owned() })
            }
            _ => Err(IdError(text.to_owned())),
        }
    }
}

impl Serialize for BenchmarkId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for BenchmarkId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for BenchmarkId {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "BenchmarkId".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "`package::target::name`; the name is the harness's own and may hold any character.",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_its_own_text_whatever_the_name_holds() {
        let target = TargetId { package: "p-1".into(), kind: TargetKind::Bin, name: "tool".into() };
        for name in ["a", "a::b::c", "with space", "quote\"'`", "π/∑", "new\nline", &"x".repeat(200), ":", "::"] {
            let id = BenchmarkId::new(&target, name);
            assert_eq!(id.to_string().parse(), Ok(id));
        }
    }

    #[test]
    fn a_text_with_fewer_than_three_parts_is_no_id() {
        for text in ["", "a", "a::b", "a::b::", "::b::c"] {
            assert!(text.parse::<BenchmarkId>().is_err(), "{text}");
        }
    }
}
