//! The repository that is compared: fifty criterion benchmarks in five groups of ten, each group the same ten routines at
//! another size, and two commits of which the second makes one benchmark of the first group 5 % slower.

use std::path::Path;

use anyhow::Result;

use crate::scratch::{SUITE_MANIFEST, Scratch};

/// Benchmarks of one group.
pub(super) const GROUP: usize = 10;
/// All benchmarks.
pub(super) const ALL: usize = 50;
/// The group in which one benchmark is slower in the second commit.
pub(super) const FIRST: &str = "first/";
/// The benchmark that is.
pub(super) const PLANTED: &str = "first/steps";
/// Steps of that benchmark in both commits: 5 % more.
const STEPS: [&str; 2] = ["4000", "4200"];

/// Writes and commits it. `root` is this repository, whose lock has the same versions.
pub(super) fn make(root: &Path) -> Result<Scratch> {
    let scratch = Scratch::new(root)?;
    scratch.write("Cargo.toml", SUITE_MANIFEST)?;
    scratch.write("src/lib.rs", &LIBRARY.replace("STEPS", STEPS[0]))?;
    scratch.write("benches/suite.rs", SUITE)?;
    scratch.commit("fifty benchmarks")?;
    scratch.write("src/lib.rs", &LIBRARY.replace("STEPS", STEPS[1]))?;
    scratch.commit("one of them slower")?;
    Ok(scratch)
}

const LIBRARY: &str = r"/// A chain of dependent operations.
pub fn steps(mut value: u64) -> u64 {
    for _ in 0..STEPS {
        value ^= value << 13;
        value ^= value >> 7;
        value ^= value << 17;
    }
    value
}
";

const SUITE: &str = r#"use std::collections::{BTreeSet, HashMap};
use std::hint::black_box;

use criterion::{criterion_group, criterion_main, Criterion};

fn numbers(count: usize) -> Vec<u64> {
    let mut value = 88_172_645_463_325_252;
    let mut next = || {
        value ^= value << 13;
        value ^= value >> 7;
        value ^= value << 17;
        value % 100_000
    };
    (0..count).map(|_| next()).collect()
}

fn group(c: &mut Criterion, name: &str, size: usize) {
    let numbers = numbers(size);
    let words: Vec<String> = numbers.iter().map(u64::to_string).collect();
    let text = words.join(" ");
    let map: HashMap<u64, usize> = numbers.iter().copied().zip(0..).collect();
    let side = (size as f64).sqrt() as usize;
    let matrix: Vec<f64> = (0..side * side).map(|i| i as f64).collect();
    let mut g = c.benchmark_group(name);
    if name == "first" {
        g.bench_function("steps", |b| b.iter(|| suite::steps(black_box(3))));
    } else {
        g.bench_function("largest", |b| b.iter(|| black_box(&numbers).iter().max().copied()));
    }
    g.bench_function("sum", |b| b.iter(|| black_box(&numbers).iter().fold(0, |sum: u64, x| sum.wrapping_mul(31) ^ x)));
    g.bench_function("sort", |b| {
        b.iter(|| {
            let mut copy = black_box(&numbers).clone();
            copy.sort_unstable();
            copy
        })
    });
    g.bench_function("set", |b| b.iter(|| black_box(&numbers).iter().collect::<BTreeSet<_>>().len()));
    g.bench_function("look-up", |b| b.iter(|| numbers.iter().filter_map(|x| black_box(&map).get(x)).sum::<usize>()));
    g.bench_function("parse", |b| {
        b.iter(|| black_box(&words).iter().map(|word| word.parse::<u64>().unwrap_or(0)).sum::<u64>())
    });
    g.bench_function("format", |b| {
        b.iter(|| black_box(&numbers).iter().map(|x| x.to_string().len()).sum::<usize>())
    });
    g.bench_function("spaces", |b| b.iter(|| black_box(text.as_bytes()).iter().filter(|byte| **byte == b' ').count()));
    g.bench_function("multiply", |b| {
        b.iter(|| {
            let matrix = black_box(&matrix);
            let mut sum = 0.0;
            for i in 0..side {
                for j in 0..side {
                    for k in 0..side {
                        sum += matrix[i * side + k] * matrix[k * side + j];
                    }
                }
            }
            sum
        })
    });
    g.bench_function("collect", |b| {
        b.iter(|| black_box(&numbers).iter().map(|x| x.rotate_left(7)).collect::<Vec<_>>())
    });
    g.finish();
}

fn all(c: &mut Criterion) {
    for (name, size) in [("first", 100), ("second", 150), ("third", 250), ("fourth", 400), ("fifth", 600)] {
        group(c, name, size);
    }
}

criterion_group!(benches, all);
criterion_main!(benches);
"#;
