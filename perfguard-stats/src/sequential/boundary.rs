//! How far out a look must lie, so that all looks together keep their error rate.
//!
//! At the look after `n` of `N` pairs the statistic, as a standard normal deviate, must reach
//! `b_n = C (n / N)^-0.15`: Wang and Tsiatis, *Approximately optimal one-parameter boundaries for group sequential trials*,
//! Biometrics 43 (1987), with shape 0.35. `C` comes from simulated normal pairs through the very statistic that is used,
//! not from a Brownian path, which would give smaller values. The tables are part of the crate;
//! [`boundary_constants`] makes them again.

use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

use crate::StatsError;
use crate::random::Stream;
use crate::sample::real;
use crate::sequential::pairs::{Pair, Pairs};

/// Pairs before the first look.
pub const FIRST_LOOK: usize = 8;
/// Pairs from one look to the next.
pub const LOOK_EVERY: usize = 2;
/// The exponent of `N / n` in the boundary.
const RISE: f64 = 0.15;
/// The most pairs a test can be planned for.
pub const MOST_PAIRS: usize = 1_024;

/// One-sided levels of the tables' columns.
pub const TABLE_LEVELS: [f64; 9] = [1e-5, 1e-4, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05];

/// A row: the largest number of pairs, and a constant for each of [`TABLE_LEVELS`].
type Row = (usize, [f64; 9]);

/// Where the standard error comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scale {
    /// The winsorised differences alone (Yuen). Sure under bursts and outliers.
    #[default]
    Yuen,
    /// All contrasts within two consecutive pairs. Needs fewer pairs where noise is tame; blunt where it comes in bursts.
    Pooled,
}

impl Scale {
    fn table(self) -> &'static [Row] {
        match self {
            Self::Yuen => &YUEN,
            Self::Pooled => &POOLED,
        }
    }
}

/// Yuen's scale: two million paths, both tails. To 64 pairs as published with the method; above, one million by
/// [`boundary_constants`] with seed 20261121.
const YUEN: [Row; 11] = [
    (16, [4.615, 4.059, 3.643, 3.446, 3.169, 2.937, 2.689, 2.324, 2.010]),
    (20, [4.640, 4.084, 3.671, 3.471, 3.193, 2.967, 2.725, 2.364, 2.059]),
    (24, [4.633, 4.100, 3.683, 3.484, 3.207, 2.985, 2.743, 2.389, 2.089]),
    (32, [4.651, 4.099, 3.688, 3.491, 3.222, 3.000, 2.764, 2.417, 2.124]),
    (40, [4.633, 4.097, 3.685, 3.495, 3.225, 3.005, 2.773, 2.433, 2.144]),
    (48, [4.645, 4.104, 3.689, 3.496, 3.228, 3.009, 2.777, 2.441, 2.156]),
    (64, [4.671, 4.102, 3.684, 3.496, 3.226, 3.012, 2.783, 2.451, 2.172]),
    (96, [4.603, 4.046, 3.658, 3.481, 3.219, 3.005, 2.783, 2.458, 2.187]),
    (128, [4.621, 4.108, 3.677, 3.483, 3.219, 3.010, 2.786, 2.463, 2.196]),
    (192, [4.600, 4.048, 3.652, 3.474, 3.213, 3.005, 2.785, 2.469, 2.201]),
    (256, [4.632, 4.075, 3.667, 3.482, 3.219, 3.007, 2.789, 2.470, 2.206]),
];

/// The pooled scale: two million paths, both tails, by [`boundary_constants`] with seed 20261121.
const POOLED: [Row; 7] = [
    (16, [4.271, 3.704, 3.306, 3.117, 2.863, 2.650, 2.425, 2.092, 1.811]),
    (20, [4.202, 3.702, 3.314, 3.130, 2.872, 2.664, 2.441, 2.116, 1.842]),
    (24, [4.255, 3.724, 3.327, 3.149, 2.892, 2.684, 2.463, 2.145, 1.876]),
    (32, [4.113, 3.661, 3.289, 3.114, 2.867, 2.665, 2.451, 2.145, 1.885]),
    (40, [4.090, 3.658, 3.285, 3.112, 2.865, 2.670, 2.460, 2.158, 1.903]),
    (48, [4.067, 3.650, 3.279, 3.106, 2.860, 2.667, 2.459, 2.164, 1.913]),
    (64, [4.077, 3.604, 3.255, 3.090, 2.854, 2.663, 2.460, 2.168, 1.922]),
];

