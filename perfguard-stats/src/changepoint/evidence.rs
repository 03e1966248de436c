//! What speaks for a step at one place, and which of many places have enough of it.

use crate::quantile::quantile_of_sorted;
use crate::sample::{StatsError, real, sorted};

use super::noise::Noise;

/// At most so many values on each side are compared: older ones say less of the level at the step.
const REACH: usize = 40;

/// The levels must differ by so many standard errors.
const LEVELS: f64 = 4.5;

/// The ranks must differ by so many standard deviations.
const RANKS: f64 = 3.3;

/// Too few values to be shown may become a step if their ranks have this share of the evidence that they could have.
const NEARLY_ALL: f64 = 0.9;

/// A boundary is looked for anew so many values to each side.
const REFINED: usize = 5;

/// A single value counts for at most so many spreads in placing a boundary ...
const PLACING_CLIP: f64 = 4.0;

/// ... and for this share of what it really is, so that one beyond both levels goes to the nearer, not to either by
/// rounding.
const PLACING_REST: f64 = 1e-6;

/// Both sides of one place.
#[derive(Debug, Clone)]
pub(super) struct Evidence {
    /// How many values are on each side.
    pub(super) counts: (usize, usize),
    /// The means of the values, drawn in towards the median.
    pub(super) levels: (f64, f64),
    medians: (f64, f64),
    /// The standard error of the levels' difference.
    pub(super) error: f64,
    /// The difference of the levels in standard errors.
    pub(super) z: f64,
    /// The difference of the ranks in standard deviations.
    rank_z: f64,
    /// The most that `rank_z` can be with so many values.
    most_rank_z: f64,
}

impl Evidence {
    /// What the natural logarithms `values` between `from` and `to` say for a step at `at`.
    pub(super) fn of(values: &[f64], (from, at, to): (usize, usize, usize), noise: Noise) -> Result<Self, StatsError> {
        let before = Side::of(&values[from.max(at.saturating_sub(REACH))..at], noise)?;
        let after = Side::of(&values[at..to.min(at + REACH)], noise)?;
        let (m, k) = (real(before.sorted.len()), real(after.sorted.len()));
        let pooled = (before.squares + after.squares) / (m + k - 2.0).max(1.0);
        let variance = pooled.max(noise.spread * noise.spread) * noise.inflation();
        let error = (variance * (1.0 / m + 1.0 / k)).sqrt();
        let rank_error = (m * k * (m + k + 1.0) / 12.0 * noise.inflation()).sqrt();
        Ok(Self {
            counts: (before.sorted.len(), after.sorted.len()),
            levels: (before.level, after.level),
            medians: (before.median, after.median),
            error,
            z: (after.level - before.level).abs() / error,
            rank_z: (after.wins_over(&before) - m * k / 2.0).abs() / rank_error,
            most_rank_z: m * k / 2.0 / rank_error,
        })
    }

    /// 1 or more where all that is asked for holds, less the less of it does.
    fn strength(&self, smallest_step: f64) -> f64 {
        (self.z / LEVELS).min(self.rank_z / RANKS).min(self.size(smallest_step))
    }

    fn size(&self, smallest_step: f64) -> f64 {
        let step = (self.medians.1 - self.medians.0).abs();
        // Nothing over nothing is no number; any step is enough then.
        if smallest_step > 0.0 { step / smallest_step } else { f64::INFINITY }
    }

    /// Whether only the number of values after it keeps the step from being shown.
    pub(super) fn is_pending(&self, smallest_step: f64) -> bool {
        let too_few =
            self.counts.1 < self.counts.0 && self.most_rank_z < RANKS && self.rank_z >= NEARLY_ALL * self.most_rank_z;
        too_few && self.z >= LEVELS && self.size(smallest_step) >= 1.0
    }
}

/// The values on one side.
struct Side {
    sorted: Vec<f64>,
    median: f64,
    /// The mean of the values drawn in towards the median.
    level: f64,
    /// Of those, about the level.
    squares: f64,
}

impl Side {
    fn of(values: &[f64], noise: Noise) -> Result<Self, StatsError> {
        let sorted = sorted(values)?;
        let median = quantile_of_sorted(&sorted, 0.5)?;
        let clipped = noise.clipped_about(&sorted, median);
        let level = clipped.iter().sum::<f64>() / real(clipped.len());
        let squares = clipped.iter().map(|value| (value - level) * (value - level)).sum();
        Ok(Self { sorted, median, level, squares })
    }

    /// How many of all pairs have the larger value on this side; equal ones count half.
    fn wins_over(&self, other: &Self) -> f64 {
        let wins = self.sorted.iter().map(|value| {
            let smaller = other.sorted.partition_point(|rival| rival < value);
            let not_larger = other.sorted.partition_point(|rival| rival <= value);
            f64::midpoint(real(smaller), real(not_larger))
        });
        wins.sum()
    }
}

/// Takes away the boundary with the least evidence, as long as that is not enough.
pub(super) fn eliminate(
    values: &[f64],
    mut boundaries: Vec<usize>,
    noise: Noise,
    smallest_step: f64,
) -> Result<Vec<usize>, StatsError> {
    let strength = |boundaries: &[usize], index: usize| -> Result<f64, StatsError> {
        Ok(Evidence::of(values, around(boundaries, index, values.len()), noise)?.strength(smallest_step))
    };
    let mut strengths =
        (0..boundaries.len()).map(|index| strength(&boundaries, index)).collect::<Result<Vec<_>, _>>()?;
    while let Some((weakest, least)) =
        strengths.iter().copied().enumerate().min_by(|one, other| one.1.total_cmp(&other.1))
        && least < 1.0
    {
        boundaries.remove(weakest);
        strengths.remove(weakest);
        // Its neighbours now have more values on one side.
        let neighbours = weakest.saturating_sub(1)..(weakest + 1).min(boundaries.len());
        for (index, known) in strengths.iter_mut().enumerate().skip(neighbours.start).take(neighbours.len()) {
            *known = strength(&boundaries, index)?;
        }
    }
    Ok(boundaries)
}

/// Moves each boundary to where the values on either side fit the medians of their own side best.
pub(super) fn refine(values: &[f64], boundaries: &[usize], noise: Noise) -> Result<Vec<usize>, StatsError> {
    let mut refined = Vec::with_capacity(boundaries.len());
    for index in 0..boundaries.len() {
        let (from, at, to) = around(boundaries, index, values.len());
        let (before, after) = Evidence::of(values, (from, at, to), noise)?.medians;
        let (low, high) = ((from + 1).max(at.saturating_sub(REFINED)), (to - 1).min(at + REFINED));
        let cost = |place: usize| {
            let off = |values: &[f64], level: f64| -> f64 {
                let distances = values.iter().map(|value| (value - level).abs());
                distances.map(|off| off.min(PLACING_CLIP * noise.spread) + PLACING_REST * off).sum()
            };
            off(&values[low - 1..place], before) + off(&values[place..=high], after)
        };
        refined.extend((low..=high).min_by(|one, other| cost(*one).total_cmp(&cost(*other))));
    }
    refined.sort_unstable();
    refined.dedup();
    Ok(refined)
}

/// A boundary with those before and after it, or the ends of the series.
pub(super) fn around(boundaries: &[usize], index: usize, end: usize) -> (usize, usize, usize) {
    let before = index.checked_sub(1).and_then(|index| boundaries.get(index)).copied().unwrap_or(0);
    (before, boundaries[index], boundaries.get(index + 1).copied().unwrap_or(end))
}
