//! Every key that a configuration may have: what it means, what values it takes, and its default. All else is made from
//! this list: the checks, the schema, the commented file and the documentation.

use super::units::{self, ValueError};

/// What values a key takes. Every value has its unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A time with its unit.
    Duration,
    /// A share with its sign.
    Percent,
    /// An amount of memory with its unit.
    Bytes,
    /// The fewest and the most observations.
    Observations,
    /// A whole number from one on.
    Count,
    /// Any text.
    Text,
    /// A list of texts.
    List,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Yes or no.
    Switch,
    /// How many layouts.
    Layouts,
    /// An amount of a metric in its own unit.
    Amount,
}

/// A key outside the tables for benchmarks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// Where it stands: `run.budget`.
    pub path: &'static str,
    /// What values it takes.
    pub kind: Kind,
    /// Its value where nobody gives one; `None` where that means something of its own.
    pub default: Option<&'static str>,
    /// What it means, in one line.
    pub doc: &'static str,
}

const fn key(path: &'static str, kind: Kind, default: &'static str, doc: &'static str) -> Key {
    Key { path, kind, default: Some(default), doc }
}

const fn open(path: &'static str, kind: Kind, doc: &'static str) -> Key {
    Key { path, kind, default: None, doc }
}

/// All keys, in the order in which they are shown.
pub const KEYS: &[Key] = &[
    key("run.budget", Kind::Duration, "60s", "Measuring time of the whole run"),
    key("run.precision", Kind::Percent, "1%", "Stop a benchmark when half the interval of its median is this narrow"),
    key("run.observations", Kind::Observations, "8..40", "Fewest and most observations of a benchmark"),
    key("run.warm-up", Kind::Duration, "5ms", "Warm-up time inside a process"),
    key("run.observation-time", Kind::Duration, "10ms", "Measuring time inside a process"),
    open("run.iterations", Kind::Count, "Iterations in a sample, where the harness can be told"),
    key("run.timeout", Kind::Duration, "60s", "Time limit of one process"),
    open("run.timeline", Kind::Duration, "Sample at this period, at least 1ms, what each process uses"),
    key("run.output-limit", Kind::Bytes, "16MiB", "Output of one process and stream that is kept; more is a failure"),
    key("compare.threshold", Kind::Percent, "3%", "A change at least this large matters"),
    key("compare.budget", Kind::Duration, "60s", "Measuring time of a whole comparison"),
    key("compare.layouts", Kind::Layouts, "auto", "Layouts of the same code that pairs run on; 1: as built"),
    key(
        "compare.witness",
        Kind::Choice(&["none", "instructions"]),
        "none",
        "What is counted where time decides nothing",
    ),
    key("compare.gate", Kind::List, "", "Metrics that may fail the gate; none named: those that decide"),
    key("metrics.take", Kind::List, "", "Metrics that are taken beyond the usual ones (docs/metrics.md)"),
    key("check.within", Kind::Duration, "60s", "Time of a whole check, building included"),
    open("store.url", Kind::Text, "File in which results are kept, rather than in the repository's git directory"),
    key("identity.ignore", Kind::List, "", "Files that never make two sides differ, as globs relative to the root"),
    open("vcs.default-branch", Kind::Text, "Branch that work is merged into, where git does not tell"),
    key("workbench.include", Kind::List, "", "Ignored files and folders that a build needs, relative to the root"),
    key("workbench.cache-size", Kind::Bytes, "20GiB", "What is kept of one repository may be this large"),
    key("workbench.cache-age", Kind::Duration, "90d", "What nobody used for so long is not kept"),
];

/// Keys of the tables `[benchmark."GLOB"]` and `[category.NAME]`.
pub const TABLE_KEYS: &[Key] = &[
    open("statistic", Kind::Choice(STATISTICS), "What of a process's samples decides: fastest, median or mean"),
    open("harness", Kind::Choice(HARNESSES), "The harness of the target, where what was detected is wrong"),
    open("threshold", Kind::Percent, "A change at least this large matters"),
    open("min-change", Kind::Amount, "A change smaller than this, in the metric's unit, never gates"),
    open("warning", Kind::Percent, "Shown to be worse by this: severity medium at least"),
    open("critical", Kind::Percent, "Shown to be worse by this: severity critical"),
    open("gate", Kind::Switch, "Whether it may fail the gate"),
];

