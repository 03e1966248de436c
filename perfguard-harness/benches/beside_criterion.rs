//! The same ten routines under criterion.

mod routines;

use criterion::{Criterion, criterion_group, criterion_main};

fn ten(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("routine");
    for (name, routine) in routines::ROUTINES {
        group.bench_function(name, |bencher| bencher.iter(routine));
    }
    group.finish();
}

criterion_group!(benches, ten);
criterion_main!(benches);