/// `C` for a test with so many pairs at most at a one-sided level.
///
/// Between the tables' rows it is interpolated in the logarithm of the number of pairs, between columns in the logarithm
/// of the level. Below 16 pairs the row of 16 holds, which is on the safe side; above the last row, the last. Below the
/// smallest tabled level it grows like the normal quantile.
///
/// # Errors
/// When there are fewer than eight pairs, or the level is not above 0 and at most 0.05.
///
/// ```
/// # use perfguard_stats::sequential::{Scale, boundary_constant};
/// assert_eq!(boundary_constant(Scale::Yuen, 24, 0.005).unwrap(), 2.985);
/// let between = boundary_constant(Scale::Yuen, 28, 0.005).unwrap();
/// assert!(2.985 < between && between < 3.0);
/// ```
pub fn boundary_constant(scale: Scale, last: usize, level: f64) -> Result<f64, StatsError> {
    check_last(last)?;
    if !(level > 0.0 && level <= TABLE_LEVELS[8]) {
        return Err(StatsError::NotAProbability(level));
    }
    let row = row(scale, last);
    let smallest = TABLE_LEVELS[0];
    if level < smallest {
        return Ok(row[0] + normal_deviate(level) - normal_deviate(smallest));
    }
    let logarithms = TABLE_LEVELS.map(f64::ln);
    Ok(interpolate(&logarithms, &row, level.ln()))
}

/// The smallest tabled level at which `C` is reached; above the largest it is 1, below the smallest the smallest.
pub(crate) fn level_reached(scale: Scale, last: usize, constant: f64) -> f64 {
    let row = row(scale, last);
    if constant < row[8] || constant.is_nan() {
        return 1.0;
    }
    if constant >= row[0] {
        return TABLE_LEVELS[0];
    }
    let mut constants = row;
    constants.reverse();
    let mut logarithms = TABLE_LEVELS.map(f64::ln);
    logarithms.reverse();
    interpolate(&constants, &logarithms, constant).exp().min(TABLE_LEVELS[8])
}

/// The table's row for a number of pairs.
fn row(scale: Scale, last: usize) -> [f64; 9] {
    let table = scale.table();
    let sizes: Vec<f64> = table.iter().map(|(size, _)| real(*size).ln()).collect();
    std::array::from_fn(|column| {
        let constants: Vec<f64> = table.iter().map(|(_, constants)| constants[column]).collect();
        interpolate(&sizes, &constants, real(last).ln())
    })
}

/// Linear between points with rising `x`, level beyond them.
fn interpolate(xs: &[f64], ys: &[f64], x: f64) -> f64 {
    let points = || xs.iter().copied().zip(ys.iter().copied());
    let below = points().take_while(|(known, _)| *known <= x).last();
    let above = points().find(|(known, _)| *known > x);
    match (below, above) {
        (Some((x0, y0)), Some((x1, y1))) => y0 + (y1 - y0) * (x - x0) / (x1 - x0),
        (Some((_, y)), None) | (None, Some((_, y))) => y,
        (None, None) => f64::NAN,
    }
}

/// A number of pairs that a test can be planned for: even, from 8 to [`MOST_PAIRS`].
pub(crate) fn check_last(last: usize) -> Result<usize, StatsError> {
    if last < FIRST_LOOK {
        return Err(StatsError::TooFew { needed: FIRST_LOOK, given: last });
    }
    if last > MOST_PAIRS {
        return Err(StatsError::TooMany { most: MOST_PAIRS, given: last });
    }
    if !last.is_multiple_of(LOOK_EVERY) {
        return Err(StatsError::Impossible("the number of pairs must be even"));
    }
    Ok(last)
}

/// The part of the boundary that rises towards early looks.
pub(crate) fn rise(pairs: usize, last: usize) -> f64 {
    (real(last) / real(pairs)).powf(RISE)
}

/// The standard normal deviate that is exceeded with a chance of `level`.
pub(crate) fn normal_deviate(level: f64) -> f64 {
    -Normal::standard().inverse_cdf(level)
}

