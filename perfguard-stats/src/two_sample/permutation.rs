//! Whether exchanging values between two samples could give the same.

use super::significance::{Alternative, Basis, Significance};
use crate::random::Stream;
use crate::sample::{StatsError, check_result, sorted};

/// How many roundings apart two statistics may lie and still be one, as `SciPy` has it.
const ROUNDINGS: f64 = 100.0;

/// The permutation test of any statistic of two samples: Pitman, *Significance tests which may be applied to samples from
/// any populations*, Supplement to the Journal of the Royal Statistical Society 4 (1937).
///
/// The statistic gets the values of base and of head, in no particular order, and is larger the larger head is;
/// [`difference_of_means`] is one. Where all arrangements are at most `draws` they are all taken, and the p-value is
/// exact; else so many are drawn from the seed, and it is `(1 + as extreme) / (1 + draws)`: Phipson and Smyth,
/// *Permutation p-values should never be zero*, Statistical Applications in Genetics and Molecular Biology 9 (2010).
/// Time grows like `draws` times the number of values.
///
/// # Errors
/// When a sample is empty, a value is not finite, or the statistic is not.
///
/// ```
/// # use perfguard_stats::two_sample::{Alternative, difference_of_means, permutation_test};
/// let (base, head) = ([1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]);
/// let found = permutation_test(&base, &head, Alternative::TwoSided, 10_000, 1, difference_of_means).unwrap();
/// assert!((found.p_value - 2.0 / 70.0).abs() < 1e-15, "the most extreme of 70, and its mirror");
/// ```
pub fn permutation_test(
    base: &[f64],
    head: &[f64],
    alternative: Alternative,
    draws: usize,
    seed: u64,
    mut statistic: impl FnMut(&[f64], &[f64]) -> f64,
) -> Result<Significance, StatsError> {
    let (base, head) = (sorted(base)?, sorted(head)?);
    let observed = check_result(statistic(&base, &head))?;
    let mut tally = Tally::new(observed);
    let mut pool = [base.as_slice(), head.as_slice()].concat();
    // The order in which the values came must not matter, drawn or not.
    pool.sort_unstable_by(f64::total_cmp);
    let exact = arrangements_up_to(base.len(), head.len(), draws);
    if exact {
        let mut next = Some((0..head.len()).collect::<Vec<_>>());
        let mut sides = (base.clone(), head.clone());
        while let Some(chosen) = next {
            deal(&pool, &chosen, &mut sides);
            tally.add(statistic(&sides.0, &sides.1))?;
            next = following(chosen, pool.len());
        }
    } else {
        let mut stream = Stream::new(seed);
        // What was observed is one arrangement more.
        tally.add(observed)?;
        for _ in 0..draws {
            stream.shuffle(&mut pool);
            let (base, head) = pool.split_at(base.len());
            tally.add(statistic(base, head))?;
        }
    }
    Ok(tally.significance(alternative, if exact { Basis::Exact } else { Basis::Drawn }))
}

/// The mean of head less that of base, in the values' own unit: a statistic for [`permutation_test`]. NaN where a side is
/// empty.
///
/// ```
/// # use perfguard_stats::two_sample::difference_of_means;
/// assert_eq!(difference_of_means(&[1.0, 2.0], &[4.0]), 2.5);
/// ```
pub fn difference_of_means(base: &[f64], head: &[f64]) -> f64 {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / number(values.len());
    mean(head) - mean(base)
}

/// How the statistics of arrangements lie to the one observed.
struct Tally {
    observed: f64,
    all: usize,
    at_most: usize,
    at_least: usize,
}

impl Tally {
    fn new(observed: f64) -> Self {
        Self { observed, all: 0, at_most: 0, at_least: 0 }
    }

    fn add(&mut self, statistic: f64) -> Result<(), StatsError> {
        let statistic = check_result(statistic)?;
        // Adding in another order must not make what is equal more extreme or less.
        let rounding = ROUNDINGS * f64::EPSILON * self.observed.abs().max(statistic.abs());
        self.all += 1;
        self.at_most += usize::from(statistic <= self.observed + rounding);
        self.at_least += usize::from(statistic >= self.observed - rounding);
        Ok(())
    }

    fn significance(&self, alternative: Alternative, basis: Basis) -> Significance {
        let share = |count: usize| number(count) / number(self.all);
        Significance {
            statistic: self.observed,
            p_value: alternative.p_value(share(self.at_most), share(self.at_least)),
            smallest_p_value: alternative.p_value(share(1), share(1)),
            basis,
        }
    }
}

/// Whether two sides of these sizes can be dealt in at most so many ways.
fn arrangements_up_to(base: usize, head: usize, limit: usize) -> bool {
    let mut ways: u128 = 1;
    for taken in 1..=base.min(head) {
        // The product of `taken` neighbouring numbers is divisible by that of the first `taken`.
        ways = ways * (base.max(head) + taken) as u128 / taken as u128;
        if ways > limit as u128 {
            return false;
        }
    }
    true
}

/// Deals the chosen places of the pool to head and the others to base.
fn deal(pool: &[f64], chosen: &[usize], (base, head): &mut (Vec<f64>, Vec<f64>)) {
    base.clear();
    head.clear();
    let mut chosen = chosen.iter().peekable();
    for (place, value) in pool.iter().enumerate() {
        let side = if chosen.next_if_eq(&&place).is_some() { &mut *head } else { &mut *base };
        side.push(*value);
    }
}

/// The choice of places after this one in the order of dictionaries, or none after the last.
fn following(mut chosen: Vec<usize>, places: usize) -> Option<Vec<usize>> {
    let size = chosen.len();
    let moving = (0..size).rev().find(|at| chosen[*at] < places - size + at)?;
    let next = chosen[moving] + 1;
    for (place, steps) in chosen[moving..].iter_mut().zip(0..) {
        *place = next + steps;
    }
    Some(chosen)
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
fn number(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_arrangement_is_dealt_once() {
        let mut seen = std::collections::BTreeSet::new();
        let mut next = Some(vec![0, 1, 2]);
        while let Some(chosen) = next {
            assert!(seen.insert(chosen.clone()));
            next = following(chosen, 7);
        }
        assert_eq!(seen.len(), 35);
        assert!(
            arrangements_up_to(4, 3, 35) && !arrangements_up_to(4, 3, 34) && !arrangements_up_to(500, 500, 1 << 40)
        );
    }

    #[test]
    fn a_statistic_that_is_no_number_is_an_error() {
        let found = permutation_test(&[1.0], &[2.0], Alternative::Less, 10, 1, |_, _| f64::NAN);
        assert_eq!(found, Err(StatsError::TooLarge));
    }
}
