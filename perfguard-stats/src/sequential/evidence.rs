//! Evidence that stays valid however often it is looked at, and whose values multiply over runs.
//!
//! When people run again until they like the answer, p-values lose their meaning; e-values of the runs multiply and keep
//! theirs. The order within each pair is drawn, so without a change a difference is as likely above 0 as below: betting
//! on its sign gains nothing on average. Ville, *Étude critique de la notion de collectif* (1939); Howard and others, *Time-uniform, nonparametric, nonasymptotic confidence sequences*, Annals of Statistics 49 (2021).

use crate::StatsError;

/// How boldly the four bets are placed.
const STAKES: [f64; 4] = [0.5, 1.0, 2.0, 4.0];
/// No bet risks more than this.
const MOST_STAKED: f64 = 0.92;
/// What is enough to reject at 0.5 %.
pub const ENOUGH: f64 = 200.0;

/// The sign-flip e-process against *the change is not above the margin*: the mean of
/// `Π (1 + sᵢ min(0.92, tanh(k |dᵢ - margin| / s₀)))` over stakes `k` of 0.5, 1, 2 and 4, where `sᵢ` is the sign of
/// `dᵢ - margin`.
///
/// For an improvement feed it the differences with the sides exchanged.
///
/// ```
/// # use perfguard_stats::sequential::{SignFlip, evidence::ENOUGH};
/// let mut process = SignFlip::new(0.01, 0.02).unwrap();
/// for _ in 0..10 {
///     process.push(0.05);
/// }
/// assert!(process.value() > ENOUGH);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct SignFlip {
    margin: f64,
    deviation: f64,
    /// The logarithm of each stake's product.
    logarithms: [f64; 4],
}

impl SignFlip {
    /// Nothing seen yet. `margin` and `deviation`, the stored standard deviation of a pair's difference, are logarithms; any
    /// deviation that is fixed beforehand is valid, a wrong one only slower.
    ///
    /// # Errors
    /// When the margin is not finite or the deviation is not positive and finite.
    ///
    /// ```
    /// # use perfguard_stats::sequential::SignFlip;
    /// assert_eq!(SignFlip::new(0.01, 0.02).unwrap().value(), 1.0);
    /// assert!(SignFlip::new(0.01, 0.0).is_err());
    /// ```
    pub fn new(margin: f64, deviation: f64) -> Result<Self, StatsError> {
        if !margin.is_finite() {
            return Err(StatsError::NotFinite { index: 0 });
        }
        if !(deviation > 0.0 && deviation.is_finite()) {
            return Err(StatsError::NotPositive { index: 1 });
        }
        Ok(Self { margin, deviation, logarithms: [0.0; 4] })
    }

    /// Takes the difference of the next pair, in logarithms; one that is not finite changes nothing.
    ///
    /// ```
    /// # use perfguard_stats::sequential::SignFlip;
    /// let mut process = SignFlip::new(0.01, 0.02).unwrap();
    /// process.push(0.05);
    /// let gained = process.value();
    /// process.push(-0.05);
    /// assert!(gained > 1.0 && process.value() < gained);
    /// ```
    pub fn push(&mut self, difference: f64) {
        let beyond = difference - self.margin;
        if !beyond.is_finite() || beyond == 0.0 {
            return;
        }
        for (logarithm, stake) in self.logarithms.iter_mut().zip(STAKES) {
            let staked = (stake * beyond.abs() / self.deviation).tanh().min(MOST_STAKED);
            *logarithm += (beyond.signum() * staked).ln_1p();
        }
    }

    /// The logarithm of the e-value.
    ///
    /// ```
    /// # use perfguard_stats::sequential::SignFlip;
    /// let mut process = SignFlip::new(0.01, 0.02).unwrap();
    /// process.push(0.05);
    /// assert!((process.logarithm().exp() - process.value()).abs() < 1e-12);
    /// ```
    pub fn logarithm(&self) -> f64 {
        let largest = self.logarithms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = self.logarithms.iter().map(|logarithm| (logarithm - largest).exp()).sum();
        largest + (sum / 4.0).ln()
    }

    /// The e-value: at most 1 on average without a change above the margin. E-values of runs with data of their own
    /// multiply. Never infinite.
    ///
    /// ```
    /// # use perfguard_stats::sequential::SignFlip;
    /// let mut process = SignFlip::new(0.01, 0.02).unwrap();
    /// (0..2_000).for_each(|_| process.push(0.05));
    /// assert_eq!(process.value(), f64::MAX);
    /// ```
    pub fn value(&self) -> f64 {
        self.logarithm().exp().min(f64::MAX)
    }
}