/// A t value as the standard normal deviate with the same upper tail; NaN without degrees of freedom. Exact to about 1e-9
/// where the tail is at most a half.
///
/// ```
/// # use perfguard_stats::sequential::boundary::{deviate_of_t, t_of_deviate};
/// let deviate = deviate_of_t(3.0, 13);
/// assert!(deviate < 3.0 && (t_of_deviate(deviate, 13) - 3.0).abs() < 1e-8);
/// ```
pub fn deviate_of_t(t: f64, degrees_of_freedom: usize) -> f64 {
    StudentsT::new(0.0, 1.0, real(degrees_of_freedom)).map_or(f64::NAN, |student| normal_deviate(student.sf(t)))
}

/// The t value with the upper tail of a standard normal deviate; NaN without degrees of freedom.
///
/// ```
/// # use perfguard_stats::sequential::boundary::t_of_deviate;
/// assert!((t_of_deviate(1.959_964, 10) - 2.228).abs() < 0.001);
/// assert!(t_of_deviate(1.0, 0).is_nan());
/// ```
pub fn t_of_deviate(deviate: f64, degrees_of_freedom: usize) -> f64 {
    student_quantile(Normal::standard().sf(deviate), degrees_of_freedom)
}

/// The t value that is exceeded with a chance of `tail`.
///
/// The library's quantile serves where it was checked; in the far tail, where its iteration may not end, halving does.
pub(crate) fn student_quantile(tail: f64, degrees_of_freedom: usize) -> f64 {
    let Ok(student) = StudentsT::new(0.0, 1.0, real(degrees_of_freedom)) else { return f64::NAN };
    if (1e-12..=1.0 - 1e-12).contains(&tail) {
        return -student.inverse_cdf(tail);
    }
    let (mut low, mut high) = if tail < 0.5 { (0.0, 1e150) } else { (-1e150, 0.0) };
    for _ in 0..600 {
        let between = low / 2.0 + high / 2.0;
        if student.sf(between) > tail {
            low = between;
        } else {
            high = between;
        }
    }
    high
}

/// `C` at one-sided levels by simulation: of so many paths of normal pairs without a change, both tails, what part goes
/// beyond `C (n / N)^-0.15` at any look.
///
/// The error is about `sqrt(level / (2 paths))` of the level. Four million paths to 64 pairs take about a minute and a half.
///
/// # Errors
/// When the number of pairs cannot be planned for, a level is not between 0 and 1, or the paths are too few for one.
///
/// ```
/// # use perfguard_stats::sequential::{Scale, boundary_constants};
/// let constants = boundary_constants(Scale::Yuen, 8, &[0.05], 2_000, 1).unwrap();
/// // One look only: nearly the normal quantile.
/// assert!((constants[0] - 1.645).abs() < 0.1);
/// ```
pub fn boundary_constants(
    scale: Scale,
    last: usize,
    levels: &[f64],
    paths: usize,
    seed: u64,
) -> Result<Vec<f64>, StatsError> {
    check_last(last)?;
    for level in levels {
        crate::sample::check_level(*level)?;
        if level * 2.0 * real(paths) < 1.0 {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive; a count")]
            let needed = (0.5 / level).ceil() as usize;
            return Err(StatsError::TooFew { needed, given: paths });
        }
    }
    let mut stream = Stream::new(seed);
    let mut pairs = Pairs::with_capacity(last);
    let mut furthest = Vec::with_capacity(2 * paths);
    for _ in 0..paths {
        let (up, down) = furthest_of_path(scale, last, &mut pairs, &mut stream);
        furthest.push(up);
        furthest.push(down);
    }
    furthest.sort_unstable_by(|one, other| other.total_cmp(one));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index: a part of a count")]
    let place = |level: &f64| (level * real(furthest.len())) as usize;
    Ok(levels.iter().filter_map(|level| furthest.get(place(level)).copied()).collect())
}

