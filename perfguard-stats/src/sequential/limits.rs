//! The two limits of a comparison: what is too small to be called a change, and what must be excluded to say there is none.

use crate::StatsError;

/// How often the margin goes into the threshold, from [`FINE`] on.
const THIRD: f64 = 3.0;
/// How often below [`FINE`], where noise needs more room between the two.
const QUARTER: f64 = 4.0;
/// A threshold below this ratio less one is fine.
const FINE: f64 = 0.03;
/// A layout's standard deviation on one side where none was ever measured, in logarithms.
const USUAL_LAYOUT_BIAS: f64 = 0.0025;
/// How many standard deviations of the difference between two layouts the margin must cover. Two were found to be too
/// few: without a change, 4 to 13 % of suites of 50 fail, and confirming on the same executables does not help.
const LAYOUT_DEVIATIONS: f64 = 3.5;
/// The least distance of the threshold above a margin that was raised for layouts, in logarithms.
const ROOM: f64 = 0.02;

/// Margin and threshold, as logarithms of ratios; `0 < margin < threshold`.
///
/// *Regressed* means: shown to be larger than the margin. *Unchanged* means: shown to be smaller than the threshold, in
/// both directions. Between the two either answer is fair.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    margin: f64,
    threshold: f64,
}

impl Default for Limits {
    /// Threshold 3 %, margin 1 %.
    fn default() -> Self {
        Self { margin: 1.01_f64.ln(), threshold: 1.03_f64.ln() }
    }
}

impl Limits {
    /// Limits from the threshold as a ratio less one (0.03 for 3 %). The margin is a third of it, a quarter below 3 %.
    ///
    /// # Errors
    /// When the threshold is not finite or not positive.
    ///
    /// ```
    /// # use perfguard_stats::sequential::Limits;
    /// assert_eq!(Limits::from_threshold(0.03).unwrap(), Limits::default());
    /// assert_eq!(Limits::from_threshold(0.02).unwrap().margin(), 1.005_f64.ln());
    /// ```
    pub fn from_threshold(threshold: f64) -> Result<Self, StatsError> {
        let parts = if threshold < FINE { QUARTER } else { THIRD };
        Self::new(threshold / parts, threshold)
    }

    /// Limits from margin and threshold, both as ratios less one.
    ///
    /// # Errors
    /// When one is not finite or not positive, or the margin is not below the threshold.
    ///
    /// ```
    /// # use perfguard_stats::sequential::Limits;
    /// assert!(Limits::new(0.03, 0.03).is_err());
    /// ```
    pub fn new(margin: f64, threshold: f64) -> Result<Self, StatsError> {
        if !(margin > 0.0 && threshold.is_finite()) {
            return Err(StatsError::Impossible("margin and threshold must be positive"));
        }
        let limits = Self { margin: (1.0 + margin).ln(), threshold: (1.0 + threshold).ln() };
        if limits.margin > 0.0 && limits.margin < limits.threshold {
            Ok(limits)
        } else {
            Err(StatsError::Impossible("the margin must be below the threshold"))
        }
    }

    /// The margin, as a logarithm.
    ///
    /// ```
    /// # use perfguard_stats::sequential::Limits;
    /// assert_eq!(Limits::default().margin(), 1.01_f64.ln());
    /// ```
    pub fn margin(self) -> f64 {
        self.margin
    }

    /// The threshold, as a logarithm.
    ///
    /// ```
    /// # use perfguard_stats::sequential::Limits;
    /// assert_eq!(Limits::default().threshold(), 1.03_f64.ln());
    /// ```
    pub fn threshold(self) -> f64 {
        self.threshold
    }

    /// The limits where the linker cannot order code, so that each side is one executable whose layout is a bias that no
    /// number of pairs averages away.
    ///
    /// `bias` is the standard deviation of one side's layout, in logarithms, from a machine that could order code; 0.25 %
    /// where there is none. The margin becomes at least `3.5 √2` of it, and the threshold lies at least 2 % above.
    ///
    /// # Errors
    /// When the bias is negative or not finite.
    ///
    /// ```
    /// # use perfguard_stats::sequential::Limits;
    /// let usual = Limits::default();
    /// assert!(usual.without_layouts(Some(0.002)).unwrap().threshold() >= usual.threshold());
    /// let wide = usual.without_layouts(Some(0.01)).unwrap();
    /// assert!((wide.margin() - 0.0495).abs() < 1e-4 && (wide.threshold() - 0.0695).abs() < 1e-4);
    /// ```
    pub fn without_layouts(self, bias: Option<f64>) -> Result<Self, StatsError> {
        let bias = bias.unwrap_or(USUAL_LAYOUT_BIAS);
        if !(bias >= 0.0 && bias.is_finite()) {
            return Err(StatsError::Impossible("the layout's deviation must be a number from 0 up"));
        }
        let margin = self.margin.max(LAYOUT_DEVIATIONS * std::f64::consts::SQRT_2 * bias);
        Ok(Self { margin, threshold: self.threshold.max(margin + ROOM) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_positive_finite_and_apart() {
        for (margin, threshold) in [
            (0.0, 0.03),
            (-0.01, 0.03),
            (f64::NAN, 0.03),
            (0.01, f64::INFINITY),
            (0.01, f64::NAN),
            (0.03, 0.03),
            (0.04, 0.03),
            // One and so little is one.
            (1e-17, 0.03),
        ] {
            assert!(Limits::new(margin, threshold).is_err(), "{margin} and {threshold}");
        }
        assert_eq!(Limits::new(0.01, 0.03).unwrap(), Limits::default());
    }

    #[test]
    fn the_margin_is_a_third_of_the_threshold_and_a_quarter_below_three_per_cent() {
        for (threshold, margin) in [(0.03, 0.01), (0.029, 0.00725), (0.02, 0.005), (0.3, 0.1)] {
            let limits = Limits::from_threshold(threshold).unwrap();
            assert!((limits.margin().exp_m1() - margin).abs() < 1e-12, "{threshold}");
            assert!((limits.threshold().exp_m1() - threshold).abs() < 1e-12, "{threshold}");
        }
    }

    #[test]
    fn a_layouts_bias_is_a_number_from_zero_up_and_never_brings_the_limits_closer() {
        let usual = Limits::default();
        for bias in [-0.001, f64::NAN, f64::INFINITY] {
            assert!(usual.without_layouts(Some(bias)).is_err(), "{bias}");
        }
        let none = usual.without_layouts(Some(0.0)).unwrap();
        assert_eq!((none.margin(), none.threshold()), (usual.margin(), usual.margin() + 0.02));
        let wide = Limits::new(0.05, 0.1).unwrap();
        assert_eq!(wide.without_layouts(None).unwrap(), wide);
    }
}
