//! What a test can find, what it would need, and what a clean record proves.

use statrs::distribution::{Beta, ContinuousCDF, Normal};
use statrs::function::beta::checked_beta_reg;
use statrs::function::gamma::ln_gamma;

use crate::StatsError;
use crate::interval::Interval;
use crate::sample::{check_level, real};
use crate::sequential::boundary::{MOST_PAIRS, student_quantile};
use crate::sequential::limits::Limits;

/// How many standard errors beyond the margin a change must lie to be found in about 98 of 100 cases.
pub(crate) const REACH: f64 = 5.1;
/// Pairs that the sequential test loses to its boundaries and to its degrees of freedom.
pub(crate) const LOST_PAIRS: f64 = 5.0;
/// The variance of the 20 %-trimmed mean of normal values, over that of their mean.
const TRIMMED_VARIANCE: f64 = 1.142;
/// Beyond this noncentrality the series has thousands of terms.
const LARGEST_SERIES: f64 = 40.0;
/// Halvings that bring an interval to about the last bit.
const HALVINGS: usize = 80;

/// The smallest change that the sequential test could have found with so many pairs, in logarithms: the margin and
/// `5.1 s / sqrt(N - 5)`, where `s` is the standard deviation of a pair's difference.
///
/// # Errors
/// When there are fewer than eight pairs, or the deviation is negative or not finite.
///
/// ```
/// # use perfguard_stats::power::smallest_change;
/// # use perfguard_stats::sequential::Limits;
/// let change = smallest_change(Limits::default(), 0.02, 24).unwrap();
/// assert!((change.exp_m1() - 0.034).abs() < 0.001);
/// ```
pub fn smallest_change(limits: Limits, deviation: f64, pairs: usize) -> Result<f64, StatsError> {
    if pairs < 8 {
        return Err(StatsError::TooFew { needed: 8, given: pairs });
    }
    Ok(limits.margin() + REACH * check_deviation(deviation)? / (real(pairs) - LOST_PAIRS).sqrt())
}

/// Pairs that the sequential test needs to find a change of the given logarithm: `(5.1 s / (change - margin))² + 5`. Not
/// rounded.
///
/// # Errors
/// When the deviation is negative or not finite, or the change is not beyond the margin.
///
/// ```
/// # use perfguard_stats::power::pairs_needed;
/// # use perfguard_stats::sequential::Limits;
/// assert!((pairs_needed(Limits::default(), 0.02, 1.05_f64.ln()).unwrap() - 11.9).abs() < 0.1);
/// ```
pub fn pairs_needed(limits: Limits, deviation: f64, change: f64) -> Result<f64, StatsError> {
    let deviation = check_deviation(deviation)?;
    if !(change > limits.margin() && change.is_finite()) {
        return Err(StatsError::Impossible("the change to find must lie beyond the margin"));
    }
    Ok((REACH * deviation / (change - limits.margin())).powi(2) + LOST_PAIRS)
}

/// Further pairs that an undecided comparison needs, for the larger of its threshold and 5 %.
///
/// # Errors
/// When the deviation is negative or not finite.
///
/// ```
/// # use perfguard_stats::power::pairs_still_needed;
/// # use perfguard_stats::sequential::Limits;
/// assert_eq!(pairs_still_needed(Limits::default(), 0.06, 40).unwrap(), 28);
/// ```
pub fn pairs_still_needed(limits: Limits, deviation: f64, taken: usize) -> Result<usize, StatsError> {
    let change = limits.threshold().max(crate::sequential::plan::USUAL_CHANGE.ln_1p());
    let needed = pairs_needed(limits, deviation, change)?.ceil();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive; too large saturates")]
    Ok((needed as usize).saturating_sub(taken))
}

/// The chance that one look of the trimmed t after so many pairs shows a shift: `shift` beyond the margin and `deviation`
/// of one pair's difference in the same unit, `level` one-sided.
///
/// For normal differences, through the noncentral t distribution. A sequential test with all its looks finds at least what
/// its last look finds at its own boundary.
///
/// # Errors
/// When there are fewer than five pairs or more than 1,024, the deviation is not positive and finite, the shift is not
/// finite, or the level is not between 0 and 1.
///
/// ```
/// # use perfguard_stats::power::trimmed_power;
/// let power = trimmed_power(24, 0.02, 0.04, 0.005).unwrap();
/// assert!(power > 0.999);
/// ```
pub fn trimmed_power(pairs: usize, deviation: f64, shift: f64, level: f64) -> Result<f64, StatsError> {
    let level = check_level(level)?;
    if pairs < 5 {
        return Err(StatsError::TooFew { needed: 5, given: pairs });
    }
    if pairs > MOST_PAIRS {
        return Err(StatsError::TooMany { most: MOST_PAIRS, given: pairs });
    }
    if check_deviation(deviation)? <= 0.0 {
        return Err(StatsError::NotPositive { index: 0 });
    }
    if !shift.is_finite() {
        return Err(StatsError::NotFinite { index: 0 });
    }
    let freedom = pairs - 2 * (pairs / 5) - 1;
    let critical = student_quantile(level, freedom);
    let noncentrality = shift / (deviation * (TRIMMED_VARIANCE / real(pairs)).sqrt());
    noncentral_t_tail(critical, real(freedom), noncentrality.clamp(-f64::MAX, f64::MAX))
}

