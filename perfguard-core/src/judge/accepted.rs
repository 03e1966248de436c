//! Changes that the project accepted, in a tracked file that is reviewed like code.

use serde::{Deserialize, Serialize};

use crate::config::glob;
use crate::model::{BenchmarkId, Direction, Effect, MetricId};

/// The file's name, at the workspace's root.
pub const FILE: &str = "perfguard.accepted.toml";

/// One accepted change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Accepted {
    /// The benchmark's id, or a glob over ids.
    pub benchmark: String,
    /// The metric.
    pub metric: String,
    /// The commit that was compared against, 40 hex digits.
    pub base: String,
    /// The commit that brought the change; absent where it was not committed yet: then the first after `base`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<String>,
    /// The largest ratio, head over base, that is accepted; the smallest where more is better.
    pub up_to: f64,
    /// Why.
    pub reason: String,
    /// By whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// When, `2026-11-24`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    accepted: Vec<Accepted>,
}

/// A file of acceptances that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{FILE}:{line}: {message}")]
pub struct AcceptedError {
    /// The line.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

/// Reads a file of acceptances.
///
/// # Errors
/// When it is no TOML, lacks a field, or has one that is unknown.
pub fn parse_accepted(text: &str) -> Result<Vec<Accepted>, AcceptedError> {
    let file: File = toml::from_str(text).map_err(|error| {
        let start = error.span().unwrap_or_default().start.min(text.len());
        AcceptedError { line: text[..start].matches('\n').count() + 1, message: error.message().to_owned() }
    })?;
    Ok(file.accepted)
}

/// The file's text with more acceptances at its end; what is there stays as it is, comments too.
pub fn render_accepted(before: &str, more: &[Accepted]) -> String {
    let mut text = before.trim_end().to_owned();
    if text.is_empty() {
        let head =
            "# Changes of benchmarks that are accepted. `cargo perfguard accept` adds to it; review it like code.";
        head.clone_into(&mut text);
    }
    let file = File { accepted: more.to_vec() };
    let more = toml::to_string(&file).expect("an acceptance is plain data");
    format!("{text}\n\n{}\n", more.trim())
}

/// What an acceptance has to know of the history.
pub trait Ancestry {
    /// Whether the first commit is the second, or one of its ancestors; `false` where one is unknown.
    fn is_in(&self, commit: &str, of: &str) -> bool;
    /// Whether a commit is known.
    fn is_known(&self, commit: &str) -> bool;
}

/// The acceptance that covers a change: of this benchmark and metric, not yet part of base's history, and not smaller than
/// the change.
///
/// `base` and `head` are the commits compared; head's is the one that a working tree stands on.
pub fn acceptance_for<'a>(
    accepted: &'a [Accepted],
    id: &BenchmarkId,
    metric: &MetricId,
    (effect, direction): (&Effect, Direction),
    (base, head): (&str, &str),
    history: &dyn Ancestry,
) -> Option<&'a Accepted> {
    let id = id.to_string();
    accepted.iter().find(|one| {
        let names_it = (one.benchmark == id || glob::matches(&one.benchmark, &id)) && one.metric == *metric.0;
        let covers = match direction {
            Direction::LowerIsBetter => effect.ratio <= one.up_to,
            Direction::HigherIsBetter => effect.ratio >= one.up_to,
        };
        let in_range = match &one.head {
            Some(brought) => !history.is_in(brought, base) && history.is_in(brought, head),
            None => history.is_in(base, &one.base),
        };
        names_it && covers && in_range
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Commits are letters of one line of history.
    struct Line(&'static str);

    impl Ancestry for Line {
        fn is_in(&self, commit: &str, of: &str) -> bool {
            let place = |name: &str| self.0.find(name);
            place(commit).zip(place(of)).is_some_and(|(one, other)| one <= other)
        }

        fn is_known(&self, commit: &str) -> bool {
            self.0.contains(commit)
        }
    }

    fn accepted(head: Option<&str>) -> Accepted {
        Accepted {
            benchmark: "p::b::f".to_owned(),
            metric: "wall-time".to_owned(),
            base: "b".to_owned(),
            head: head.map(str::to_owned),
            up_to: 1.10,
            reason: "checks its input now".to_owned(),
            by: None,
            date: None,
        }
    }

    fn covers(one: &Accepted, ratio: f64, base: &str, head: &str) -> bool {
        let effect = Effect { ratio, interval: None };
        let id = "p::b::f".parse().unwrap();
        let change = (&effect, Direction::LowerIsBetter);
        let list = [one.clone()];
        acceptance_for(&list, &id, &MetricId::WALL_TIME, change, (base, head), &Line("abcde")).is_some()
    }

    #[test]
    fn an_acceptance_covers_a_change_up_to_its_size_and_no_more() {
        assert!(covers(&accepted(Some("c")), 1.08, "b", "d"));
        assert!(!covers(&accepted(Some("c")), 1.12, "b", "d"));
    }

    #[test]
    fn an_acceptance_holds_only_while_the_change_lies_between_base_and_head() {
        assert!(covers(&accepted(Some("c")), 1.08, "a", "c"));
        assert!(!covers(&accepted(Some("c")), 1.08, "c", "d"), "base has the change already");
        assert!(!covers(&accepted(Some("d")), 1.08, "b", "c"), "head does not have it yet");
        assert!(covers(&accepted(None), 1.08, "b", "c"), "accepted before it was committed");
        assert!(!covers(&accepted(None), 1.08, "c", "d"));
    }

    #[test]
    fn another_benchmark_or_metric_is_not_covered() {
        let mut other = accepted(Some("c"));
        other.benchmark = "p::b::g*".to_owned();
        assert!(!covers(&other, 1.08, "b", "d"));
        other.benchmark = "p::b::*".to_owned();
        assert!(covers(&other, 1.08, "b", "d"));
        other.metric = "peak-memory".to_owned();
        assert!(!covers(&other, 1.08, "b", "d"));
    }

    #[test]
    fn what_is_written_is_read_back_and_what_was_there_stays() {
        let before = "# ours\n\n[[accepted]]\nbenchmark = \"a::b::c\"\nmetric = \"wall-time\"\nbase = \"x\"\nup-to = 1.2\nreason = \"r\"\n";
        let text = render_accepted(before, &[accepted(Some("c")), accepted(None)]);
        assert!(text.starts_with(before.trim_end()));
        let read = parse_accepted(&text).unwrap();
        assert_eq!(read.len(), 3);
        assert_eq!(read[1..], [accepted(Some("c")), accepted(None)]);
        assert_eq!(parse_accepted(&render_accepted("", &[accepted(None)])).unwrap(), [accepted(None)]);
    }

    #[test]
    fn a_wrong_file_is_refused_with_its_line() {
        let error = parse_accepted("\n[[accepted]]\nbenchmark = \"a\"\nup-two = 3\n").unwrap_err();
        assert!((2..=4).contains(&error.line), "{error}");
        assert!(error.to_string().starts_with("perfguard.accepted.toml:"), "{error}");
    }
}
