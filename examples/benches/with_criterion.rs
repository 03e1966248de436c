//! Benches as a project already has them, under criterion.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use perfguard_examples::{text, word_counts};

fn counting(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("word_counts");
    for words in [10, 1_000] {
        let text = text(words);
        group.bench_with_input(BenchmarkId::from_parameter(words), &text, |bencher, text| {
            bencher.iter(|| word_counts(text).len());
        });
    }
    group.finish();
}

criterion_group!(benches, counting);
criterion_main!(benches);
