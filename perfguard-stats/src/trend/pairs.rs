//! Trend by comparing all pairs of values: the Theil–Sen slope and the Mann–Kendall test.

use statrs::distribution::{ContinuousCDF, Normal};

use crate::dependence::{effective_size, residual_correlation};
use crate::interval::Interval;
use crate::quantile::median;
use crate::sample::{StatsError, at_least, balanced, check_level, real, restored};

/// Up to so many values the slopes of all pairs are listed; beyond, they are only counted, which needs no memory.
const MOST_LISTED: usize = 1_000;

/// A line through the middle of the values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SenSlope {
    /// The median of the slopes of all pairs, in the values' unit per value.
    pub slope: f64,
    /// The line's height at the first value, in the values' unit.
    pub intercept: f64,
    /// The interval of the slope; `None` where there are too few values for the level.
    pub interval: Option<Interval>,
}

/// The median of the slopes of all pairs of values, with the interval that belongs to Kendall's test: Theil (1950) and
/// Sen, *Estimates of the regression coefficient based on Kendall's tau*, Journal of the American Statistical
/// Association 63 (1968).
///
/// Nearly a third of the values may be anything without the slope following them. The interval takes the values as
/// independent of one another; ties widen nothing, as they should not. Takes time as the square of the number of values
/// up to 1,000, and hardly more than proportional to it beyond.
///
/// # Errors
/// When there are fewer than two values, one is not finite, or the level is not between 0 and 1.
///
/// ```
/// # use perfguard_stats::trend::theil_sen;
/// let found = theil_sen(&[1.0, 2.0, 3.0, 400.0, 5.0, 6.0], 0.9).unwrap();
/// assert_eq!((found.slope, found.intercept), (1.0, 1.5));
/// assert!(found.interval.is_some_and(|ends| ends.low <= 1.0 && 1.0 <= ends.high));
/// ```
pub fn theil_sen(values: &[f64], level: f64) -> Result<SenSlope, StatsError> {
    inflated_theil_sen(values, level, 1.0)
}

/// [`theil_sen`] with a variance so many times that of independent values.
pub(super) fn inflated_theil_sen(values: &[f64], level: f64, inflation: f64) -> Result<SenSlope, StatsError> {
    let level = check_level(level)?;
    let (balanced, power) = balanced(at_least(values, 2)?);
    let slopes = Slopes::of(&balanced);
    let pairs = pairs(values.len());
    let slope = slopes.middle();
    let intercept = median(&balanced)? - slope * (real(values.len() - 1) / 2.0);

    let quantile = -Normal::standard().inverse_cdf((1.0 - level) / 2.0);
    let width = quantile * (score_variance(values) * inflation).sqrt();
    let outside = ((real(pairs) - width) / 2.0).round_ties_even();
    let interval = (outside >= 1.0).then(|| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 1 to the number of pairs")]
        let outside = outside as usize;
        // The ranks in from either end; both are within the pairs, as half of them is the most that lies outside.
        let (low, high) = (slopes.at(outside - 1), slopes.at(pairs - outside));
        Interval { low: restored(low, power), high: restored(high, power) }
    });
    Ok(SenSlope { slope: restored(slope, power), intercept: restored(intercept, power), interval })
}

/// Whether values tend upward or downward.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MannKendall {
    /// The number of pairs that rise less the number that fall.
    pub score: f64,
    /// The score in standard deviations, with the variance that ties leave and the continuity correction.
    pub z: f64,
    /// Two-sided, as if the values were independent of one another.
    pub p_value: f64,
    /// How many independent values would say as much.
    pub effective_size: f64,
    /// `z` as small as the correlation of neighbours makes it.
    pub corrected_z: f64,
    /// Two-sided, of `corrected_z`.
    pub corrected_p_value: f64,
}