/// The smallest shift beyond the margin that one look finds with the given chance, in the deviation's unit.
///
/// # Errors
/// As [`trimmed_power`]; also when the power is not between the level and 1.
///
/// ```
/// # use perfguard_stats::power::{minimum_detectable, trimmed_power};
/// let shift = minimum_detectable(24, 0.02, 0.005, 0.95).unwrap();
/// assert!((trimmed_power(24, 0.02, shift, 0.005).unwrap() - 0.95).abs() < 1e-9);
/// ```
pub fn minimum_detectable(pairs: usize, deviation: f64, level: f64, power: f64) -> Result<f64, StatsError> {
    check_level(power)?;
    if power <= check_level(level)? {
        return Err(StatsError::NotAProbability(power));
    }
    trimmed_power(pairs, deviation, 0.0, level)?;
    let (mut low, mut high) = (0.0, deviation);
    while trimmed_power(pairs, deviation, high, level)? < power {
        high *= 2.0;
    }
    for _ in 0..HALVINGS {
        let between = low / 2.0 + high / 2.0;
        if trimmed_power(pairs, deviation, between, level)? < power {
            low = between;
        } else {
            high = between;
        }
    }
    Ok(high)
}

/// `P(T > t)` of the noncentral t distribution: the series of Lenth, *Algorithm AS 243*, Applied Statistics 38 (1989),
/// summed outwards from its largest term so that a large noncentrality loses nothing. To 1e-10 up to a noncentrality of 40;
/// beyond, to about two digits by a normal approximation.
///
/// # Errors
/// When the degrees of freedom are not positive, or a number is not finite.
///
/// ```
/// # use perfguard_stats::power::noncentral_t_tail;
/// assert!((noncentral_t_tail(2.0, 10.0, 3.0).unwrap() - 0.831_514_161).abs() < 1e-9);
/// ```
pub fn noncentral_t_tail(t: f64, degrees_of_freedom: f64, noncentrality: f64) -> Result<f64, StatsError> {
    if let Some(index) = [t, degrees_of_freedom, noncentrality].iter().position(|value| !value.is_finite()) {
        return Err(StatsError::NotFinite { index });
    }
    if degrees_of_freedom <= 0.0 {
        return Err(StatsError::NotPositive { index: 1 });
    }
    if t < 0.0 {
        return Ok(1.0 - noncentral_t_tail(-t, degrees_of_freedom, -noncentrality)?);
    }
    if noncentrality.abs() > LARGEST_SERIES {
        // Johnson and Kotz, Continuous Univariate Distributions 2 (1970), chapter 31: within a hundredth from twenty degrees of
        // freedom on, and power is nearly 0 or 1 out here.
        let deviate = (t * (1.0 - 0.25 / degrees_of_freedom) - noncentrality)
            / (t / degrees_of_freedom * t / 2.0).sqrt().hypot(1.0);
        return Ok(Normal::standard().sf(deviate));
    }
    // P(0 < T < t) = Σ over j of half a Poisson weight times a regularised beta function.
    let x = t * t / (degrees_of_freedom + t * t);
    let half_square = noncentrality * noncentrality / 2.0;
    let mut inside = 0.0;
    let mut add = |j: f64| {
        let even = (-half_square + j * half_square.ln() - ln_gamma(j + 1.0)).exp();
        let odd = (-half_square + (j + 0.5) * half_square.ln() - ln_gamma(j + 1.5)).exp() * noncentrality.signum();
        let (even, odd) = if half_square > 0.0 { (even, odd) } else { (f64::from(u8::from(j < 0.5)), 0.0) };
        let tail = |a: f64| checked_beta_reg(a, degrees_of_freedom / 2.0, x).unwrap_or(0.0);
        inside += 0.5 * (even * tail(j + 0.5) + odd * tail(j + 1.0));
        even.max(odd.abs())
    };
    let start = half_square.floor();
    let mut j = start;
    while j >= 0.0 && add(j) > 1e-18 {
        j -= 1.0;
    }
    j = start + 1.0;
    while add(j) > 1e-18 {
        j += 1.0;
    }
    // P(T > 0) = Φ(noncentrality).
    Ok((Normal::standard().sf(-noncentrality) - inside).clamp(0.0, 1.0))
}

