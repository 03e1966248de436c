//! `bisect`: which commit changed a benchmark, field by field.

use serde::Serialize;

use super::view::VERSION;
use crate::model::{BenchmarkId, Effect, MetricId, Verdict, Verification};

/// What a bisection found.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct BisectView {
    /// Version of this format.
    pub version: u32,
    /// Always `bisect`.
    pub kind: &'static str,
    /// The good end.
    pub good: CommitRow,
    /// The bad end.
    pub bad: CommitRow,
    /// Commits in question: those after the good end, the bad end included.
    pub commits: usize,
    /// Why it ended.
    pub ended: BisectEnded,
    /// The posterior at which a commit is named (0.99 is 99 %).
    pub certainty: f64,
    /// Each benchmark, in the order of targets.
    pub benchmarks: Vec<BisectRow>,
    /// Commits that could not be measured, each with its reason.
    pub skipped: Vec<SkippedCommit>,
    /// Builds that were made, failed ones apart, all sittings together.
    pub builds: usize,
    /// Builds that failed.
    pub failed_builds: usize,
    /// Pairs that were taken.
    pub pairs: usize,
    /// Time of everything, seconds.
    pub seconds: f64,
    /// The command that repeats it.
    pub command: String,
    /// The command that explains what was found; absent where nothing was.
    pub next: Option<String>,
}

/// Why a bisection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BisectEnded {
    /// It came to its end.
    Done,
    /// The ends do not differ: nothing was searched for.
    NoDifference,
    /// The time that the user gave is over.
    Budget,
    /// The user ended it.
    Interrupted,
}

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct CommitRow {
    /// 40 hex digits.
    pub id: String,
    /// The first paragraph of its message, in one line.
    pub subject: String,
    /// Who wrote it, by name.
    pub author: String,
    /// When it was written, RFC 3339.
    pub authored_at: String,
}

/// A commit that could not be measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct SkippedCommit {
    /// 40 hex digits.
    pub commit: String,
    /// The benchmark; absent where it is all of them.
    pub benchmark: Option<BenchmarkId>,
    /// Why, in words.
    pub reason: String,
}

/// One benchmark.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct BisectRow {
    /// Which.
    pub id: BenchmarkId,
    /// By what it is judged.
    pub metric: MetricId,
    /// What the ends showed.
    pub ends: Verdict,
    /// Bad over good.
    pub effect: Option<Effect>,
    /// What the ends showed, in words.
    pub reason: String,
    /// What was found, oldest first; empty where nothing was searched for.
    pub culprits: Vec<CulpritRow>,
    /// The largest probability of a change anywhere else in the range.
    pub elsewhere: f64,
}

/// A change, and the commits of which one made it.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct CulpritRow {
    /// One commit where it is named; several where commits that cannot be built hide it, or where the search ended before.
    pub commits: Vec<CommitRow>,
    /// The commit before them.
    pub before: CommitRow,
    /// The probability that it is among them.
    pub posterior: f64,
    /// What it changed: as the verification found it, else as the search did.
    pub effect: Effect,
    /// Culprit against what came before it, on fresh pairs; absent where that was not measured.
    pub verification: Option<Verification>,
    /// Whether that showed the change again.
    pub is_verified: bool,
    /// What was found among the commits that it merged.
    pub merged: Vec<CulpritRow>,
}

impl BisectView {
    /// A view without findings.
    pub fn new(good: CommitRow, bad: CommitRow, commits: usize, certainty: f64, ended: BisectEnded) -> Self {
        Self {
            version: VERSION,
            kind: "bisect",
            good,
            bad,
            commits,
            ended,
            certainty,
            benchmarks: Vec::new(),
            skipped: Vec::new(),
            builds: 0,
            failed_builds: 0,
            pairs: 0,
            seconds: 0.0,
            command: String::new(),
            next: None,
        }
    }
}

impl CulpritRow {
    /// Whether one commit is named, with the certainty that was asked for.
    pub fn is_named(&self, certainty: f64) -> bool {
        self.commits.len() == 1 && self.posterior >= certainty
    }
}

/// `bisect status`: where a bisection stands.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct BisectStatusView {
    /// Version of this format.
    pub version: u32,
    /// Always `bisect-status`.
    pub kind: &'static str,
    /// The command line after `bisect`.
    pub args: Vec<String>,
    /// When it began, RFC 3339.
    pub began_at: String,
    /// Whether it came to its end.
    pub has_ended: bool,
    /// Commits that were measured, in that order, 40 hex digits.
    pub measured: Vec<String>,
    /// Commits that cannot be measured.
    pub skipped: Vec<String>,
    /// Builds that were made.
    pub builds: usize,
    /// Pairs that were taken.
    pub pairs: usize,
    /// Time of everything, seconds.
    pub seconds: f64,
}

impl BisectStatusView {
    /// A status in which nothing happened yet.
    pub fn new(args: Vec<String>, has_ended: bool) -> Self {
        Self {
            version: VERSION,
            kind: "bisect-status",
            args,
            began_at: String::new(),
            has_ended,
            measured: Vec::new(),
            skipped: Vec::new(),
            builds: 0,
            pairs: 0,
            seconds: 0.0,
        }
    }
}

/// `bisect --dry-run`: what a bisection would do.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct BisectPlanView {
    /// Version of this format.
    pub version: u32,
    /// Always `bisect-plan`.
    pub kind: &'static str,
    /// The good end; absent where it is looked for.
    pub good: Option<CommitRow>,
    /// The bad end.
    pub bad: CommitRow,
    /// Commits in question; absent where the good end is looked for.
    pub commits: Option<usize>,
    /// Those of them that change something a build may read.
    pub candidates: Option<usize>,
    /// Commits of the range whose builds are kept.
    pub kept: usize,
    /// Builds that it takes, at most in the usual case.
    pub builds: Option<usize>,
    /// What a build takes, seconds: as seen here, or a guess.
    pub build_seconds: f64,
    /// Whether that is a guess.
    pub is_guess: bool,
}

impl BisectPlanView {
    /// A plan for a bad end.
    pub fn new(bad: CommitRow, build_seconds: f64, is_guess: bool) -> Self {
        Self {
            version: VERSION,
            kind: "bisect-plan",
            good: None,
            bad,
            commits: None,
            candidates: None,
            kept: 0,
            builds: None,
            build_seconds,
            is_guess,
        }
    }
}
