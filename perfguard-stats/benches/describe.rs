//! What describing one side costs, under divan.

use divan::{Bencher, black_box};
use perfguard_stats::quantile::{median, quantile_of_sorted};
use perfguard_stats::random::Stream;
use perfguard_stats::sample::sorted;
use perfguard_stats::summary::{interquartile_range, scaled_mad};

fn main() {
    divan::main();
}

/// As many values as a benchmark has observations: few, usual, and a long history.
const COUNTS: [usize; 3] = [8, 40, 1_000];

fn values(count: usize) -> Vec<f64> {
    let mut stream = Stream::new(1);
    (0..count).map(|_| 100.0 + f64::from(u32::try_from(stream.below(5_000)).unwrap_or_default()) / 1_000.0).collect()
}

#[divan::bench(args = COUNTS)]
fn sort(bencher: Bencher<'_, '_>, count: usize) {
    let values = values(count);
    bencher.bench(|| sorted(black_box(&values)));
}

#[divan::bench(args = COUNTS)]
fn middle(bencher: Bencher<'_, '_>, count: usize) {
    let values = values(count);
    bencher.bench(|| median(black_box(&values)));
}

#[divan::bench(args = COUNTS)]
fn spread(bencher: Bencher<'_, '_>, count: usize) {
    let values = values(count);
    bencher.bench(|| scaled_mad(black_box(&values)));
}

#[divan::bench(args = COUNTS)]
fn quartiles(bencher: Bencher<'_, '_>, count: usize) {
    let values = values(count);
    bencher.bench(|| interquartile_range(black_box(&values)));
}

#[divan::bench]
fn quantile(bencher: Bencher<'_, '_>) {
    let mut values = values(1_000);
    values.sort_unstable_by(f64::total_cmp);
    bencher.bench(|| quantile_of_sorted(black_box(&values), black_box(0.9)));
}
