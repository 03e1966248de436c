//! What perfguard's own harness says beside time: throughput, allocations, a hit rate, two implementations as variants.

use perfguard_examples::{Cache, text, word_counts, word_counts_sorted};
use perfguard_harness::{Bench, Direction, Throughput, Unit};

#[global_allocator]
static ALLOCATOR: perfguard_harness::Alloc = perfguard_harness::Alloc;

fn counting(bench: &mut Bench) {
    let text = text(1_000);
    let mut group = bench.group("word_counts");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.variant("tree", |bencher| bencher.iter(|| word_counts(&text).len()));
    group.variant("sorted", |bencher| bencher.iter(|| word_counts_sorted(&text).len()));
}

fn cache(bench: &mut Bench) {
    bench.bench("cache", |bencher| {
        let (mut cache, mut number) = (Cache::default(), 0_u64);
        bencher.iter(|| {
            number = (number * 7 + 3) % 1_000;
            cache.square(number)
        });
        bencher.metric("hit-rate", cache.hit_rate(), Unit::Ratio, Direction::Higher);
    });
}

perfguard_harness::main!(counting, cache);
