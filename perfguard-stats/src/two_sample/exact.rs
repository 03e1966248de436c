//! The exact distribution of a sum of ranks: the shift algorithm of Streitberg and Röhmel, *Exact distributions for
//! permutation and rank tests*, Statistical Software Newsletter 12 (1986).

use super::ranks::common_divisor;

/// How many of the subsets of one size have each sum.
///
/// Counts are whole up to 2^53; beyond they are only ever added, so their relative error stays near that of one addition.
pub(crate) struct SubsetSums {
    counts: Vec<f64>,
    all: f64,
    least: usize,
    step: usize,
}

impl SubsetSums {
    /// Of all subsets of `size` scores; scores ascend, and there are at least `size`.
    ///
    /// Takes one score after another: a subset of `k` of the first `i` scores has the `i`-th or has not. Row `k` counts
    /// the sums of `k` scores, from the least possible sum on, in steps that all sums share.
    pub(crate) fn of(scores: &[usize], size: usize) -> Self {
        let step = scores.windows(2).map(|pair| pair[1] - pair[0]).fold(0, common_divisor).max(1);
        let mut totals = vec![0];
        totals.extend(scores.iter().scan(0, |total, score| {
            *total += score;
            Some(*total)
        }));
        // How many sums `taken` of the first `seen` scores can have.
        let width = |taken: usize, seen: usize| (totals[seen] - totals[seen - taken] - totals[taken]) / step + 1;
        let mut rows: Vec<Vec<f64>> = (0..=size).map(|taken| vec![0.0; width(taken, scores.len())]).collect();
        rows[0][0] = 1.0;
        for (seen, score) in scores.iter().enumerate() {
            let still_to_come = scores.len() - seen - 1;
            let fewest = size.saturating_sub(still_to_come).max(1);
            // From many to few, so that no score is taken twice.
            for taken in (fewest..=size.min(seen + 1)).rev() {
                let (done, rest) = rows.split_at_mut(taken);
                let fewer = &done[taken - 1][..width(taken - 1, seen)];
                let counts = &mut rest[0][(score - scores[taken - 1]) / step..];
                for (count, fewer) in counts.iter_mut().zip(fewer) {
                    *count += fewer;
                }
            }
        }
        let counts = rows.swap_remove(size);
        Self { all: counts.iter().sum(), counts, least: totals[size], step }
    }

    /// The chances of a sum at most, and at least, as large as this one.
    pub(crate) fn tails(&self, sum: usize) -> (f64, f64) {
        let index = (sum.saturating_sub(self.least) / self.step).min(self.counts.len() - 1);
        let share = |counts: &[f64]| (counts.iter().sum::<f64>() / self.all).min(1.0);
        (share(&self.counts[..=index]), share(&self.counts[index..]))
    }

    /// The chances of the least, and of the greatest, sum.
    pub(crate) fn extremes(&self) -> (f64, f64) {
        (self.counts[0] / self.all, self.counts[self.counts.len() - 1] / self.all)
    }

    /// The largest number of steps above the least sum that leaves at most `chance` below and at it; `None` where the
    /// least sum has more.
    pub(crate) fn steps_within(&self, chance: f64) -> Option<usize> {
        steps_within(&self.counts, chance * self.all)
    }
}

/// The last of the weights that has, with all before it, at most so much.
///
/// A level of 0.9 leaves 0.04999…9 on each side in doubles: what is meant to be equal counts as equal.
pub(crate) fn steps_within(weights: &[f64], most: f64) -> Option<usize> {
    let mut sum = 0.0;
    let enough = weights.iter().take_while(|weight| {
        sum += **weight;
        sum <= most * (1.0 + 1e-12)
    });
    enough.count().checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_subset_is_counted_once() {
        // Of 4 ranks 2: sums 3, 4, 5 (twice), 6, 7.
        assert_eq!(SubsetSums::of(&[1, 2, 3, 4], 2).counts, [1.0, 1.0, 2.0, 1.0, 1.0]);
        let ranks: Vec<usize> = (1..=12).collect();
        let sums = SubsetSums::of(&ranks, 5);
        assert!((sums.all - 792.0).abs() < f64::EPSILON);
        assert!(sums.counts.iter().eq(sums.counts.iter().rev()), "symmetric");
    }

    #[test]
    fn ties_count_like_writing_all_subsets_down() {
        let scores = [3, 3, 6, 10, 10, 10, 15, 15];
        for size in 1..=scores.len() {
            let sums = SubsetSums::of(&scores, size);
            let mut written = std::collections::BTreeMap::new();
            for chosen in (0_u32..256).filter(|chosen| chosen.count_ones() as usize == size) {
                let sum: usize =
                    scores.iter().enumerate().filter(|(at, _)| chosen >> at & 1 == 1).map(|(_, score)| score).sum();
                *written.entry(sum).or_insert(0.0) += 1.0;
            }
            let counted = sums.counts.iter().enumerate().filter(|(_, count)| **count > 0.0);
            let counted: Vec<(usize, f64)> =
                counted.map(|(steps, count)| (sums.least + steps * sums.step, *count)).collect();
            assert_eq!(counted, written.into_iter().collect::<Vec<_>>(), "{size}");
        }
    }
}
