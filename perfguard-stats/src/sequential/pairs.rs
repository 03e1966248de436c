//! The pairs so far: their trimmed mean and its standard error, by two scales.
//!
//! Yuen, *The two-sample trimmed t for unequal population variances*, Biometrika 61 (1974); Tukey and others, *Less
//! vulnerable confidence and significance procedures for location based on a single sample*, Sankhyā A 25 (1963).

use crate::StatsError;
use crate::sample::real;
use crate::sequential::boundary::Scale;

/// One pair in five is trimmed from either end.
const TRIMMED_ONE_IN: usize = 5;
/// The share of the pooled contrasts that is winsorised from above.
const POOLED_SHARE: f64 = 0.3;
/// The pooled scale never says less than this part of Yuen's.
const LEAST_POOLED: f64 = 0.7;

/// One run of base and one of head next to each other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// The logarithm of base's value.
    base: f64,
    /// The logarithm of head's value.
    head: f64,
}

impl Pair {
    /// A pair of two values in any common unit, such as nanoseconds.
    ///
    /// # Errors
    /// When a value is not finite or not positive; base has index 0, head 1.
    ///
    /// ```
    /// # use perfguard_stats::sequential::Pair;
    /// assert!((Pair::new(100.0, 105.0).unwrap().difference() - 1.05_f64.ln()).abs() < 1e-12);
    /// assert!(Pair::new(100.0, 0.0).is_err());
    /// ```
    pub fn new(base: f64, head: f64) -> Result<Self, StatsError> {
        for (index, value) in [base, head].into_iter().enumerate() {
            if !value.is_finite() {
                return Err(StatsError::NotFinite { index });
            }
            if value <= 0.0 {
                return Err(StatsError::NotPositive { index });
            }
        }
        Ok(Self { base: base.ln(), head: head.ln() })
    }

    /// A pair of two logarithms.
    ///
    /// # Errors
    /// When one is not finite, or beyond those of numbers there are.
    ///
    /// ```
    /// # use perfguard_stats::sequential::Pair;
    /// assert_eq!(Pair::from_logarithms(1.0, 1.5).unwrap().difference(), 0.5);
    /// assert!(Pair::from_logarithms(0.0, 1_000.0).is_err());
    /// ```
    pub fn from_logarithms(base: f64, head: f64) -> Result<Self, StatsError> {
        // The logarithms of the largest and the smallest double.
        match [base, head].iter().position(|value| !(-745.2..=709.8).contains(value)) {
            Some(index) => Err(StatsError::NotFinite { index }),
            None => Ok(Self { base, head }),
        }
    }

    /// `ln head - ln base`.
    ///
    /// ```
    /// # use perfguard_stats::sequential::Pair;
    /// assert_eq!(Pair::new(100.0, 100.0).unwrap().difference(), 0.0);
    /// ```
    pub fn difference(self) -> f64 {
        self.head - self.base
    }

    /// The logarithm of base's value.
    ///
    /// ```
    /// # use perfguard_stats::sequential::Pair;
    /// assert_eq!(Pair::new(100.0, 105.0).unwrap().base(), 100.0_f64.ln());
    /// ```
    pub fn base(self) -> f64 {
        self.base
    }

    /// The logarithm of head's value.
    ///
    /// ```
    /// # use perfguard_stats::sequential::Pair;
    /// assert_eq!(Pair::new(100.0, 105.0).unwrap().head(), 105.0_f64.ln());
    /// ```
    pub fn head(self) -> f64 {
        self.head
    }

    /// The pair with the sides exchanged.
    ///
    /// ```
    /// # use perfguard_stats::sequential::Pair;
    /// assert_eq!(Pair::new(100.0, 105.0).unwrap().swapped(), Pair::new(105.0, 100.0).unwrap());
    /// ```
    #[must_use]
    pub fn swapped(self) -> Self {
        Self { base: self.head, head: self.base }
    }
}

/// Where the differences lie, in logarithms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Location {
    /// Their 20 %-trimmed mean.
    pub estimate: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// The degrees of freedom of Student's t for `estimate / standard_error`.
    pub degrees_of_freedom: usize,
}

/// The robust standard deviation of one pair's difference: what the standard error of the trimmed mean of all of them says
/// of each. What a comparison calls its spread, and [`crate::power::smallest_change`] takes.
///
/// # Errors
/// When there are fewer than eight differences, or one is not finite.
///
/// ```
/// # use perfguard_stats::sequential::pair_deviation;
/// assert_eq!(pair_deviation(&[0.01; 8]).unwrap(), 0.0);
/// let one_is_wild = [-0.01, 0.01, -0.01, 0.01, -0.01, 0.01, -0.01, 0.01, -0.01, 5.0];
/// assert!((0.01..0.03).contains(&pair_deviation(&one_is_wild).unwrap()));
/// ```
pub fn pair_deviation(differences: &[f64]) -> Result<f64, StatsError> {
    const FEWEST: usize = 8;
    if differences.len() < FEWEST {
        return Err(StatsError::TooFew { needed: FEWEST, given: differences.len() });
    }
    let sorted = crate::sample::sorted(differences)?;
    Ok(trimmed_location(&sorted, 0.0).standard_error * real(differences.len()).sqrt())
}

