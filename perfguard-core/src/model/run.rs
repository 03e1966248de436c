//! One invocation that measures, and which source it measured.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{BuildContext, Environment, RunSettings};

/// The key of a run: a version-7 UUID, so that ids sort by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(pub uuid::Uuid);

impl RunId {
    /// A new id for a run that begins at this time, nanoseconds since the Unix epoch.
    pub fn at(started_at_ns: i64) -> Self {
        let seconds = u64::try_from(started_at_ns.div_euclid(1_000_000_000)).unwrap_or_default();
        let nanoseconds = u32::try_from(started_at_ns.rem_euclid(1_000_000_000)).unwrap_or_default();
        Self(uuid::Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, seconds, nanoseconds)))
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl FromStr for RunId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        text.parse().map(Self)
    }
}

impl schemars::JsonSchema for RunId {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "RunId".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "uuid", "description": "UUID, version 7." })
    }
}

/// Which source was measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Source {
    /// The commit measured, or the one that a working tree stands on; 40 hex digits. `None` outside git, and before
    /// the first commit.
    pub commit: Option<String>,
    /// Whether the source differs from that commit. A dirty run never passes for the commit.
    pub dirty: bool,
    /// The branch that HEAD was on, if any.
    pub branch: Option<String>,
    /// First line of the commit's message.
    pub subject: Option<String>,
}

impl Source {
    /// The commit, if this source *is* that commit.
    pub fn clean_commit(&self) -> Option<&str> {
        if self.dirty { None } else { self.commit.as_deref() }
    }
}

/// Which command began a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RunCommand {
    /// `run`: the working tree.
    Run,
    /// `baseline`: a commit.
    Baseline,
    /// `compare`, `check`, `backfill`, or `run` against a base: one side of a paired comparison.
    Compare,
    /// `bisect`: a commit of the range, or the good end that it is measured against.
    Bisect,
}

/// One invocation that measures. Immutable once finished.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// The key.
    pub id: RunId,
    /// When it began, nanoseconds since the Unix epoch.
    pub started_at_ns: i64,
    /// When it ended; `None` while it runs, or if it was killed.
    pub finished_at_ns: Option<i64>,
    /// Which command began it.
    pub command: RunCommand,
    /// What was measured.
    pub source: Source,
    /// What the executables have in common.
    pub build: BuildContext,
    /// On which machine.
    pub environment: Environment,
    /// How.
    pub settings: RunSettings,
    /// perfguard's own version.
    pub tool_version: String,
}