/// The exact interval of a chance from so many events in so many trials: Clopper and Pearson, *The use of confidence or
/// fiducial limits illustrated in the case of the binomial*, Biometrika 26 (1934).
///
/// # Errors
/// When there is no trial, there are more events than trials, or the level is not between 0 and 1.
///
/// ```
/// # use perfguard_stats::power::rate_interval;
/// let interval = rate_interval(0, 598, 0.9).unwrap();
/// assert!(interval.low == 0.0 && interval.high <= 0.005);
/// ```
pub fn rate_interval(events: u64, trials: u64, level: f64) -> Result<Interval, StatsError> {
    let tail = (1.0 - check_level(level)?) / 2.0;
    let low = if events == 0 { 0.0 } else { rate_quantile(events, trials, tail, false)? };
    Ok(Interval { low, high: highest_rate(events, trials, 1.0 - tail)? })
}

/// The highest chance that so many events in so many trials leave possible, at a one-sided level.
///
/// # Errors
/// As [`rate_interval`].
///
/// ```
/// # use perfguard_stats::power::highest_rate;
/// assert!(highest_rate(0, 598, 0.95).unwrap() <= 0.005);
/// assert!(highest_rate(0, 597, 0.95).unwrap() > 0.005);
/// ```
pub fn highest_rate(events: u64, trials: u64, level: f64) -> Result<f64, StatsError> {
    let tail = 1.0 - check_level(level)?;
    if events >= trials {
        return if events == trials && trials > 0 { Ok(1.0) } else { Err(too_few_trials(events, trials)) };
    }
    if events == 0 {
        // 1 - (1 - rate)^trials = level.
        return Ok(-(tail.ln() / wide(trials)).exp_m1());
    }
    rate_quantile(events, trials, tail, true)
}

/// Comparisons of the same code against itself that prove a rate of false alarms of at most `rate`, at a one-sided level,
/// if `alarms` of them are false: 598 for 0.5 % at 95 % with none, 947 with one, 1,258 with two.
///
/// # Errors
/// When the rate or the level is not between 0 and 1, or it would take more than 2^40.
///
/// ```
/// # use perfguard_stats::power::comparisons_to_certify;
/// let needed = |alarms| comparisons_to_certify(0.005, alarms, 0.95).unwrap();
/// assert_eq!([needed(0), needed(1), needed(2)], [598, 947, 1_258]);
/// ```
pub fn comparisons_to_certify(rate: f64, alarms: u64, level: f64) -> Result<u64, StatsError> {
    check_level(rate)?;
    check_level(level)?;
    let enough = |trials: u64| Ok::<bool, StatsError>(highest_rate(alarms, trials, level)? <= rate);
    let most = 1_u64 << 40;
    let (mut low, mut high) = (alarms, alarms.saturating_add(1));
    while !enough(high)? {
        low = high;
        high = high.saturating_mul(2);
        if high > most {
            return Err(StatsError::Impossible("no sensible number of comparisons certifies this rate"));
        }
    }
    while high - low > 1 {
        let between = low + (high - low) / 2;
        if enough(between)? {
            high = between;
        } else {
            low = between;
        }
    }
    Ok(high)
}

/// The Beta quantile behind either end of the exact interval: the rate at which so many events or fewer (more, for the lower
/// end) have a chance of `tail`.
fn rate_quantile(events: u64, trials: u64, tail: f64, upper: bool) -> Result<f64, StatsError> {
    if events > trials || trials == 0 {
        return Err(too_few_trials(events, trials));
    }
    let rest = trials - events;
    let (a, b) = if upper { (wide(events) + 1.0, wide(rest)) } else { (wide(events), wide(rest) + 1.0) };
    let beta = Beta::new(a, b).map_err(|_| too_few_trials(events, trials))?;
    let excess = |rate: f64| if upper { tail - beta.sf(rate) } else { beta.cdf(rate) - tail };
    // Halving always ends, which the library's own quantile does not.
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..HALVINGS {
        let between = low / 2.0 + high / 2.0;
        if excess(between) < 0.0 {
            low = between;
        } else {
            high = between;
        }
    }
    Ok(low / 2.0 + high / 2.0)
}

