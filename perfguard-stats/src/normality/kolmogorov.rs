//! How often Kolmogorov's and Smirnov's greatest distance is exceeded by chance. Always the tail, never one less the rest
//! where the tail is small.

use crate::sample::real;

/// Up to this number of values the distribution of the distance is reckoned exactly.
pub(super) const MOST_EXACT: usize = 500;

/// From this square of `√n d` on, both sides exceeding at once is so rare (2e-8 of the tail) that the tail is twice that
/// of one side: Miller, *Table of percentage points of Kolmogorov statistics*, JASA 51 (1956). From a distance of one half
/// on it cannot happen at all.
const TWICE_ONE_SIDE: f64 = 3.0;

/// The probability that the greatest distance between the distribution of `count` values and their true one is `distance`
/// or more.
pub(super) fn tail_of_one_sample(count: usize, distance: f64) -> f64 {
    let n = real(count);
    let tail = if n * distance * distance >= TWICE_ONE_SIDE || distance >= 0.5 {
        2.0 * tail_of_one_side(count, distance)
    } else if count <= MOST_EXACT {
        1.0 - within(count, distance)
    } else {
        // Vrbik, *Small-sample corrections to Kolmogorov-Smirnov test statistic*, Pioneer Journal of Theoretical and
        // Applied Statistics 15 (2018). Within 0.3 % of the exact value here.
        let root = n.sqrt() * distance;
        limiting_tail(root + 1.0 / (6.0 * n.sqrt()) + (root - 1.0) / (4.0 * n))
    };
    tail.clamp(0.0, 1.0)
}

/// The same in the limit of many values, for `√n` times the distance: Kolmogorov, *Sulla determinazione empirica di una
/// legge di distribuzione*, Giornale dell'Istituto Italiano degli Attuari 4 (1933).
pub(super) fn limiting_tail(root: f64) -> f64 {
    use std::f64::consts::{PI, TAU};
    if root <= 0.0 {
        return 1.0;
    }
    // The two series of one theta function: each converges fast where the other is slow.
    let tail = if root < 1.0 {
        let terms = (1..=5).map(|k| (-(f64::from(2 * k - 1) * PI / root).powi(2) / 8.0).exp());
        1.0 - TAU.sqrt() / root * terms.sum::<f64>()
    } else {
        let terms = (1..=5).map(|k| (-2.0 * (f64::from(k) * root).powi(2)).exp() * if k % 2 == 1 { 2.0 } else { -2.0 });
        terms.sum()
    };
    tail.clamp(0.0, 1.0)
}

/// The probability that one side's greatest distance is `distance` or more: Birnbaum and Tingey, *One-sided confidence
/// contours for probability distribution functions*, Annals of Mathematical Statistics 22 (1951). A sum of positive
/// terms, each by its logarithm.
fn tail_of_one_side(count: usize, distance: f64) -> f64 {
    let n = real(count);
    let mut chosen_ln = 0.0;
    let mut total = 0.0;
    for j in (0..count).map(real) {
        let left = 1.0 - distance - j / n;
        if left <= 0.0 {
            break;
        }
        total += (chosen_ln + (n - j) * left.ln() + (j - 1.0) * (distance + j / n).ln()).exp();
        chosen_ln += ((n - j) / (j + 1.0)).ln();
    }
    distance * total
}

/// The probability that the greatest distance is less than `distance`: Marsaglia, Tsang and Wang, *Evaluating Kolmogorov's
/// distribution*, Journal of Statistical Software 8 (2003), after Durbin. The n-th power of their matrix is applied to a
/// vector step by step, each step taking its part of the factor `n! / n^n`, so that nothing grows or vanishes on the way.
fn within(count: usize, distance: f64) -> f64 {
    let n = real(count);
    let reach = n * distance;
    if reach <= 0.5 {
        return 0.0;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most √3 times the root of 500")]
    let half = reach.floor() as usize + 1;
    let size = 2 * half - 1;
    let matrix = durbin_matrix(size, real(half) - reach);

    let factorial_ln: f64 = (1..=count).map(|k| (real(k) / n).ln()).sum();
    let step = (factorial_ln / n).exp();
    let mut row = vec![0.0; size];
    row[half - 1] = 1.0;
    for _ in 0..count {
        let mut next = vec![0.0; size];
        for (weight, line) in row.iter().zip(matrix.chunks(size)) {
            for (sum, entry) in next.iter_mut().zip(line) {
                *sum += weight * entry;
            }
        }
        row = next.iter().map(|value| value * step).collect();
    }
    row[half - 1]
}

/// Durbin's matrix, line by line, for the part of a step that `n d` lacks to the next whole number.
fn durbin_matrix(size: usize, lacking: f64) -> Vec<f64> {
    let mut reciprocal = vec![1.0; size + 1];
    for k in 1..=size {
        reciprocal[k] = reciprocal[k - 1] / real(k);
    }
    let mut powers = vec![1.0; size + 1];
    for k in 1..=size {
        powers[k] = powers[k - 1] * lacking;
    }
    let mut matrix = vec![0.0; size * size];
    for line in 0..size {
        for column in 0..size.min(line + 2) {
            let below = line + 1 - column;
            // The edges lack what lies beyond the strip, the corner both edges' and what they share.
            let mut entry = 1.0;
            if column == 0 {
                entry -= powers[line + 1];
            }
            if line == size - 1 {
                entry -= powers[size - column];
            }
            if column == 0 && line == size - 1 && 2.0 * lacking > 1.0 {
                entry += (1..=size).fold(1.0, |power, _| power * (2.0 * lacking - 1.0));
            }
            matrix[line * size + column] = entry * reciprocal[below];
        }
    }
    matrix
}

/// The probability that two samples of one distribution come at least `least` apart, in units of one over the product of
/// their sizes, given where their common order is free.
///
/// Walks through the pooled values, each step one more value of the first or the second sample, as likely as drawn without
/// replacement, and adds up the probability of leaving the strip: only positive terms, so small tails keep their digits.
/// `ends[k]` tells whether the `k+1`-th pooled value differs from the next: among ties the distance does not count
/// (Schröer and Trenkler, *Exact and randomization distributions of Kolmogorov-Smirnov tests for two or three samples*,
/// Computational Statistics & Data Analysis 20, 1995).
pub(super) fn tail_of_two_samples(first: usize, second: usize, least: u64, ends: &[bool]) -> f64 {
    // The probability of having reached so many of the first sample within the strip, at the present number of values.
    let mut inside = vec![0.0; first + 1];
    inside[0] = 1.0;
    let mut outside = 0.0;
    for (taken, counts) in ends.iter().enumerate() {
        let left = real(first + second - taken);
        // From above, so that each place is read before the step into it is written.
        for of_first in (taken.saturating_sub(second)..=taken.min(first)).rev() {
            let into_first = inside[of_first] * real(first - of_first) / left;
            inside[of_first] -= into_first;
            if of_first < first {
                inside[of_first + 1] += into_first;
            }
        }
        if *counts {
            let reached = inside.iter_mut().enumerate().take(taken + 2).skip((taken + 1).saturating_sub(second));
            for (of_first, probability) in reached {
                let of_second = taken + 1 - of_first;
                let apart = (of_first as u64 * second as u64).abs_diff(of_second as u64 * first as u64);
                if apart >= least {
                    outside += std::mem::take(probability);
                }
            }
        }
    }
    outside.min(1.0)
}
