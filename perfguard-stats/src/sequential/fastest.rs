//! How many processes of each side make one pair: one, or the fastest of several where the machine has two speeds.
//!
//! On a shared machine a process may run at another speed than the next for all of its short life: its core's other thread
//! or the neighbour's load slows code by a third, or does not. Differences of single pairs then lie a third apart in either
//! direction, and hundreds of pairs would be needed. The fastest of three processes of each side is slow only where all
//! three were: a few such pairs say what hundreds of single ones do not.
//!
//! The choice is made once, before the first look, and is blind to which side is the slower one: swapping the sides of any
//! pair changes its sign and nothing else, so that the error rates of the test hold as they are (on sample sizes
//! re-estimated blindly: Friede and Kieser, *Sample size recalculation in internal pilot study designs*, Biometrical Journal
//! 48, 2006).

use super::boundary::FIRST_LOOK;

/// Pairs by which the choice is made: those before the first look.
pub const LOOKED_AT: usize = FIRST_LOOK - 1;
/// The fastest of so many, where the machine has two speeds.
pub const SEVERAL: usize = 3;
/// A value this far above the smallest of its side (12 %, as a logarithm) was taken at another speed.
const SLOWER: f64 = 0.113;
/// One such value may be any slow start.
const FEWEST_SLOW: usize = 2;

/// Processes of each side that shall make one pair, by the values (times, or anything that a disturbance makes larger) of
/// the first pairs.
///
/// ```
/// # use perfguard_stats::sequential::processes_in_a_pair;
/// assert_eq!(processes_in_a_pair(&[100.0, 101.0, 99.0, 100.5], &[107.0, 106.0, 108.0, 150.0]), 1);
/// assert_eq!(processes_in_a_pair(&[100.0, 141.0, 99.0, 140.0], &[100.0, 101.0, 142.0, 99.0]), 3);
/// ```
pub fn processes_in_a_pair(base: &[f64], head: &[f64]) -> usize {
    let slow = |side: &[f64]| {
        let smallest = side.iter().copied().fold(f64::INFINITY, f64::min);
        side.iter().filter(|value| **value > smallest * SLOWER.exp()).count()
    };
    if slow(base) + slow(head) >= FEWEST_SLOW { SEVERAL } else { 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_make_a_pair_where_two_of_the_first_were_far_slower_on_whichever_side() {
        let usual = [100.0; LOOKED_AT];
        let slow = |count: usize, by: f64| {
            let mut side = usual;
            side[..count].fill(100.0 * by);
            side
        };
        assert_eq!(processes_in_a_pair(&usual, &usual), 1);
        assert_eq!(processes_in_a_pair(&slow(1, 1.3), &usual), 1, "one may be any slow start");
        for (base, head) in [(2, 0), (0, 2), (1, 1)] {
            assert_eq!(processes_in_a_pair(&slow(base, 1.3), &slow(head, 1.3)), SEVERAL, "{base} and {head}");
        }
        assert_eq!(processes_in_a_pair(&slow(3, 1.02), &slow(3, 1.1)), 1, "that is noise");
        assert_eq!(processes_in_a_pair(&slow(3, SLOWER.exp()), &usual), 1, "at the limit is not beyond it");
    }

    #[test]
    fn the_choice_is_made_before_anything_is_decided() {
        assert_eq!(LOOKED_AT + 1, FIRST_LOOK);
    }
}
