//! What a test asks and what it answers.

/// The direction of the difference that a test looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alternative {
    /// Head is smaller than base, or a difference is below its hypothesis.
    Less,
    /// Head is larger than base, or a difference is above its hypothesis.
    Greater,
    /// Either of the two; the p-value is twice the smaller one, at most 1.
    TwoSided,
}

impl Alternative {
    /// The p-value from the chances of a statistic at most, and at least, as large as the one found.
    pub(crate) fn p_value(self, at_most: f64, at_least: f64) -> f64 {
        let p_value = match self {
            Self::Less => at_most,
            Self::Greater => at_least,
            Self::TwoSided => 2.0 * at_most.min(at_least),
        };
        p_value.clamp(0.0, 1.0)
    }
}

/// Where a p-value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// The exact distribution given the values.
    Exact,
    /// The normal distribution with tie and continuity correction.
    Normal,
    /// Arrangements drawn at random from the seed.
    Drawn,
}

/// What a rank or permutation test says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Significance {
    /// The statistic found; the test says which.
    pub statistic: f64,
    /// The chance, without a difference, of a statistic at least as extreme; 0 to 1.
    pub p_value: f64,
    /// The smallest p-value that so many values, with these ties, can give; 0 to 1.
    pub smallest_p_value: f64,
    /// Where the p-values come from.
    pub basis: Basis,
}

impl Significance {
    /// Whether any outcome could have been significant at a level, such as 0.05. If not, there are too few values, and
    /// a large p-value says nothing.
    ///
    /// ```
    /// # use perfguard_stats::two_sample::{Alternative, mann_whitney};
    /// let found = mann_whitney(&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0], Alternative::TwoSided).unwrap();
    /// assert!(!found.can_reach(0.05));
    /// assert!(found.can_reach(0.1));
    /// ```
    pub fn can_reach(&self, alpha: f64) -> bool {
        self.smallest_p_value <= alpha
    }
}
