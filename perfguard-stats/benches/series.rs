//! What looking at a series costs, under criterion. The goal: the change points of 10,000 values within 50 ms.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use perfguard_stats::changepoint::{Settings, change_points, segments, single_change};
use perfguard_stats::random::Stream;
use perfguard_stats::trend::{drift, mann_kendall, theil_sen};

/// A history: noise of 2 %, a spike in 30 values, and a step of up to 15 % in each `regime` values.
fn history(count: usize, regime: usize) -> Vec<f64> {
    let mut stream = Stream::new(1);
    let mut level = 100.0;
    let mut values = Vec::with_capacity(count);
    for index in 0..count {
        if index % regime == regime - 1 {
            level *= 1.0 + 0.15 * (stream.unit() - 0.5);
        }
        let spike = if stream.below(30) == 0 { 1.0 + 0.15 * stream.exponential() } else { 1.0 };
        values.push(level * (0.02 * stream.normal()).exp() * spike);
    }
    values
}

fn changes(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("change_points");
    group.sample_size(20);
    for (name, count, regime) in
        [("200", 200, 60), ("1000", 1_000, 120), ("10000", 10_000, 120), ("10000 flat", 10_000, 20_000)]
    {
        let values = history(count, regime);
        group.bench_with_input(BenchmarkId::from_parameter(name), &values, |bencher, values| {
            bencher.iter(|| change_points(black_box(values), Settings::default()));
        });
    }
    group.finish();

    let values = history(10_000, 120);
    criterion.bench_function("segments/10000", |bencher| {
        bencher.iter(|| segments(black_box(&values), 36.0, 3));
    });
    criterion.bench_function("single_change/10000", |bencher| {
        bencher.iter(|| single_change(black_box(&values)));
    });
}

fn trends(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("trend");
    group.sample_size(20);
    for count in [40, 1_000, 10_000] {
        let values = history(count, 20_000);
        group.bench_with_input(BenchmarkId::new("theil_sen", count), &values, |bencher, values| {
            bencher.iter(|| theil_sen(black_box(values), 0.95));
        });
        group.bench_with_input(BenchmarkId::new("mann_kendall", count), &values, |bencher, values| {
            bencher.iter(|| mann_kendall(black_box(values)));
        });
        group.bench_with_input(BenchmarkId::new("drift", count), &values, |bencher, values| {
            bencher.iter(|| drift(black_box(values), 0.01));
        });
    }
    group.finish();
}

criterion_group!(benches, changes, trends);
criterion_main!(benches);
