//! What tests and bootstraps cost, under criterion.
//!
//! Goals: `BCa` with 10,000 resamples of 40 values within 3 ms, the exact Mann–Whitney test of 20 against 20 within 100 µs.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use perfguard_stats::effect::dominance;
use perfguard_stats::equivalence::equivalent_pairs;
use perfguard_stats::paired::{pseudo_median, sign_flip, signed_rank, trimmed_t};
use perfguard_stats::random::Stream;
use perfguard_stats::resample::statistic::{mean, median, trimmed_mean, trimmed_mean_with_error};
use perfguard_stats::resample::{Bootstrap, Levels, Studentised};
use perfguard_stats::two_sample::{
    Alternative, difference_of_means, mann_whitney, permutation_test, shift_interval, welch_t, yuen_t,
};

fn values(count: usize, seed: u64) -> Vec<f64> {
    let mut stream = Stream::new(seed);
    (0..count).map(|_| 100.0 + stream.normal()).collect()
}

fn two_samples(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("two_sample");
    for count in [8, 20, 50] {
        let (base, head) = (values(count, 1), values(count, 2));
        let tied: Vec<f64> = head.iter().map(|value| value.round()).collect();
        group.bench_function(BenchmarkId::new("mann_whitney", count), |bencher| {
            bencher.iter(|| mann_whitney(black_box(&base), black_box(&head), Alternative::TwoSided));
        });
        group.bench_function(BenchmarkId::new("mann_whitney_ties", count), |bencher| {
            bencher.iter(|| mann_whitney(black_box(&base), black_box(&tied), Alternative::TwoSided));
        });
        group.bench_function(BenchmarkId::new("shift_interval", count), |bencher| {
            bencher.iter(|| shift_interval(black_box(&base), black_box(&head), 0.95));
        });
        group.bench_function(BenchmarkId::new("welch_t", count), |bencher| {
            bencher.iter(|| welch_t(black_box(&base), black_box(&head), Alternative::TwoSided, 0.95));
        });
        group.bench_function(BenchmarkId::new("yuen_t", count), |bencher| {
            bencher.iter(|| yuen_t(black_box(&base), black_box(&head), Alternative::TwoSided, 0.95));
        });
        group.bench_function(BenchmarkId::new("dominance", count), |bencher| {
            bencher.iter(|| dominance(black_box(&base), black_box(&head), 0.95));
        });
    }
    let (base, head) = (values(2_000, 1), values(2_000, 2));
    group.bench_function("shift_interval/2000", |bencher| {
        bencher.iter(|| shift_interval(black_box(&base), black_box(&head), 0.95));
    });
    let (base, head) = (values(20, 1), values(20, 2));
    group.bench_function("permutation_test/20", |bencher| {
        bencher.iter(|| {
            permutation_test(black_box(&base), black_box(&head), Alternative::TwoSided, 10_000, 1, difference_of_means)
        });
    });
    group.finish();
}

fn pairs(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("paired");
    for count in [8, 24, 64] {
        let differences: Vec<f64> = values(count, 1).iter().map(|value| (value - 99.0) / 100.0).collect();
        group.bench_function(BenchmarkId::new("trimmed_t", count), |bencher| {
            bencher.iter(|| trimmed_t(black_box(&differences), 0.01, Alternative::Greater, 0.95));
        });
        group.bench_function(BenchmarkId::new("equivalent_pairs", count), |bencher| {
            bencher.iter(|| equivalent_pairs(black_box(&differences), -0.03, 0.03, 0.01));
        });
        group.bench_function(BenchmarkId::new("signed_rank", count), |bencher| {
            bencher.iter(|| signed_rank(black_box(&differences), Alternative::TwoSided));
        });
        group.bench_function(BenchmarkId::new("pseudo_median", count), |bencher| {
            bencher.iter(|| pseudo_median(black_box(&differences), 0.95));
        });
        group.bench_function(BenchmarkId::new("sign_flip", count), |bencher| {
            bencher.iter(|| sign_flip(black_box(&differences), Alternative::TwoSided, 10_000, 1));
        });
    }
    group.finish();
}

fn bootstraps(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("bootstrap_10000_of_40");
    let sample = values(40, 1);
    let other = values(40, 2);
    let accelerated = |statistic: fn(&[f64]) -> f64| {
        Bootstrap::of_sample(black_box(&sample), 10_000, 1, statistic).and_then(|found| found.accelerated(0.95))
    };
    group.bench_function("accelerated/mean", |bencher| bencher.iter(|| accelerated(mean)));
    group.bench_function("accelerated/median", |bencher| bencher.iter(|| accelerated(median)));
    group.bench_function("accelerated/trimmed_mean", |bencher| bencher.iter(|| accelerated(trimmed_mean)));
    group.bench_function("studentised/trimmed_mean", |bencher| {
        bencher.iter(|| Studentised::of_sample(black_box(&sample), 10_000, 1, trimmed_mean_with_error));
    });
    group.bench_function("of_two/ratio_of_medians", |bencher| {
        bencher.iter(|| {
            Bootstrap::of_two(black_box(&sample), black_box(&other), 10_000, 1, |base, head| {
                median(head) / median(base)
            })
        });
    });
    let blocks: Vec<&[f64]> = sample.chunks(2).collect();
    group.bench_function("of_groups/trimmed_mean", |bencher| {
        bencher.iter(|| Bootstrap::of_groups(black_box(&blocks), Levels::Groups, 10_000, 1, trimmed_mean));
    });
    group.finish();
}

criterion_group!(benches, two_samples, pairs, bootstraps);
criterion_main!(benches);
