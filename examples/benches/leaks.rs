//! A leak that is found, and a cache that is not blamed.

use perfguard_examples::Cache;
use perfguard_harness::Bench;

#[global_allocator]
static ALLOCATOR: perfguard_harness::Alloc = perfguard_harness::Alloc;

fn memory(bench: &mut Bench) {
    bench.bench("16 bytes leaked an operation", |bencher| {
        bencher.check_leaks(|| std::mem::forget(Box::new([1_u64, 2])));
    });
    bench.bench("a cache that fills", |bencher| {
        let (mut cache, mut number) = (Cache::default(), 0);
        bencher.check_leaks(|| {
            number = (number + 1) % 2_000;
            cache.square(number)
        });
    });
}

perfguard_harness::main!(memory);