fn too_few_trials(events: u64, trials: u64) -> StatsError {
    let count = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
    StatsError::TooFew { needed: count(events.max(1)), given: count(trials) }
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
fn wide(count: u64) -> f64 {
    count as f64
}

/// A standard deviation: finite and not negative.
fn check_deviation(deviation: f64) -> Result<f64, StatsError> {
    if deviation >= 0.0 && deviation.is_finite() {
        Ok(deviation)
    } else {
        Err(StatsError::Impossible("a standard deviation must be a number from 0 up"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_still_needed_are_those_beyond_the_ones_that_were_taken() {
        let needed = |taken| pairs_still_needed(Limits::default(), 0.06, taken).unwrap();
        assert_eq!((needed(40), needed(67), needed(68), needed(100)), (28, 1, 0, 0));
    }

    #[test]
    fn eight_pairs_are_the_fewest_that_find_anything() {
        let limits = Limits::default();
        let change = smallest_change(limits, 0.02, 8).unwrap();
        assert!((change - limits.margin() - 5.1 * 0.02 / 3.0_f64.sqrt()).abs() < 1e-15);
        assert_eq!(smallest_change(limits, 0.02, 7), Err(StatsError::TooFew { needed: 8, given: 7 }));
    }

    #[test]
    fn a_change_within_the_margin_or_without_an_end_asks_for_no_number_of_pairs() {
        let limits = Limits::default();
        for change in [limits.margin(), 0.0, f64::INFINITY, f64::NAN] {
            assert!(pairs_needed(limits, 0.02, change).is_err(), "{change}");
        }
        assert!(pairs_needed(limits, 0.02, limits.margin() + 1e-3).is_ok());
    }

    #[test]
    fn power_is_known_from_five_pairs_to_as_many_as_a_test_may_plan() {
        let power = |pairs| trimmed_power(pairs, 0.02, 0.01, 0.005);
        assert!(power(5).is_ok() && power(MOST_PAIRS).is_ok());
        assert_eq!(power(4), Err(StatsError::TooFew { needed: 5, given: 4 }));
        assert_eq!(power(MOST_PAIRS + 1), Err(StatsError::TooMany { most: MOST_PAIRS, given: MOST_PAIRS + 1 }));
    }

    #[test]
    fn a_shift_far_beyond_the_noise_is_found_and_one_far_below_is_not() {
        for (shift, expected) in [(1e300, 1.0), (-1e300, 0.0)] {
            let power = trimmed_power(24, 1e-300, shift, 0.005).unwrap();
            assert!((power - expected).abs() < 1e-9, "{shift}: {power}");
        }
    }

    #[test]
    fn the_smallest_shift_has_the_power_asked_for_even_at_an_extreme_level() {
        for (pairs, level, asked) in
            [(24, 0.005, 0.95), (24, 0.3, 0.31), (40, 0.05, 0.5), (5, 1e-9, 0.95), (8, 0.01, 1.0 - 1e-9)]
        {
            let shift = minimum_detectable(pairs, 0.02, level, asked).unwrap();
            let power = trimmed_power(pairs, 0.02, shift, level).unwrap();
            assert!((power - asked).abs() < 1e-6, "{pairs} pairs at {level}: {power} rather than {asked}");
        }
    }

    #[test]
    fn more_alarms_ask_for_more_comparisons_up_to_a_sensible_number() {
        let needed = |rate, alarms| comparisons_to_certify(rate, alarms, 0.95);
        assert_eq!([0, 1, 2].map(|alarms| needed(0.005, alarms).unwrap()), [598, 947, 1_258]);
        // 1 - (1 - rate)^n = 0.95, between 2^39 and 2^40.
        let many = needed(3.5e-12, 0).unwrap();
        assert!((549_755_813_888..1_099_511_627_776).contains(&many), "{many}");
        assert!(needed(1e-13, 0).is_err());
        assert_eq!(needed(0.999, 0).unwrap(), 1);
    }

    #[test]
    fn a_rate_needs_a_trial_and_no_more_events_than_trials() {
        for (events, trials, needed) in [(0, 0, 1), (5, 3, 5), (1, 0, 1)] {
            let given = usize::try_from(trials).unwrap();
            let refused = StatsError::TooFew { needed, given };
            assert_eq!(highest_rate(events, trials, 0.95), Err(refused), "{events} of {trials}");
            assert_eq!(rate_interval(events, trials, 0.9), Err(refused), "{events} of {trials}");
        }
        assert_eq!(highest_rate(3, 3, 0.95), Ok(1.0));
    }
}
