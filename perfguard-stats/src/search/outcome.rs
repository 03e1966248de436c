//! What the search asks for, and what it ends with.

/// The next thing to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Build this commit, unless it is kept, measure blocks of it against the good end, and report what was observed, or
    /// that it cannot be had.
    Measure {
        /// The commit, from 1 to the bad end.
        commit: usize,
        /// How many blocks are worth taking before asking again; fewer or more may be reported.
        blocks: usize,
    },
    /// The search is over.
    Done(Outcome),
}

/// Where the changes are.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Why the search ended, or [`Ended::NotYet`].
    pub ended: Ended,
    /// The changes, by commit; one, unless several were looked for.
    pub changes: Vec<Change>,
    /// The probability that the level changes somewhere apart from these changes, or more than once among the commits of
    /// one, under the model of several changes. Above .05, looking for several is worth it.
    pub elsewhere: f64,
}

/// Why a search ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Every change has its commit, with the certainty asked for.
    Found,
    /// Nothing that could be measured would tell enough to be worth a block.
    NothingToLearn,
    /// The budget is spent.
    Budget,
    /// It did not end: there is more to measure.
    NotYet,
}

/// One change of the level.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The commits of which one is the culprit, ascending: one where it is named; several where commits that cannot be
    /// built hide it, or where the search ended before.
    pub commits: Vec<usize>,
    /// The probability that it is among them.
    pub posterior: f64,
    /// How far the level moves, in logs: above zero where the values grew.
    pub effect: f64,
    /// The posterior standard deviation of the effect, in logs.
    pub deviation: f64,
}

/// The commits between two neighbouring measured ones.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stretch {
    /// The measured commit before; 0 is the good end.
    pub after: usize,
    /// The last commit, which is measured too.
    pub until: usize,
    /// The probability that the level changes within.
    pub change: f64,
}
