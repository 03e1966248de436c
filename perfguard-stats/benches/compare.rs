//! What comparing two sides costs, under criterion.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use perfguard_stats::interval::median_interval;
use perfguard_stats::random::Stream;
use perfguard_stats::two_sample::ratio_interval;

/// Values like the fastest samples of so many processes: 100 ns with a spread of a few per cent.
fn values(count: usize, seed: u64) -> Vec<f64> {
    let mut stream = Stream::new(seed);
    (0..count).map(|_| 100.0 + f64::from(u32::try_from(stream.below(5_000)).unwrap_or_default()) / 1_000.0).collect()
}

fn intervals(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("median_interval");
    for count in [8, 40, 200, 1_000] {
        let values = values(count, 1);
        group.bench_with_input(BenchmarkId::from_parameter(count), &values, |bencher, values| {
            bencher.iter(|| median_interval(black_box(values), 0.95));
        });
    }
    group.finish();
}

fn ratios(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("ratio_interval");
    for count in [4, 8, 16, 24, 40] {
        let sides = (values(count, 1), values(count, 2));
        group.bench_with_input(BenchmarkId::from_parameter(count), &sides, |bencher, (base, head)| {
            bencher.iter(|| ratio_interval(black_box(base), black_box(head), 0.95));
        });
    }
    group.finish();
}

fn shuffles(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("shuffle");
    for count in [10, 100, 1_000] {
        let mut items: Vec<u32> = (0..count).collect();
        let mut stream = Stream::new(1);
        group.bench_function(BenchmarkId::from_parameter(count), |bencher| {
            bencher.iter(|| stream.shuffle(black_box(&mut items)));
        });
    }
    group.finish();
}

criterion_group!(benches, intervals, ratios, shuffles);
criterion_main!(benches);
