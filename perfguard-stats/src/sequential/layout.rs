//! What part of the noise is the place of the code.

use statrs::distribution::{ChiSquared, ContinuousCDF};

use crate::StatsError;
use crate::sample::real;

/// The one-sided level of the upper limit.
const UPPER_LEVEL: f64 = 0.8;

/// Differences split into what the layout explains and what is left.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LayoutShare {
    /// Standard deviation of the differences from layout to layout, in their own unit.
    pub between: f64,
    /// The 80 % upper limit of `between`, one-sided. With few layouts `between` is often 0 although the truth is not.
    pub between_at_most: f64,
    /// Standard deviation within one layout.
    pub within: f64,
    /// The part of the variance that is layout, from 0 to 1.
    pub share: f64,
}

impl LayoutShare {
    /// The standard deviation of one difference.
    ///
    /// ```
    /// # use perfguard_stats::sequential::LayoutShare;
    /// assert_eq!(LayoutShare { between: 0.03, between_at_most: 0.04, within: 0.04, share: 0.36 }.total(), 0.05);
    /// ```
    pub fn total(&self) -> f64 {
        self.between.hypot(self.within)
    }
}

/// One-way random effects of the differences grouped by their layout: `layouts[i]` names the layout of `differences[i]`.
///
/// Variance components by analysis of variance, for groups of unequal size: Searle and others, *Variance
/// Components* (1992), section 3.6. The upper limit takes the variance within as known, which it nearly is with 24 pairs.
///
/// # Errors
/// When a difference is not finite, the slices are not equally long, there are fewer than two layouts, or no layout has
/// more than one pair.
///
/// ```
/// # use perfguard_stats::sequential::layout_share;
/// let differences = [0.01, 0.011, -0.02, -0.021, 0.03, 0.029];
/// let share = layout_share(&differences, &[0, 0, 1, 1, 2, 2]).unwrap();
/// assert!(share.share > 0.99);
/// ```
pub fn layout_share(differences: &[f64], layouts: &[usize]) -> Result<LayoutShare, StatsError> {
    if differences.len() != layouts.len() {
        return Err(StatsError::TooFew { needed: differences.len(), given: layouts.len() });
    }
    if let Some(index) = differences.iter().position(|value| !value.is_finite()) {
        return Err(StatsError::NotFinite { index });
    }
    let mut groups = std::collections::BTreeMap::<usize, Vec<f64>>::new();
    for (layout, difference) in layouts.iter().zip(differences) {
        groups.entry(*layout).or_default().push(*difference);
    }
    let (count, kinds) = (differences.len(), groups.len());
    if kinds < 2 {
        return Err(StatsError::TooFew { needed: 2, given: kinds });
    }
    if count == kinds {
        return Err(StatsError::TooFew { needed: kinds + 1, given: count });
    }
    // Halves keep the sum of huge values finite.
    let mean = |values: &[f64]| values.iter().map(|value| value / real(values.len())).sum::<f64>();
    let grand = mean(differences);
    let (mut between, mut within, mut sizes) = (0.0, 0.0, 0.0);
    for values in groups.values() {
        let own = mean(values);
        between += real(values.len()) * (own - grand).powi(2);
        within += values.iter().map(|value| (value - own).powi(2)).sum::<f64>();
        sizes += real(values.len()).powi(2);
    }
    let freedom = real(kinds) - 1.0;
    let within = within / (real(count) - real(kinds));
    let per_layout = (real(count) - sizes / real(count)) / freedom;
    let variance = |between: f64| ((between - within) / per_layout).max(0.0);
    let estimate = variance(between / freedom);
    let chi = ChiSquared::new(freedom).map_err(|_| StatsError::TooFew { needed: 2, given: kinds })?;
    let at_most = variance(between / chi.inverse_cdf(1.0 - UPPER_LEVEL));
    let total = estimate + within;
    Ok(LayoutShare {
        between: estimate.sqrt(),
        between_at_most: at_most.sqrt(),
        within: within.sqrt(),
        share: if total > 0.0 && total.is_finite() { estimate / total } else { 0.0 },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_is_the_layouts_part_of_the_variance() {
        let share = layout_share(&[0.0, 0.2, 0.9, 1.3, 2.0, 2.4, 2.1], &[0, 0, 1, 1, 2, 2, 2]).unwrap();
        let variance = share.between.powi(2) + share.within.powi(2);
        assert!(share.share > 0.0 && (share.share - share.between.powi(2) / variance).abs() < 1e-12);
        assert!((share.total() - variance.sqrt()).abs() < 1e-12);
    }

    #[test]
    fn differences_without_any_spread_owe_nothing_to_layouts() {
        let share = layout_share(&[0.5; 4], &[0, 0, 1, 1]).unwrap();
        assert_eq!([share.between, share.within, share.share].map(f64::to_bits), [0; 3]);
    }

    #[test]
    fn one_layout_or_one_pair_of_each_says_nothing_of_either_part() {
        assert_eq!(layout_share(&[0.1, 0.2], &[0]), Err(StatsError::TooFew { needed: 2, given: 1 }));
        assert_eq!(layout_share(&[0.1, f64::NAN], &[0, 1]), Err(StatsError::NotFinite { index: 1 }));
        assert_eq!(layout_share(&[0.1, 0.2], &[7, 7]), Err(StatsError::TooFew { needed: 2, given: 1 }));
        assert_eq!(layout_share(&[0.1, 0.2, 0.3], &[0, 1, 2]), Err(StatsError::TooFew { needed: 4, given: 3 }));
        assert!(layout_share(&[0.1, 0.2, 0.3], &[0, 1, 1]).is_ok());
    }
}
