//! Whether memory grows without end, rather than once, for a while, or up and down.

use crate::dependence::{autocorrelation, inflation};
use crate::quantile::median;
use crate::sample::{StatsError, at_least, balanced, check_amount, real, restored};

use super::pairs::{middle_slope, residuals, score};

/// With fewer values the floor is too short to show any trend: 8 groups of 8, of which the last 6 are judged.
const FEWEST: usize = 64;

/// What the trend of the values must exceed, in standard deviations, correlation considered.
const TREND: f64 = 3.3;

/// What the trend of the floor must exceed.
const FLOOR_TREND: f64 = 2.6;

/// The later growth must be at least this share of the earlier one.
const LATER_GROWTH: f64 = 0.4;

/// The floor's later slope must be at least this share of its earlier one.
const LATER_SLOPE: f64 = 0.6;

/// Growth below this share of the values' size is none.
const RELEVANT: f64 = 0.01;

/// So many values make one of the floor.
const GROUP: usize = 8;

/// No correlation above this is believed.
const STRONGEST: f64 = 0.8;

/// What was looked at to tell a leak, over the last two thirds of the values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Leak {
    /// The median of the last third less that of the first, in the values' own unit.
    pub growth: f64,
    /// The Theil–Sen slope, in the values' own unit per value.
    pub slope: f64,
    /// The Mann–Kendall trend in standard deviations, shrunk for correlated neighbours.
    pub z: f64,
    /// The same of the floor, the smallest of each eight values; not shrunk.
    pub floor_z: f64,
    /// Whether it grows like a leak.
    pub suspected: bool,
}

/// Whether memory in use, sampled at equal numbers of operations after warming up, grows without end.
///
/// The values must keep growing over their last two thirds, in the middle of things and in the floor to which they fall
/// back: a beginning (a cache that fills), a step, and a collector's sawtooth are no leak. Growth counts only beyond 1
/// % and beyond `least`, in the values' own unit (65,536 for bytes, 1 for allocations).
///
/// Of 120 values: flat, page-quantised and sawtooth series, and those with one step, were never suspected; two steps in
/// 1 %, a cache that fills in 3 to 7 %, an allocator that wanders in 6 %. A leak of 0.05 % a value was found in 93 %,
/// of 0.1 % in 99 %. Confirm it in a fresh process with twice the length. A count of live allocations is better
/// evidence than resident memory.
///
/// # Errors
/// When there are fewer than 64 values, one is not finite, or `least` is negative or not finite.
///
/// ```
/// # use perfguard_stats::trend::memory_leak;
/// let leaking: Vec<f64> = (0..120).map(|n| 1e8 + 2e5 * f64::from(n) + 1e5 * f64::from(n % 7)).collect();
/// let fading = |n: i32| 2e7 * (f64::from(n) / -20.0).exp();
/// let filling: Vec<f64> = (0..120).map(|n| 1e8 - fading(n) + 1e5 * f64::from(n % 7)).collect();
/// assert!(memory_leak(&leaking, 65_536.0).unwrap().suspected);
/// assert!(!memory_leak(&filling, 65_536.0).unwrap().suspected);
/// ```
pub fn memory_leak(values: &[f64], least: f64) -> Result<Leak, StatsError> {
    let least = check_amount(least)?;
    let (values, power) = balanced(at_least(values, FEWEST)?);
    let late = last_two_thirds(&values);
    let slope = middle_slope(late);
    let correlation = autocorrelation(&residuals(late, slope), 1)?[1].clamp(0.0, STRONGEST);
    let z = score(late).1 / inflation(correlation).sqrt();
    let third = late.len() / 3;
    let (early, middle, end) =
        (median(&late[..third])?, median(&late[third..2 * third])?, median(&late[2 * third..3 * third])?);
    let (growth, size) = (end - early, median(late)?.abs());
    let lasting = early < middle && middle < end && end - middle > LATER_GROWTH * (middle - early);
    let grows = z > TREND && lasting && growth > (RELEVANT * size).max(least * power);

    let (floor_z, floor_grows) = floor(&values)?;
    Ok(Leak {
        growth: restored(growth, power),
        slope: restored(slope, power),
        z,
        floor_z,
        suspected: grows && floor_grows,
    })
}

/// The trend of the floor, and whether it is one of a leak.
fn floor(values: &[f64]) -> Result<(f64, bool), StatsError> {
    let smallest = |group: &[f64]| group.iter().copied().fold(f64::INFINITY, f64::min);
    let floor: Vec<f64> = values.chunks_exact(GROUP).map(smallest).collect();
    let late = last_two_thirds(&floor);
    let half = late.len() / 2;
    // Both halves hold the value in the middle.
    let (earlier, later) = (middle_slope(&late[..=half]), middle_slope(&late[half..]));
    let z = score(late).1;
    let grown = middle_slope(late) * real(late.len());
    let relevant = grown > RELEVANT * median(late)?.abs();
    Ok((z, z > FLOOR_TREND && relevant && earlier > 0.0 && later > LATER_SLOPE * earlier))
}

fn last_two_thirds(values: &[f64]) -> &[f64] {
    &values[values.len() / 3..]
}
