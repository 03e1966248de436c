//! What can stop a bisection before it finds anything.

use crate::bisect::JournalError;
use crate::pipeline::PipelineError;

/// A bisection cannot begin, or cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum BisectError {
    /// Both ends are one commit.
    #[error("good and bad are both `{commit}`: there is nothing between them")]
    OneCommit {
        /// The commit.
        commit: String,
    },
    /// The good end is newer than the bad one.
    #[error("good `{good}` is newer than bad `{bad}`")]
    Swapped {
        /// The good end.
        good: String,
        /// The bad end.
        bad: String,
    },
    /// The good end is on another branch.
    #[error("good `{good}` is not an ancestor of bad `{bad}`")]
    NotAnAncestor {
        /// The good end.
        good: String,
        /// The bad end.
        bad: String,
        /// Where the two branches part, if anywhere.
        common: Option<String>,
        /// Whether the history of this clone is cut off.
        shallow: bool,
    },
    /// An end cannot be built, so that nothing can be measured against it, or of it.
    #[error("the {which} end `{commit}` does not build")]
    EndDoesNotBuild {
        /// `good` or `bad`.
        which: &'static str,
        /// The commit.
        commit: String,
        /// The nearest commit inside the range that was built here before.
        near: Option<String>,
        /// What the build said.
        #[source]
        source: Box<PipelineError>,
    },
    /// The command that sets a commit up failed.
    #[error("`{commit}` cannot be set up: {reason}")]
    SetUp {
        /// The commit.
        commit: String,
        /// How it ended, in words.
        reason: String,
    },
    /// A build failed where there is no space left.
    #[error("the disk is full: there is no space left for `{cache}`")]
    DiskFull {
        /// The cache.
        cache: String,
        /// What the build said.
        #[source]
        source: Box<PipelineError>,
    },
    /// Neither end has a benchmark that both have.
    #[error("no benchmark that is meant runs at both ends: {reason}")]
    NoBenchmark {
        /// What each end has, in words.
        reason: String,
    },
    /// Walking back found no commit that was fast.
    #[error("no commit among the {looked_at} that were tried is {wanted} than `{bad}`")]
    NoGoodEnd {
        /// How many were tried.
        looked_at: usize,
        /// `faster` or `slower`.
        wanted: &'static str,
        /// The bad end.
        bad: String,
        /// Whether the history of this clone is cut off.
        shallow: bool,
    },
    /// One is under way.
    #[error("a bisection is under way in this repository")]
    UnderWay,
    /// None is under way.
    #[error("no bisection is under way in this repository")]
    NoneUnderWay,
    /// It began in another workspace of this repository.
    #[error("the bisection under way is of `{manifest}`")]
    OtherWorkspace {
        /// The manifest, relative to the repository's root.
        manifest: String,
    },
    /// There is no file where a journal should be.
    #[error("there is no journal `{path}`")]
    NoJournal {
        /// Where it was looked for.
        path: String,
    },
    /// The journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl BisectError {
    /// What to do about it.
    pub(in crate::pipeline) fn hint(&self) -> Option<String> {
        const UNSHALLOW: &str =
            "the history of this clone is cut off: check out with `fetch-depth: 0`, or `git fetch --unshallow`";
        match self {
            Self::OneCommit { .. } => Some("name an older commit with `--good`, or none to have it found".to_owned()),
            Self::Swapped { good, bad } => Some(format!("the other way round: `--good {bad} --bad {good}`")),
            Self::NotAnAncestor { shallow: true, .. } | Self::NoGoodEnd { shallow: true, .. } => {
                Some(UNSHALLOW.to_owned())
            }
            Self::NotAnAncestor { common: Some(common), .. } => {
                Some(format!("the two part at `{common}`: `--good {common}`"))
            }
            Self::NotAnAncestor { .. } => Some("they have no common ancestor: name one of bad's own".to_owned()),
            Self::EndDoesNotBuild { near: Some(near), which, .. } => {
                Some(format!("`{near}` was built here before: `--{which} {near}`"))
            }
            Self::EndDoesNotBuild { source, which, .. } => {
                source.hint().or_else(|| Some(format!("name another commit with `--{which}`")))
            }
            Self::SetUp { .. } => Some("`--setup` is called once in the tree of each commit".to_owned()),
            Self::DiskFull { .. } => Some(
                "`cargo perfguard clean --unused` makes some; then the same command again, or `bisect --resume` where it had begun"
                    .to_owned(),
            ),
            Self::NoBenchmark { .. } => Some(
                "one that was added or renamed since: `--bench-from REV` carries the bench files of a revision back"
                    .to_owned(),
            ),
            Self::NoGoodEnd { .. } => Some("name a commit that was with `--good`".to_owned()),
            Self::UnderWay => Some(
                "`cargo perfguard bisect --resume` goes on with it, `bisect status` shows it, `bisect abort` forgets it"
                    .to_owned(),
            ),
            Self::NoneUnderWay => Some("`cargo perfguard bisect --good REV` begins one".to_owned()),
            Self::OtherWorkspace { manifest } => {
                Some(format!("go on with it there (`--manifest-path {manifest}`), or `bisect abort` forgets it"))
            }
            Self::NoJournal { .. } => Some("`cargo perfguard bisect log` prints one".to_owned()),
            Self::Journal(_) => Some("`cargo perfguard bisect abort` removes it".to_owned()),
        }
    }
}
