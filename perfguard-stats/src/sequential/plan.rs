//! How many pairs, and at which levels: fixed before the first look.

use crate::StatsError;
use crate::sample::real;
use crate::sequential::boundary::Scale;
use crate::sequential::limits::Limits;

/// Numbers of pairs of a first stage.
const FIRST_STEPS: [usize; 5] = [24, 32, 40, 48, 64];
/// Numbers of pairs for confirming what layouts blur.
const LAYOUT_STEPS: [usize; 9] = [24, 32, 40, 48, 64, 96, 128, 192, 256];
/// Pairs where the noise was never measured.
const UNKNOWN_NOISE: usize = 40;
/// More spikes than this share of runs ask for one step more.
const MANY_SPIKES: f64 = 0.04;
/// The fewest pairs of a confirmation.
const FEWEST_CONFIRMING: usize = 24;
/// The change that must be found where nothing else is asked for, as a ratio less one.
pub const USUAL_CHANGE: f64 = 0.05;
/// The most that the noise's part from layouts may be before a confirmation takes more pairs for it.
const MOSTLY: f64 = 0.5;
/// The least relative resolution of a value that is believed.
pub const FINEST_QUANTUM: f64 = 1e-4;

/// One-sided levels, for all looks together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Levels {
    /// Of calling a change of exactly the margin a regression, and the same for an improvement.
    pub change: f64,
    /// Of calling a change of exactly the threshold no change.
    pub same: f64,
}

impl Levels {
    /// Of the first stage.
    pub const FIRST: Self = Self { change: 0.005, same: 0.01 };

    /// Of the confirmation in a suite of so many benchmarks: a suite without a change then fails with a chance of at most
    /// 1 %, whatever room there is between no change and the margin.
    ///
    /// ```
    /// # use perfguard_stats::sequential::Levels;
    /// assert_eq!(Levels::confirming(50).change, 0.01);
    /// assert_eq!(Levels::confirming(1_000).change, 0.002);
    /// ```
    pub fn confirming(benchmarks: usize) -> Self {
        Self { change: Self::FIRST.same.min(2.0 / real(benchmarks.max(1))), same: 0.01 }
    }
}

/// What is stored of a benchmark's noise on one machine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NoiseLevel {
    /// Standard deviation of the difference of one pair without a change, in logarithms, robust.
    pub pair_deviation: f64,
    /// The share of runs that are spikes.
    pub spike_share: f64,
}

/// How many pairs a first stage takes at most.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairCount {
    /// The largest number of pairs.
    pub last: usize,
    /// Where that is too few for the change asked for: the change that it can find, as a ratio less one.
    pub findable_instead: Option<f64>,
}

/// The number of pairs that finds a change of `ratio_less_one` (5 % or the threshold where that is more, if `None`):
/// `(5.1 s / (change - margin))² + 5`, rounded up to 24, 32, 40, 48 or 64; one step more where spikes are many; 40 where the
/// noise was never measured.
///
/// # Errors
/// When the stored noise is negative or not finite, or the change is not beyond the margin.
///
/// ```
/// # use perfguard_stats::sequential::{Limits, NoiseLevel, pair_count};
/// let limits = Limits::default();
/// assert_eq!(pair_count(limits, None, None).unwrap().last, 40);
/// let calm = NoiseLevel { pair_deviation: 0.02, spike_share: 0.01 };
/// assert_eq!(pair_count(limits, Some(calm), None).unwrap().last, 24);
/// let loud = NoiseLevel { pair_deviation: 0.10, spike_share: 0.01 };
/// let count = pair_count(limits, Some(loud), None).unwrap();
/// assert_eq!(count.last, 64);
/// assert!((count.findable_instead.unwrap() - 0.079).abs() < 0.001);
/// ```
pub fn pair_count(
    limits: Limits,
    noise: Option<NoiseLevel>,
    ratio_less_one: Option<f64>,
) -> Result<PairCount, StatsError> {
    let change = ratio_less_one.map_or_else(|| limits.threshold().max(USUAL_CHANGE.ln_1p()), f64::ln_1p);
    let Some(noise) = noise else {
        if change > limits.margin() {
            return Ok(PairCount { last: UNKNOWN_NOISE, findable_instead: None });
        }
        return Err(StatsError::Impossible("the change to find must lie beyond the margin"));
    };
    if !(0.0..=1.0).contains(&noise.spike_share) {
        return Err(StatsError::NotAProbability(noise.spike_share));
    }
    let needed = crate::power::pairs_needed(limits, noise.pair_deviation, change)?;
    let most = FIRST_STEPS[FIRST_STEPS.len() - 1];
    let findable_instead = if needed > real(most) {
        Some(crate::power::smallest_change(limits, noise.pair_deviation, most)?.exp_m1())
    } else {
        None
    };
    let more = usize::from(noise.spike_share > MANY_SPIKES);
    Ok(PairCount { last: step(&FIRST_STEPS, needed, more), findable_instead })
}

/// The first step that is enough, and so many further; the last where none is.
fn step(steps: &[usize], needed: f64, further: usize) -> usize {
    let enough = steps.iter().position(|size| real(*size) >= needed).unwrap_or(steps.len());
    let place = (enough + further).min(steps.len() - 1);
    steps[place]
}

