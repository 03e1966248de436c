//! `backfill`: past commits against one anchor, for people and for programs.

use serde::Serialize;

use super::bisect_view::CommitRow;
use super::format::{change, counted, duration, one_line, short};
use super::table::{Column, Row, Style, render, wrap};
use super::view::VERSION;
use crate::model::{BenchmarkId, Effect, Verdict};

/// The past of some benchmarks.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct BackfillView {
    /// Version of this format.
    pub version: u32,
    /// Always `backfill`.
    pub kind: &'static str,
    /// The commit that all others are measured against: the drift of the machine cancels.
    pub anchor: CommitRow,
    /// The commits, oldest first.
    pub commits: Vec<PastCommit>,
    /// Builds that were made this time.
    pub builds: usize,
    /// Commits that were measured this time.
    pub measured: usize,
    /// Commits that are left: the budget or the user ended it.
    pub left: usize,
    /// Time of everything, seconds.
    pub seconds: f64,
}

/// One commit.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct PastCommit {
    /// Which.
    pub commit: CommitRow,
    /// What is known of it.
    pub state: PastState,
    /// Each benchmark against the anchor.
    pub benchmarks: Vec<PastBenchmark>,
}

/// What is known of a past commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum PastState {
    /// It was measured now.
    Measured,
    /// The store had it already.
    Known,
    /// What is built is the same as of another commit: what holds for that holds for it.
    Same {
        /// That commit, 40 hex digits.
        as_commit: String,
    },
    /// It cannot be measured.
    Skipped {
        /// Why, in words.
        reason: String,
    },
    /// Its turn did not come.
    Left,
}

/// A benchmark at a commit.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct PastBenchmark {
    /// Which.
    pub id: BenchmarkId,
    /// The commit over the anchor; absent where it was not measured there.
    pub effect: Option<Effect>,
    /// What the comparison with the anchor showed, the anchor as base.
    pub verdict: Verdict,
}

impl BackfillView {
    /// A view of commits of which nothing is known.
    pub fn new(anchor: CommitRow, commits: Vec<CommitRow>) -> Self {
        let left = |commit| PastCommit { commit, state: PastState::Left, benchmarks: Vec::new() };
        Self {
            version: VERSION,
            kind: "backfill",
            anchor,
            commits: commits.into_iter().map(left).collect(),
            builds: 0,
            measured: 0,
            left: 0,
            seconds: 0.0,
        }
    }
}

/// The commits, newest first, each with the benchmark that is farthest from the anchor.
pub fn backfill_table(view: &BackfillView, style: Style) -> String {
    let columns = [
        Column { title: "commit", gives_way: 0 },
        Column { title: "date", gives_way: 1 },
        Column { title: "benchmarks", gives_way: 3 },
        Column { title: "differ", gives_way: 2 },
        Column { title: "farthest", gives_way: 0 },
        Column { title: "", gives_way: 0 },
    ];
    let rows: Vec<Row> = view.commits.iter().rev().map(row).collect();
    let mut text = if rows.is_empty() { String::new() } else { render(&columns, &rows, style) };
    let left =
        if view.left > 0 { format!("; {} are left, the same command goes on", view.left) } else { String::new() };
    let words = format!(
        "{} against {}: {} measured now with {}, {}{left}",
        counted(view.commits.len(), "commit"),
        short(&view.anchor.id),
        view.measured,
        counted(view.builds, "build"),
        duration(view.seconds * 1e9)
    );
    text.extend([format!("\n{}\n", wrap(&words, style.width, 0))]);
    text
}

fn row(past: &PastCommit) -> Row {
    let differs = |one: &&PastBenchmark| matches!(one.verdict, Verdict::Regressed | Verdict::Improved);
    let differing: Vec<&PastBenchmark> = past.benchmarks.iter().filter(differs).collect();
    let distance = |one: &PastBenchmark| one.effect.as_ref().map_or(0.0, |effect| effect.ratio.ln().abs());
    let farthest = differing.iter().max_by(|one, other| distance(one).total_cmp(&distance(other)));
    let farthest = farthest.and_then(|one| Some((one, one.effect.as_ref()?)));
    let farthest = farthest.map(|(one, effect)| format!("{} {}", one_line(&one.id.name), change(effect.ratio)));
    let said = match &past.state {
        PastState::Measured => String::new(),
        PastState::Known => "known".to_owned(),
        PastState::Same { as_commit } if *as_commit == past.commit.id => "the anchor".to_owned(),
        PastState::Same { as_commit } => format!("as {}", short(as_commit)),
        PastState::Skipped { reason } => one_line(reason),
        PastState::Left => "left".to_owned(),
    };
    let some = |count: usize| if count == 0 { String::new() } else { count.to_string() };
    Row::Cells(vec![
        format!("{} {}", short(&past.commit.id), one_line(&past.commit.subject)),
        past.commit.authored_at.get(..10).unwrap_or_default().to_owned(),
        some(past.benchmarks.len()),
        some(differing.len()),
        farthest.unwrap_or_default(),
        said,
    ])
}