/// The test for a trend by the number of pairs that rise and fall: Mann, *Nonparametric tests against trend*,
/// Econometrica 13 (1945), and Kendall, *Rank Correlation Methods* (1948), with the variance for ties.
///
/// Corrected for autocorrelation by the effective number of values, taken from the residuals about the Theil–Sen line
/// ([`crate::dependence::effective_size`]). Values that are all the same have no trend: `z` 0, p-value 1.
///
/// # Errors
/// When there are fewer than two values, or one is not finite.
///
/// ```
/// # use perfguard_stats::trend::mann_kendall;
/// let rising: Vec<f64> = (0..12).map(f64::from).collect();
/// let found = mann_kendall(&rising).unwrap();
/// assert_eq!(found.score, 66.0);
/// assert!(found.p_value < 1e-5);
/// ```
pub fn mann_kendall(values: &[f64]) -> Result<MannKendall, StatsError> {
    let (values, _) = balanced(at_least(values, 2)?);
    let (score, z) = score(&values);
    let residuals = residuals(&values, middle_slope(&values));
    let effective_size = effective_size(values.len(), residual_correlation(&residuals)?);
    let corrected_z = z * (effective_size / real(values.len())).sqrt();
    let p_value = |z: f64| (2.0 * Normal::standard().sf(z.abs())).min(1.0);
    let (p_value, corrected_p_value) = (p_value(z), p_value(corrected_z));
    Ok(MannKendall { score, z, p_value, effective_size, corrected_z, corrected_p_value })
}

/// The Mann–Kendall score and its `z`, uncorrected.
pub(super) fn score(values: &[f64]) -> (f64, f64) {
    // With ties, each pair rises, falls or is level.
    let score = real(pairs(values.len()) - tied_pairs(values)) - 2.0 * real(falling_pairs(values.to_vec()));
    let variance = score_variance(values);
    let z = if variance > 0.0 { (score.abs() - 1.0).max(0.0).copysign(score) / variance.sqrt() } else { 0.0 };
    (score, z)
}

/// The Theil–Sen slope of balanced values, at least two.
pub(super) fn middle_slope(values: &[f64]) -> f64 {
    Slopes::of(values).middle()
}

/// What is left of balanced values about a line of this slope through their middle.
pub(super) fn residuals(values: &[f64], slope: f64) -> Vec<f64> {
    let middle = real(values.len()) / 2.0;
    let along = |(index, value): (usize, &f64)| value - slope * (real(index) - middle);
    let left: Vec<f64> = values.iter().enumerate().map(along).collect();
    // The values are finite, so is what is left of them.
    let level = median(&left).unwrap_or_default();
    left.iter().map(|value| value - level).collect()
}

/// How many pairs so many values have.
fn pairs(count: usize) -> usize {
    count * count.saturating_sub(1) / 2
}

/// The sizes of the groups of equal values.
fn ties(values: &[f64]) -> Vec<usize> {
    // Adding 0 makes the negative 0 a positive one.
    let mut sorted: Vec<f64> = values.iter().map(|value| value + 0.0).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted.chunk_by(|one, other| one.total_cmp(other).is_eq()).map(<[f64]>::len).collect()
}

fn tied_pairs(values: &[f64]) -> usize {
    ties(values).into_iter().map(pairs).sum()
}

/// The variance of the Mann–Kendall score under no trend, with ties: Kendall (1948).
fn score_variance(values: &[f64]) -> f64 {
    let term = |count: usize| real(count) * (real(count) - 1.0) * (2.0 * real(count) + 5.0);
    (term(values.len()) - ties(values).into_iter().map(term).sum::<f64>()) / 18.0
}

/// How many pairs fall, by merge sort.
fn falling_pairs(mut values: Vec<f64>) -> usize {
    let mut merged = Vec::with_capacity(values.len());
    let mut falling = 0;
    let mut width = 1;
    while width < values.len() {
        merged.clear();
        for block in values.chunks(2 * width) {
            let (mut left, mut right) = block.split_at(width.min(block.len()));
            while let ([one, left_rest @ ..], [other, right_rest @ ..]) = (left, right) {
                if other < one {
                    // It falls below all that are left of the first half.
                    falling += left.len();
                    merged.push(*other);
                    right = right_rest;
                } else {
                    merged.push(*one);
                    left = left_rest;
                }
            }
            merged.extend_from_slice(left);
            merged.extend_from_slice(right);
        }
        std::mem::swap(&mut values, &mut merged);
        width *= 2;
    }
    falling
}

/// The slopes of all pairs of values, by rank.
struct Slopes {
    /// How many.
    pairs: usize,
    by: By,
}

enum By {
    /// All slopes, sorted.
    List(Vec<f64>),
    /// The values about their median, of which slopes are counted.
    Count(Vec<f64>),
}

