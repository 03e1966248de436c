//! Whether memory grows without end, from a series over operations: never from one end against the other.

use crate::statistics::{Slope, median, slope};

/// Looks at memory in one check.
pub(crate) const LOOKS: usize = 180;

/// Kendall's score beyond which values go up, standard deviations.
const TREND: f64 = 3.3;
/// The same of the floor, which has an eighth of the values.
const FLOOR_TREND: f64 = 2.6;
/// What is grown later must be at least this share of what was grown before.
const LASTING: f64 = 0.4;
/// The later slope of the floor must be at least this share of the earlier one.
const LASTING_FLOOR: f64 = 0.6;
/// So many values make one of the floor.
const GROUP: usize = 8;

/// What a series shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Growth {
    /// The slope after warm-up, bytes a look.
    pub(crate) slope: Slope,
    /// Whether it grows without end.
    pub(crate) is_leak: bool,
}

/// Looks at a series of bytes at equal numbers of operations. Its first third is warm-up. The rest must go up all the
/// way, by `least` bytes at least, in the middle of things and in the floor to which they fall back: a cache that fills, a
/// step and a sawtooth do not.
pub(crate) fn growth(bytes: &[f64], least: f64) -> Option<Growth> {
    let late = &bytes[bytes.len() / 3..];
    let found = slope(late)?;
    let third = late.len() / 3;
    let middles = [0, 1, 2].map(|part| median(&late[part * third..(part + 1) * third]));
    let (earlier, later) = (middles[1] - middles[0], middles[2] - middles[1]);
    let grows = found.score > TREND
        && found.low > 0.0
        && earlier > 0.0
        && later > LASTING * earlier
        && middles[2] - middles[0] >= least;
    Some(Growth { slope: found, is_leak: grows && floor_grows(late) })
}

/// Whether the smallest of each few values goes up as well.
fn floor_grows(late: &[f64]) -> bool {
    let smallest = |group: &[f64]| group.iter().copied().fold(f64::INFINITY, f64::min);
    let floor: Vec<f64> = late.chunks_exact(GROUP).map(smallest).collect();
    let half = floor.len() / 2;
    let (Some(all), Some(earlier), Some(later)) = (slope(&floor), slope(&floor[..=half]), slope(&floor[half..])) else {
        return false;
    };
    all.score > FLOOR_TREND && earlier.middle > 0.0 && later.middle > LASTING_FLOOR * earlier.middle
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(value: impl Fn(f64) -> f64) -> Vec<f64> {
        (0..180).map(|look| value(f64::from(look))).collect()
    }

    fn is_leak(value: impl Fn(f64) -> f64) -> bool {
        growth(&series(value), 64.0).unwrap().is_leak
    }

    #[test]
    fn a_leak_is_one_whatever_goes_up_and_down_beside_it() {
        let small = growth(&series(|look| 16.0 * look), 64.0).unwrap();
        assert!(small.is_leak && (small.slope.middle - 16.0).abs() < 1e-9);
        assert!(small.slope.low > 15.9 && small.slope.high < 16.1);
        assert!(is_leak(|look| 1e8 + 1600.0 * look + 3e4 * (look % 7.0)), "a sawtooth beside it");
        assert!(is_leak(|look| 4096.0 * (look / 5.0).floor()), "in pages");
        assert!(is_leak(|look| 1e6 * (1.0 - (-look / 20.0).exp()) + 1600.0 * look), "a cache beside it");
    }

    #[test]
    fn what_grows_once_or_for_a_while_or_up_and_down_is_none() {
        assert!(!is_leak(|_| 5e6), "flat");
        assert!(!is_leak(|look| 1e6 * (1.0 - (-look / 20.0).exp())), "a cache that fills");
        assert!(!is_leak(|look| 16_000.0 * look.min(90.0)), "a bounded cache, full in the middle");
        assert!(!is_leak(|look| if look < 120.0 { 1e6 } else { 2e6 }), "a step");
        assert!(!is_leak(|look| 1e6 + 5e4 * (look % 9.0)), "a sawtooth");
        assert!(!is_leak(|look| -100.0 * look), "it shrinks");
        assert!(!is_leak(|look| 0.1 * look), "less than matters");
    }
}