/// Everything about a test that is fixed before its first look.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan {
    /// What is too small, and what matters.
    pub limits: Limits,
    /// The largest number of pairs: even, from 8 to 1,024. Never extended.
    pub last: usize,
    /// The error rates.
    pub levels: Levels,
    /// The relative resolution of one value: a printed digit, or the timer's tick in a sample's time.
    pub quantum: f64,
    /// The stored standard deviation of a pair's difference, if any; used to tell a slow start.
    pub pair_deviation: Option<f64>,
    /// Where the standard error comes from.
    pub scale: Scale,
}

impl Plan {
    /// A first stage with so many pairs at most.
    ///
    /// ```
    /// # use perfguard_stats::sequential::{Levels, Limits, Plan};
    /// let plan = Plan::first_stage(Limits::default(), 40);
    /// assert_eq!((plan.last, plan.levels), (40, Levels::FIRST));
    /// ```
    pub fn first_stage(limits: Limits, last: usize) -> Self {
        Self {
            limits,
            last,
            levels: Levels::FIRST,
            quantum: FINEST_QUANTUM,
            pair_deviation: None,
            scale: Scale::default(),
        }
    }

    /// The confirmation of what this first stage suspects, in a suite of so many benchmarks: fresh pairs, fresh layouts, the
    /// same limits, at least 24 pairs.
    ///
    /// `noise` is the first stage's own: the standard deviation of its differences in logarithms, and what part of their
    /// variance is layout (0 to 1). Where that part is more than half, the rule for the number of pairs may ask for up to
    /// 256.
    ///
    /// # Errors
    /// When the noise is negative or not finite, or its part is not from 0 to 1.
    ///
    /// ```
    /// # use perfguard_stats::sequential::{Limits, Plan};
    /// let first = Plan::first_stage(Limits::default(), 40);
    /// let confirming = first.confirming(50, None).unwrap();
    /// assert_eq!((confirming.last, confirming.levels.change), (40, 0.01));
    /// assert_eq!(first.confirming(50, Some((0.1, 0.8))).unwrap().last, 192);
    /// ```
    pub fn confirming(&self, benchmarks: usize, noise: Option<(f64, f64)>) -> Result<Self, StatsError> {
        let mut last = self.last.max(FEWEST_CONFIRMING);
        if let Some((deviation, layout_part)) = noise {
            if !(0.0..=1.0).contains(&layout_part) {
                return Err(StatsError::NotAProbability(layout_part));
            }
            let change = self.limits.threshold().max(USUAL_CHANGE.ln_1p());
            let needed = crate::power::pairs_needed(self.limits, deviation, change)?;
            if layout_part > MOSTLY {
                last = last.max(step(&LAYOUT_STEPS, needed, 0));
            }
        }
        Ok(Self { last, levels: Levels::confirming(benchmarks), ..*self })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_confirming_stage_has_levels_of_its_own() {
        let first = Plan::first_stage(Limits::default(), 40);
        let confirming = first.confirming(50, None).unwrap();
        assert_eq!((first.levels.change, confirming.levels.change, confirming.limits), (0.005, 0.01, first.limits));
    }

    #[test]
    fn a_suite_beyond_two_hundred_is_confirmed_at_a_stricter_level() {
        for (benchmarks, level) in [(0, 0.01), (1, 0.01), (200, 0.01), (201, 2.0 / 201.0), (1_000, 0.002)] {
            let found = Levels::confirming(benchmarks);
            assert!((found.change - level).abs() < 1e-15 && (found.same - 0.01).abs() < 1e-15, "{benchmarks}");
        }
    }

    #[test]
    fn what_too_few_pairs_can_find_is_said_only_where_they_are_too_few() {
        let limits = Limits::default();
        let count = |pair_deviation, change| {
            pair_count(limits, Some(NoiseLevel { pair_deviation, spike_share: 0.0 }), Some(change)).unwrap()
        };
        assert_eq!(count(0.05, 0.05), PairCount { last: 64, findable_instead: None });
        let loud = count(0.06, 0.05);
        let expected = crate::power::smallest_change(limits, 0.06, 64).unwrap().exp_m1();
        assert_eq!(loud, PairCount { last: 64, findable_instead: Some(expected) });
        assert!(expected > 0.05);
        assert_eq!(count(0.06, 0.10), PairCount { last: 24, findable_instead: None });
    }

    #[test]
    fn a_change_that_is_no_more_than_the_margin_is_not_planned_for_whatever_is_known_of_the_noise() {
        // Both logarithms are that of two, to the last bit.
        let limits = Limits::new(1.0, 2.0).unwrap();
        for noise in [None, Some(NoiseLevel { pair_deviation: 0.02, spike_share: 0.0 })] {
            assert!(pair_count(limits, noise, Some(1.0)).is_err(), "{noise:?}");
            assert!(pair_count(limits, noise, Some(1.5)).is_ok(), "{noise:?}");
        }
        assert_eq!(pair_count(Limits::default(), None, Some(0.05)).unwrap().last, 40);
    }
}