/// Limits that a table may give: `METRIC.max`, `METRIC.min`, and short forms. Gives the canonical key, `METRIC.max` or
/// `METRIC.min`; `None` for any other key.
///
/// ```
/// # use perfguard_core::config::keys::limit;
/// assert_eq!(limit("max").as_deref(), Some("wall-time.max"));
/// assert_eq!(limit("max-rss").as_deref(), Some("peak-memory.max"));
/// assert_eq!(limit("min-throughput").as_deref(), Some("throughput.min"));
/// assert_eq!(limit("min-change"), None);
/// ```
pub fn limit(key: &str) -> Option<String> {
    const SHORT: [(&str, &str); 2] = [("rss", "peak-memory"), ("wall", "wall-time")];
    if find_table_key(key).is_some() {
        return None;
    }
    let full =
        |metric: &str| SHORT.iter().find(|(short, _)| *short == metric).map_or(metric, |(_, full)| full).to_owned();
    for end in ["max", "min"] {
        if key == end {
            return Some(format!("wall-time.{end}"));
        }
        let metric = key.strip_prefix(end).and_then(|rest| rest.strip_prefix('-'));
        let metric = metric.or_else(|| key.strip_suffix(end).and_then(|rest| rest.strip_suffix('.')));
        if let Some(metric) = metric.filter(|metric| !metric.is_empty()) {
            return Some(format!("{}.{end}", full(metric)));
        }
    }
    None
}

/// The key of a table.
pub(super) fn find_table_key(name: &str) -> Option<&'static Key> {
    TABLE_KEYS.iter().find(|key| key.path == name)
}

/// What of a process's samples may decide.
pub const STATISTICS: &[&str] = &["fastest", "median", "mean"];

/// Harnesses by their names.
pub const HARNESSES: &[&str] =
    &["libtest", "criterion", "divan", "gungraun", "tango", "zenbench", "brunch", "bencher", "native", "plain"];

/// The key of a path.
pub fn find(path: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.path == path)
}

/// The variable that overrides a key: its path in upper case. `PERFGUARD_STORE` stands alone.
///
/// ```
/// # use perfguard_core::config::keys::{find, variable};
/// assert_eq!(variable(find("run.warm-up").unwrap()), "PERFGUARD_RUN_WARM_UP");
/// ```
pub fn variable(key: &Key) -> String {
    match key.path {
        "store.url" => "PERFGUARD_STORE".to_owned(),
        path => format!("PERFGUARD_{}", path.to_uppercase().replace(['.', '-'], "_")),
    }
}

/// The one of some names that is most like another, if any is.
pub fn nearest<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const LEAST_SIMILARITY: f64 = 0.5;
    let ranked = names.into_iter().map(|known| (strsim::normalized_damerau_levenshtein(name, known), known));
    ranked.filter(|(like, _)| *like >= LEAST_SIMILARITY).max_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, known)| known)
}

impl Kind {
    /// Checks a value as text.
    ///
    /// # Errors
    /// What was expected instead.
    pub fn check(self, text: &str) -> Result<(), ValueError> {
        match self {
            Self::Duration => units::parse_duration(text).map(drop),
            Self::Percent => units::parse_percent(text).map(drop),
            Self::Bytes => units::parse_bytes(text).map(drop),
            Self::Observations => units::parse_observations(text).map(drop),
            Self::Count => units::parse_count(text).map(drop),
            Self::Text if !text.is_empty() => Ok(()),
            Self::List => Ok(()),
            Self::Choice(words) if words.contains(&text) => Ok(()),
            Self::Switch if matches!(text, "true" | "false") => Ok(()),
            Self::Layouts if text == "auto" || units::parse_count(text).is_ok() => Ok(()),
            Self::Amount => units::parse_amount(text).map(drop),
            Self::Text | Self::Choice(_) | Self::Switch | Self::Layouts => {
                Err(ValueError { expected: self.expected() })
            }
        }
    }

    /// What is expected, as an error says it.
    pub fn expected(self) -> String {
        match self {
            Self::Duration => units::DURATION.to_owned(),
            Self::Percent => units::PERCENT.to_owned(),
            Self::Bytes => units::BYTES.to_owned(),
            Self::Observations => units::OBSERVATIONS.to_owned(),
            Self::Count => units::COUNT.to_owned(),
            Self::Text => "a text that is not empty".to_owned(),
            Self::List => "a list of texts, such as `[\"data\"]`".to_owned(),
            Self::Switch => "`true` or `false`".to_owned(),
            Self::Layouts => "`auto` or a whole number from 1 on".to_owned(),
            Self::Amount => units::AMOUNT.to_owned(),
            Self::Choice(words) => words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" or "),
        }
    }

    /// Whether a file may have a number for it. Everything else is a text, because it has a unit.
    pub fn is_number(self) -> bool {
        matches!(self, Self::Count | Self::Layouts | Self::Amount)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_a_value_of_its_key() {
        for key in KEYS.iter().chain(TABLE_KEYS) {
            if let Some(default) = key.default {
                assert_eq!(key.kind.check(default), Ok(()), "{}", key.path);
            }
            assert!(!key.doc.ends_with('.') && key.doc.starts_with(char::is_uppercase), "{}", key.path);
        }
    }

    #[test]
    fn a_misspelt_key_finds_the_nearest() {
        assert_eq!(nearest("run.bugdet", KEYS.iter().map(|key| key.path)), Some("run.budget"));
        assert_eq!(nearest("zzz", KEYS.iter().map(|key| key.path)), None);
    }
}