/// How far one path without a change goes to either side, in units of the boundary.
fn furthest_of_path(scale: Scale, last: usize, pairs: &mut Pairs, stream: &mut Stream) -> (f64, f64) {
    pairs.clear();
    let (mut up, mut down) = (0.0_f64, 0.0_f64);
    for taken in 1..=last {
        let (base, head) = match scale {
            Scale::Yuen => (0.0, stream.normal()),
            Scale::Pooled => (stream.normal(), stream.normal()),
        };
        if let Ok(pair) = Pair::from_logarithms(base, head) {
            pairs.push(pair);
        }
        if taken < FIRST_LOOK || !taken.is_multiple_of(LOOK_EVERY) {
            continue;
        }
        let location = pairs.location(scale, 0.0);
        let rise = rise(taken, last);
        let t = location.estimate / location.standard_error;
        let best = if t > 0.0 { &mut up } else { &mut down };
        // A normal deviate is nearer to 0 than its t value: most looks need no transformation.
        if t.abs() > *best * rise {
            *best = best.max(deviate_of_t(t.abs(), location.degrees_of_freedom) / rise);
        }
    }
    (up, down)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quantile_is_where_the_tail_is_however_far_out() {
        for freedom in [2, 5, 23] {
            let student = StudentsT::new(0.0, 1.0, real(freedom)).unwrap();
            for tail in [0.3, 1e-11, 1e-13, 1e-40, 1e-200] {
                let quantile = student_quantile(tail, freedom);
                assert!((student.sf(quantile) / tail - 1.0).abs() < 1e-6, "{tail} with {freedom}: {quantile}");
            }
            // So near to 1, the library's tail tells what is missing in steps of a tenth of it.
            let missing = 1.0 - (1.0 - 1e-15);
            let (far, near) = (student_quantile(missing, freedom), student_quantile(1.0 - missing, freedom));
            assert!((near / far + 1.0).abs() < 0.2, "{near} rather than {}", -far);
            assert!(student_quantile(1.0, freedom).is_finite());
        }
        assert!(student_quantile(0.1, 0).is_nan());
    }

    #[test]
    fn a_test_is_planned_for_even_numbers_from_eight_to_1_024() {
        for last in [8, 10, 1_024] {
            assert_eq!(check_last(last), Ok(last));
        }
        assert_eq!(check_last(6), Err(StatsError::TooFew { needed: 8, given: 6 }));
        assert_eq!(check_last(1_026), Err(StatsError::TooMany { most: 1_024, given: 1_026 }));
        assert!(check_last(9).is_err());
    }

    #[test]
    fn half_a_path_beyond_the_constant_is_the_least_that_is_simulated() {
        let constants = |paths| boundary_constants(Scale::Yuen, 8, &[0.05], paths, 1);
        assert_eq!(constants(9), Err(StatsError::TooFew { needed: 10, given: 9 }));
        assert_eq!(constants(10).unwrap().len(), 1);
    }

    #[test]
    fn no_constant_is_reached_by_what_is_no_number() {
        assert!((level_reached(Scale::Yuen, 24, f64::NAN) - 1.0).abs() < 1e-15);
    }

    #[test]
    fn a_path_goes_as_far_to_either_side_as_its_furthest_look() {
        for (scale, seed) in [(Scale::Yuen, 1), (Scale::Yuen, 2), (Scale::Yuen, 3), (Scale::Pooled, 4)] {
            let (mut stream, mut again) = (Stream::new(seed), Stream::new(seed));
            let mut used = Pairs::with_capacity(24);
            for _ in 0..20 {
                let found = furthest_of_path(scale, 24, &mut used, &mut stream);
                let mut pairs = Pairs::with_capacity(24);
                let mut expected = [0.0_f64; 2];
                for taken in 1_usize..=24 {
                    let base = if scale == Scale::Pooled { again.normal() } else { 0.0 };
                    pairs.push(Pair::from_logarithms(base, again.normal()).unwrap());
                    if [8, 10, 12, 14, 16, 18, 20, 22, 24].contains(&taken) {
                        let at = pairs.location(scale, 0.0);
                        let t = at.estimate / at.standard_error;
                        let deviate = deviate_of_t(t.abs(), at.degrees_of_freedom) / (24.0 / real(taken)).powf(0.15);
                        let side = usize::from(t < 0.0);
                        expected[side] = expected[side].max(deviate);
                    }
                }
                assert!((found.0 - expected[0]).abs() < 1e-12 && (found.1 - expected[1]).abs() < 1e-12);
            }
        }
    }
}
