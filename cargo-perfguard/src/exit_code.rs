//! How the process ends: promises, documented in `docs/exit-codes.md`.

use std::process::ExitCode;

/// An exit code with its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All went well, and the gate passed.
    Success,
    /// The command line is wrong, or names an unknown revision, run or baseline.
    Usage,
    /// There is nothing to measure: no bench target, no benchmark, or none that the filter means.
    NothingToMeasure,
    /// perfguard itself is broken: a bug.
    Bug,
    /// A configuration file is wrong.
    Configuration,
    /// The environment refused: the repository cannot be read, another perfguard measures, the cache cannot be used.
    Environment,
    /// The store cannot be read or written.
    Store,
    /// A benchmark regressed, or missed its budget.
    Regression,
    /// A bench target did not build.
    Build,
    /// Cargo could not read the workspace.
    Metadata,
    /// A benchmark failed or ran too long.
    Benchmark,
    /// Undecided or untrusted, only under `--strict`.
    Undecided,
    /// The user ended it; what was measured is kept.
    Interrupted,
}

impl Exit {
    /// All, by code.
    pub const ALL: [Self; 13] = [
        Self::Success,
        Self::Usage,
        Self::NothingToMeasure,
        Self::Bug,
        Self::Configuration,
        Self::Environment,
        Self::Store,
        Self::Regression,
        Self::Build,
        Self::Metadata,
        Self::Benchmark,
        Self::Undecided,
        Self::Interrupted,
    ];

    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Usage => 2,
            Self::NothingToMeasure => 4,
            Self::Bug => 70,
            Self::Configuration => 96,
            Self::Environment => 97,
            Self::Store => 98,
            Self::Regression => 100,
            Self::Build => 101,
            Self::Metadata => 102,
            Self::Benchmark => 103,
            Self::Undecided => 104,
            Self::Interrupted => 130,
        }
    }

    /// What it means, for the documentation.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Success => "all went well, and the gate passed",
            Self::Usage => "the command line is wrong, or names an unknown revision, run or baseline",
            Self::NothingToMeasure => "there is nothing to measure: no bench target, or no benchmark that is meant",
            Self::Bug => "a bug of perfguard's",
            Self::Configuration => "a configuration file or a variable of perfguard's is wrong",
            Self::Environment => "the environment refused: repository, cache, or another perfguard under `--no-wait`",
            Self::Store => "the store cannot be read or written",
            Self::Regression => "a benchmark regressed or missed its budget",
            Self::Build => "a bench target did not build",
            Self::Metadata => "cargo could not read the workspace",
            Self::Benchmark => "a benchmark failed or ran too long",
            Self::Undecided => "undecided or untrusted, under `--strict`",
            Self::Interrupted => "ended by the user; what was measured is kept",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
