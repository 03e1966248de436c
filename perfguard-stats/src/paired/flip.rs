//! Whether other signs of the differences could give the same mean.

use crate::random::Stream;
use crate::sample::{StatsError, check_finite, check_result};
use crate::two_sample::{Alternative, Basis, Scale, Significance};

/// Up to so many differences all signs are taken.
const MOST_EXACT: usize = 30;

/// The sign-flip test of the mean: Fisher's randomisation test of pairs, *The Design of Experiments* (1935), section 21.
///
/// Without a difference between the sides, and with the order in each pair drawn at random, each sign could as well have
/// been the other. The statistic is the mean of the differences, in their own unit. Up to 30 differences all 2^n signs
/// are taken; above, `draws` of them from the seed, and the p-value is `(1 + as extreme) / (1 + draws)`.
///
/// # Errors
/// When there is no difference, one is not finite, or their mean is beyond what a double holds.
///
/// ```
/// # use perfguard_stats::paired::{Alternative, sign_flip};
/// let found = sign_flip(&[1.0, 2.0, 3.0, 4.0, 5.0], Alternative::Greater, 10_000, 1).unwrap();
/// assert_eq!((found.statistic, found.p_value), (3.0, 1.0 / 32.0));
/// ```
pub fn sign_flip(
    differences: &[f64],
    alternative: Alternative,
    draws: usize,
    seed: u64,
) -> Result<Significance, StatsError> {
    check_finite(differences, 1)?;
    let scale = Scale::of(differences);
    let mut magnitudes: Vec<f64> = differences.iter().map(|difference| scale.down(*difference)).collect();
    // Sums must not depend on the order in which the differences came.
    magnitudes.sort_unstable_by(|one, other| one.abs().total_cmp(&other.abs()).then(one.total_cmp(other)));
    let observed: f64 = magnitudes.iter().sum();
    for magnitude in &mut magnitudes {
        *magnitude = magnitude.abs();
    }
    let statistic = check_result(scale.up(observed / number(magnitudes.len())))?;
    // Adding in another order must not make what is equal more extreme or less.
    let rounding = number(magnitudes.len()) * f64::EPSILON * magnitudes.iter().sum::<f64>();
    if magnitudes.len() <= MOST_EXACT {
        let sums = SignedSums::of(&magnitudes);
        let (at_most, at_least) = (sums.share_at_least(-observed - rounding), sums.share_at_least(observed - rounding));
        let least = sums.share_at_least(magnitudes.iter().sum::<f64>() - rounding);
        return Ok(Significance {
            statistic,
            p_value: alternative.p_value(at_most, at_least),
            smallest_p_value: alternative.p_value(least, least),
            basis: Basis::Exact,
        });
    }
    let mut stream = Stream::new(seed);
    let (mut at_most, mut at_least) = (1, 1);
    for _ in 0..draws {
        let sum = drawn_sum(&magnitudes, &mut stream);
        at_most += usize::from(sum <= observed + rounding);
        at_least += usize::from(sum >= observed - rounding);
    }
    let share = |count: usize| number(count) / (1.0 + number(draws));
    Ok(Significance {
        statistic,
        p_value: alternative.p_value(share(at_most), share(at_least)),
        smallest_p_value: alternative.p_value(share(1), share(1)),
        basis: Basis::Drawn,
    })
}

/// The sums under all signs, without writing them all down: those of each half of the values, ascending, after Horowitz
/// and Sahni, *Computing partitions with applications to the knapsack problem*, Journal of the ACM 21 (1974).
struct SignedSums {
    one: Vec<f64>,
    other: Vec<f64>,
}

impl SignedSums {
    fn of(magnitudes: &[f64]) -> Self {
        let (one, other) = magnitudes.split_at(magnitudes.len() / 2);
        Self { one: signed_sums(one), other: signed_sums(other) }
    }

    /// The share of sums that are at least this large.
    fn share_at_least(&self, limit: f64) -> f64 {
        let mut enough = 0;
        let mut from = self.one.len();
        for sum in &self.other {
            // What is enough with one sum is enough with all larger ones.
            from -= self.one[..from].iter().rev().take_while(|partner| *partner + sum >= limit).count();
            enough += self.one.len() - from;
        }
        number(enough) / (number(self.one.len()) * number(self.other.len()))
    }
}

/// The sums of a few values under all signs, ascending.
fn signed_sums(magnitudes: &[f64]) -> Vec<f64> {
    let mut sums = vec![0.0];
    for magnitude in magnitudes {
        let below = sums.iter().map(|sum| sum - magnitude);
        let above = sums.iter().map(|sum| sum + magnitude);
        sums = below.chain(above).collect();
        // Two runs that ascend: the stable sort sees them and merges.
        sums.sort_by(f64::total_cmp);
    }
    sums
}

/// The sum under signs drawn at random, 64 at a time.
fn drawn_sum(magnitudes: &[f64], stream: &mut Stream) -> f64 {
    let mut sum = 0.0;
    for some in magnitudes.chunks(64) {
        let mut signs = stream.next_u64();
        for magnitude in some {
            sum += if signs & 1 == 1 { *magnitude } else { -magnitude };
            signs >>= 1;
        }
    }
    sum
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
fn number(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_count_what_writing_all_signs_down_counts() {
        let magnitudes = [0.1, 0.1, 0.2, 0.3, 0.4, 0.7, 1.5];
        let sums: Vec<f64> = (0_u32..128)
            .map(|signs| {
                magnitudes.iter().zip(0..).map(|(one, at)| if signs >> at & 1 == 1 { *one } else { -one }).sum()
            })
            .collect();
        for limit in [-4.0, -3.3, -1.05, 0.0, 0.15, 1.05, 2.95, 3.3, 4.0] {
            let expected = number(sums.iter().filter(|sum| **sum >= limit - 1e-12).count()) / 128.0;
            assert!((SignedSums::of(&magnitudes).share_at_least(limit - 1e-12) - expected).abs() < 1e-15, "{limit}");
        }
    }

    #[test]
    fn thirty_are_exact_and_thirty_one_are_drawn() {
        let differences: Vec<f64> = (1..=31).map(f64::from).collect();
        let exact = sign_flip(&differences[..30], Alternative::Greater, 100, 1).unwrap();
        assert_eq!((exact.p_value, exact.basis), (0.5_f64.powi(30), Basis::Exact));
        let drawn = sign_flip(&differences, Alternative::Greater, 99, 1).unwrap();
        assert_eq!((drawn.p_value, drawn.basis), (0.01, Basis::Drawn));
    }
}