/// How many of so many values are trimmed from either end.
pub(crate) fn trimmed(count: usize) -> usize {
    if count < TRIMMED_ONE_IN { 0 } else { count / TRIMMED_ONE_IN }
}

/// The trimmed mean of at least two sorted values and its standard error; `floor` is the least winsorised standard
/// deviation that is believed.
pub(crate) fn trimmed_location(sorted: &[f64], floor: f64) -> Location {
    let count = sorted.len();
    let cut = trimmed(count);
    let kept = sorted.get(cut..count - cut).unwrap_or(sorted);
    let (low, high) = (kept.first().copied().unwrap_or(0.0), kept.last().copied().unwrap_or(0.0));
    let estimate = kept.iter().sum::<f64>() / real(kept.len());
    // The cut values count as the nearest that is kept.
    let ends = real(cut) * (low + high);
    let mean = (kept.iter().sum::<f64>() + ends) / real(count);
    let squares = kept.iter().map(|value| (value - mean).powi(2)).sum::<f64>()
        + real(cut) * ((low - mean).powi(2) + (high - mean).powi(2));
    let deviation = (squares / (real(count) - 1.0)).sqrt().max(floor);
    Location {
        estimate,
        standard_error: deviation * spread(count, kept.len()),
        degrees_of_freedom: kept.len().saturating_sub(1),
    }
}

/// What makes a winsorised standard deviation the standard error of the trimmed mean.
fn spread(count: usize, kept: usize) -> f64 {
    ((real(count) - 1.0) / (real(kept) * (real(kept) - 1.0))).sqrt()
}

/// Pairs in the order they were taken.
#[derive(Debug, Clone)]
pub(crate) struct Pairs {
    taken: Vec<Pair>,
    sorted: Vec<f64>,
    /// `|a1 - a2|` and `|b1 - b2|` of every two consecutive pairs, for the pooled scale.
    within: Vec<f64>,
    scratch: Vec<f64>,
}

impl Pairs {
    /// Room for so many pairs.
    pub(crate) fn with_capacity(most: usize) -> Self {
        Self {
            taken: Vec::with_capacity(most),
            sorted: Vec::with_capacity(most),
            within: Vec::with_capacity(most),
            scratch: Vec::with_capacity(2 * most),
        }
    }

    pub(crate) fn clear(&mut self) {
        self.taken.clear();
        self.sorted.clear();
        self.within.clear();
    }

    pub(crate) fn count(&self) -> usize {
        self.taken.len()
    }

    pub(crate) fn taken(&self) -> &[Pair] {
        &self.taken
    }

    pub(crate) fn push(&mut self, pair: Pair) {
        let difference = pair.difference();
        let place = self.sorted.partition_point(|value| *value < difference);
        self.sorted.insert(place, difference);
        if self.taken.len() % 2 == 1
            && let Some(before) = self.taken.last()
        {
            self.within.push((pair.base - before.base).abs());
            self.within.push((pair.head - before.head).abs());
        }
        self.taken.push(pair);
    }

    /// Where at least two pairs lie.
    pub(crate) fn location(&mut self, scale: Scale, floor: f64) -> Location {
        let robust = trimmed_location(&self.sorted, floor);
        match scale {
            Scale::Yuen => robust,
            Scale::Pooled => self.pooled(robust, floor),
        }
    }

    /// The same estimate with a scale from all contrasts of two runs of the same side, and of two pairs with the estimate.
    fn pooled(&mut self, robust: Location, floor: f64) -> Location {
        self.scratch.clear();
        self.scratch.extend_from_slice(&self.within);
        for block in self.taken.chunks_exact(2) {
            let mean = block.iter().map(|pair| pair.difference()).sum::<f64>() / 2.0;
            self.scratch.push((mean - robust.estimate).abs() * std::f64::consts::SQRT_2);
        }
        let count = self.scratch.len();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of a small count")]
        let cut = (real(count) * POOLED_SHARE) as usize;
        let place = count.saturating_sub(cut + 1);
        if count < 2 {
            return robust;
        }
        let (below, cap, _) = self.scratch.select_nth_unstable_by(place, f64::total_cmp);
        let squares = below.iter().map(|value| value * value).sum::<f64>() + *cap * *cap * real(cut + 1);
        let deviation = (squares / (real(count) - 1.0)).sqrt().max(floor);
        let pairs = self.count();
        let standard_error = deviation * spread(pairs, pairs - 2 * trimmed(pairs));
        Location {
            estimate: robust.estimate,
            standard_error: standard_error.max(LEAST_POOLED * robust.standard_error),
            degrees_of_freedom: place,
        }
    }

