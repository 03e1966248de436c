//! What deciding costs while it is measured, under criterion. The goal: a look at 40 pairs in at most 5 µs.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use perfguard_stats::multiplicity::benjamini_hochberg;
use perfguard_stats::random::Stream;
use perfguard_stats::sequential::{
    Design, Limits, Pair, Plan, Scale, SequentialTest, SignFlip, boundary_constants, fisher_exact,
};

/// Pairs with a change between the limits and so much noise that no look decides.
fn pairs(count: usize) -> Vec<Pair> {
    let mut stream = Stream::new(1);
    (0..count).filter_map(|_| Pair::from_logarithms(0.1 * stream.normal(), 0.1 * stream.normal()).ok()).collect()
}

fn looks(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("look");
    for (name, scale) in [("yuen", Scale::Yuen), ("pooled", Scale::Pooled)] {
        for count in [8, 24, 40, 64] {
            let plan = Plan { scale, ..Plan::first_stage(Limits::default(), 64) };
            let Ok(design) = Design::new(plan) else { return };
            let pairs = pairs(count);
            let Some((last, before)) = pairs.split_last() else { return };
            let mut test = SequentialTest::new(Arc::new(design));
            for pair in before {
                test.push(*pair);
            }
            group.bench_function(BenchmarkId::new(name, count), |bencher| {
                bencher.iter_batched_ref(|| test.clone(), |test| test.push(black_box(*last)), BatchSize::SmallInput);
            });
        }
    }
    group.finish();
}

fn around(criterion: &mut Criterion) {
    let plan = Plan::first_stage(Limits::default(), 40);
    criterion.bench_function("design", |bencher| bencher.iter(|| Design::new(black_box(plan))));
    criterion.bench_function("p_values", |bencher| {
        let Ok(design) = Design::new(plan) else { return };
        let mut test = SequentialTest::new(Arc::new(design));
        for pair in pairs(40) {
            test.push(pair);
        }
        bencher.iter(|| black_box(&test).p_values());
    });
    criterion.bench_function("sign_flip", |bencher| {
        let Ok(mut process) = SignFlip::new(0.01, 0.02) else { return };
        bencher.iter(|| process.push(black_box(0.012)));
    });
    criterion.bench_function("fisher_exact", |bencher| bencher.iter(|| fisher_exact(black_box([[7, 33], [1, 39]]))));
    criterion.bench_function("boundary_constants/1000 paths to 40", |bencher| {
        bencher.iter(|| boundary_constants(Scale::Yuen, 40, black_box(&[0.01]), 1_000, 1));
    });
    criterion.bench_function("benjamini_hochberg/1000", |bencher| {
        let mut stream = Stream::new(2);
        let p: Vec<f64> = (0..1_000).map(|_| stream.unit()).collect();
        bencher.iter(|| benjamini_hochberg(black_box(&p)));
    });
}

criterion_group!(benches, looks, around);
criterion_main!(benches);
