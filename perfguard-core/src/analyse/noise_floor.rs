//! How noisy processes are that all do the same.

use perfguard_stats::power::smallest_change;
use perfguard_stats::quantile::median;
use perfguard_stats::sequential::{Limits, pair_deviation};
use perfguard_stats::summary::scaled_mad;

use crate::model::NoiseFloor;

/// Pairs of `--quick`, and the most of a usual comparison.
const QUICK: usize = 24;
const USUAL: usize = 40;

/// The noise floor, from the samples (nanoseconds each) of processes in the order in which they ran: the first and the
/// second are a pair, and so on. `None` where fewer than eight pairs have samples.
pub fn noise_floor(processes: &[Vec<f64>]) -> Option<NoiseFloor> {
    let fastest: Vec<f64> =
        processes.iter().map(|samples| samples.iter().copied().fold(f64::INFINITY, f64::min)).collect();
    let differences: Vec<f64> = fastest.chunks_exact(2).map(|pair| (pair[1] / pair[0]).ln()).collect();
    let pair_spread = pair_deviation(&differences).ok()?;
    let relative =
        |values: &[f64]| Some(scaled_mad(values).ok()? / median(values).ok().filter(|middle| *middle > 0.0)?);
    let within: Vec<f64> = processes.iter().filter_map(|samples| relative(samples)).collect();
    let smallest = |pairs| smallest_change(Limits::default(), pair_spread, pairs).map(f64::exp_m1).ok();
    Some(NoiseFloor {
        pairs: differences.len(),
        pair_spread,
        between_processes: relative(&fastest)?,
        within_process: median(&within).ok()?,
        smallest_in_24: smallest(QUICK)?,
        smallest_in_40: smallest(USUAL)?,
        sample_ns: median(&fastest).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Processes of three samples each, the fastest of which is given.
    fn processes(fastest: impl Iterator<Item = f64>) -> Vec<Vec<f64>> {
        fastest.map(|value| vec![value * 1.02, value, value * 1.01]).collect()
    }

    #[test]
    fn processes_that_are_all_alike_show_changes_just_beyond_the_margin() {
        let floor = noise_floor(&processes(std::iter::repeat_n(100.0, 80))).unwrap();
        assert_eq!((floor.pairs, floor.pair_spread, floor.between_processes), (40, 0.0, 0.0));
        assert!((floor.smallest_in_40 - 0.01).abs() < 1e-9, "{floor:?}");
        assert!((0.01..0.02).contains(&floor.within_process));
    }

    #[test]
    fn more_pairs_show_smaller_changes_and_one_wild_process_changes_little() {
        let wave = |index: u32| 100.0 + f64::from(index * 7 % 10) / 5.0;
        let calm = noise_floor(&processes((0..80).map(wave))).unwrap();
        assert!(calm.smallest_in_40 < calm.smallest_in_24, "{calm:?}");
        let wild = noise_floor(&processes((0..80).map(|index| if index == 3 { 900.0 } else { wave(index) }))).unwrap();
        assert!(wild.pair_spread < 1.2 * calm.pair_spread, "{wild:?} {calm:?}");
    }

    #[test]
    fn too_few_or_empty_processes_say_nothing() {
        assert!(noise_floor(&processes(std::iter::repeat_n(100.0, 15))).is_none());
        assert!(noise_floor(&vec![Vec::new(); 80]).is_none());
    }
}