    /// How many values of a side lie more than `distance` above that side's median.
    pub(crate) fn far_above(&mut self, side: fn(Pair) -> f64, distance: f64) -> usize {
        self.scratch.clear();
        self.scratch.extend(self.taken.iter().map(|pair| side(*pair)));
        self.scratch.sort_unstable_by(f64::total_cmp);
        let limit = middle(&self.scratch) + distance;
        self.scratch.len() - self.scratch.partition_point(|value| *value <= limit)
    }

    /// 1.4826 times the median absolute deviation of the differences.
    pub(crate) fn robust_deviation(&mut self) -> f64 {
        let middle = middle(&self.sorted);
        self.scratch.clear();
        self.scratch.extend(self.sorted.iter().map(|value| (value - middle).abs()));
        self.scratch.sort_unstable_by(f64::total_cmp);
        crate::summary::NORMAL_CONSISTENCY * self::middle(&self.scratch)
    }
}

/// The median of sorted values; 0 where there is none.
pub(crate) fn middle(sorted: &[f64]) -> f64 {
    let above = sorted.len() / 2;
    let below = sorted.len().saturating_sub(1) / 2;
    match (sorted.get(below), sorted.get(above)) {
        (Some(low), Some(high)) => low / 2.0 + high / 2.0,
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(values: &[(f64, f64)]) -> Pairs {
        let mut pairs = Pairs::with_capacity(values.len());
        for (base, head) in values {
            pairs.push(Pair::from_logarithms(*base, *head).unwrap());
        }
        pairs
    }

    #[test]
    fn the_middle_is_the_median() {
        for (sorted, expected) in [(&[][..], 0.0), (&[3.0], 3.0), (&[1.0, 4.0], 2.5), (&[1.0, 2.0, 9.0], 2.0)] {
            assert!((middle(sorted) - expected).abs() < 1e-15, "{sorted:?}");
        }
        assert!((middle(&[1.0, 2.0, 4.0, 9.0, 11.0, 12.0]) - 6.5).abs() < 1e-15);
    }

    #[test]
    fn the_robust_deviation_is_the_scaled_median_of_the_distances_from_the_median() {
        // Differences 1, 2, 4, 8, 20: from 4 they lie 3, 2, 0, 4 and 16 away.
        let mut pairs = pairs(&[(0.0, 4.0), (1.0, 2.0), (0.0, 20.0), (2.0, 4.0), (0.0, 8.0)]);
        assert!((pairs.robust_deviation() - 1.482_602_218_505_602 * 3.0).abs() < 1e-12);
    }

    #[test]
    fn far_above_counts_from_a_sides_own_median_and_not_what_lies_at_the_distance() {
        let mut pairs = pairs(&[(0.0, 10.0), (0.5, 10.0), (1.0, 10.0), (2.0, 11.0), (5.0, 12.0)]);
        assert_eq!([pairs.far_above(Pair::base, 1.0), pairs.far_above(Pair::base, 0.9)], [1, 2]);
        assert_eq!([pairs.far_above(Pair::head, 1.0), pairs.far_above(Pair::head, 0.0)], [1, 2]);
    }

    #[test]
    fn differences_are_sorted_as_they_come_and_ties_are_kept() {
        let pairs = pairs(&[(0.0, 3.0), (0.0, 1.0), (0.0, 2.0), (0.0, 1.0), (0.0, 3.0)]);
        assert_eq!(pairs.sorted, [1.0, 1.0, 2.0, 3.0, 3.0]);
        assert_eq!(pairs.within, [0.0, 2.0, 0.0, 1.0]);
    }

    #[test]
    fn a_logarithm_beyond_those_of_doubles_is_no_pair() {
        for (base, head, index) in [(-746.0, 0.0, 0), (0.0, 710.0, 1), (0.0, f64::NAN, 1), (f64::INFINITY, 0.0, 0)] {
            assert_eq!(Pair::from_logarithms(base, head), Err(StatsError::NotFinite { index }), "{base} and {head}");
        }
        assert!(Pair::from_logarithms(-745.0, 709.0).is_ok());
        assert_eq!(Pair::new(0.0, 1.0), Err(StatsError::NotPositive { index: 0 }));
        assert_eq!(Pair::new(1.0, -1.0), Err(StatsError::NotPositive { index: 1 }));
    }

    #[test]
    fn the_deviation_of_a_pair_is_that_of_normal_differences() {
        let mut stream = crate::random::Stream::new(8);
        let differences: Vec<f64> = (0..4_000).map(|_| 0.01 + 0.02 * stream.normal()).collect();
        // The trimmed mean of normal values has 1.142 times the variance of their mean.
        assert!((pair_deviation(&differences).unwrap() / (0.02 * 1.142_f64.sqrt()) - 1.0).abs() < 0.03);
        assert!(pair_deviation(&differences[..8]).is_ok());
        assert_eq!(pair_deviation(&differences[..7]), Err(StatsError::TooFew { needed: 8, given: 7 }));
    }
}