impl Slopes {
    /// Of balanced values.
    fn of(values: &[f64]) -> Self {
        let pairs = pairs(values.len());
        if values.len() > MOST_LISTED {
            let middle = median(values).unwrap_or_default();
            return Self { pairs, by: By::Count(values.iter().map(|value| value - middle).collect()) };
        }
        let mut slopes = Vec::with_capacity(pairs);
        for (index, value) in values.iter().enumerate() {
            let later = values.iter().skip(index + 1).enumerate();
            slopes.extend(later.map(|(gap, other)| (other - value) / real(gap + 1)));
        }
        slopes.sort_unstable_by(f64::total_cmp);
        Self { pairs, by: By::List(slopes) }
    }

    /// The slope that has so many before it.
    fn at(&self, rank: usize) -> f64 {
        match &self.by {
            // Adding 0 makes the negative 0 a positive one.
            By::List(slopes) => slopes.get(rank).copied().unwrap_or_default() + 0.0,
            By::Count(values) => counted(values, rank),
        }
    }

    fn middle(&self) -> f64 {
        let (below, above) = (self.pairs.saturating_sub(1) / 2, self.pairs / 2);
        if below == above { self.at(below) } else { f64::midpoint(self.at(below), self.at(above)) }
    }
}

/// The smallest slope that is not exceeded by more than `rank` pairs, by halving the range of all finite numbers and
/// counting pairs.
fn counted(values: &[f64], rank: usize) -> f64 {
    let all = pairs(values.len());
    // A pair's slope is at most `slope` where it does not rise against a line of that slope.
    let at_most = |slope: f64| {
        let rising = values.iter().enumerate().map(|(index, value)| slope * real(index) - value).collect();
        all - falling_pairs(rising)
    };
    // Level pairs stand at exactly 0; below, slopes too small to change any value would take their place.
    let falling = falling_pairs(values.to_vec());
    if falling <= rank && rank < falling + tied_pairs(values) {
        return 0.0;
    }
    let largest = values.iter().fold(0.0_f64, |largest, value| largest.max(value.abs())) * 2.0;
    let (mut low, mut high) = (place(-largest), place(largest));
    while low < high {
        let middle = low + (high - low).div_euclid(2);
        if at_most(number(middle)) > rank {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    number(low)
}

/// Where a number stands in the order of all numbers.
fn place(number: f64) -> i128 {
    let bits = i128::from(number.abs().to_bits());
    if number < 0.0 { -bits } else { bits }
}

/// The number that stands there.
fn number(place: i128) -> f64 {
    let size = f64::from_bits(u64::try_from(place.unsigned_abs()).unwrap_or_default());
    if place < 0 { -size } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;

    #[test]
    fn counting_slopes_finds_the_ones_that_listing_finds() {
        let mut stream = Stream::new(5);
        let smooth: Vec<f64> = (0..60).map(|index| 100.0 + stream.normal() + 0.01 * real(index)).collect();
        let stepped: Vec<f64> = (0..60).map(|_| real(usize::try_from(stream.below(4)).unwrap())).collect();
        for values in [smooth, stepped, vec![7.0; 12], vec![0.0, -0.0, 1.0], (0..40).map(real).collect()] {
            let listed = Slopes::of(&values);
            let middle = median(&values).unwrap();
            let centred: Vec<f64> = values.iter().map(|value| value - middle).collect();
            for rank in (0..pairs(values.len())).step_by(7) {
                let (one, other) = (listed.at(rank), counted(&centred, rank));
                assert!((one - other).abs() <= 1e-12 * one.abs().max(1e-3), "{rank}: {one} and {other}");
            }
        }
    }

    #[test]
    fn merging_counts_every_falling_pair() {
        assert_eq!(falling_pairs(vec![3.0, 2.0, 1.0, 2.0]), 4);
        assert_eq!(falling_pairs(vec![1.0]), 0);
        assert_eq!(falling_pairs(vec![1.0, 1.0, 0.0, 5.0, 4.0]), 3);
    }

    #[test]
    fn numbers_keep_their_order_as_places() {
        for pair in [-1e300, -1.0, -5e-324, 0.0, 5e-324, 1.0, 1e300].windows(2) {
            assert!(place(pair[0]) < place(pair[1]));
        }
        assert_eq!(number(place(-2.5)).to_bits(), (-2.5_f64).to_bits());
    }
}
