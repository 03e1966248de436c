//! What one update of the posterior over 1,024 commits costs: the goal is 50 µs.

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use perfguard_stats::random::Stream;
use perfguard_stats::search::{Direction, Search, Settings, Step};

const COMMITS: usize = 1024;
const CULPRIT: usize = 700;

fn value(stream: &mut Stream, commit: usize) -> f64 {
    0.0165 * stream.normal() + if commit >= CULPRIT { 0.03 } else { 0.0 }
}

/// A search for a step of 3 % that is nearly over, and blocks that it has asked for.
fn nearly_over() -> (Search, usize, Vec<f64>) {
    let mut stream = Stream::new(1);
    let ends: Vec<f64> = (0..8).map(|_| value(&mut stream, COMMITS)).collect();
    let settings = Settings { build_cost: 3.0, ..Settings::default() };
    let mut search =
        Search::new(settings, &[1.0; COMMITS], Some(Direction::Up), &ends).expect("sound settings and finite values");
    loop {
        let Step::Measure { commit, blocks } = search.next_step() else { panic!("it has not seen enough") };
        let values: Vec<f64> = (0..blocks).map(|_| value(&mut stream, commit)).collect();
        let mut after = search.clone();
        after.observed(commit, &values).expect("finite values");
        if matches!(after.next_step(), Step::Done(_)) {
            return (search, commit, values);
        }
        search = after;
    }
}

fn updates(criterion: &mut Criterion) {
    let (search, commit, values) = nearly_over();
    criterion.bench_function("observe", |bencher| {
        bencher.iter_batched_ref(
            || search.clone(),
            |search| search.observed(commit, &values).map(|()| search.posterior()),
            BatchSize::SmallInput,
        );
    });
    // Repeats move the noise scale, and every curve with it: a little, as above, or a lot.
    let scattered = [values[0] - 0.06, values[0] + 0.06];
    criterion.bench_function("observe, noise scale moves a lot", |bencher| {
        bencher.iter_batched_ref(
            || search.clone(),
            |search| search.observed(commit, &scattered).map(|()| search.posterior()),
            BatchSize::SmallInput,
        );
    });
    // The first block of a commit cannot move it.
    criterion.bench_function("observe, new commit", |bencher| {
        bencher.iter_batched_ref(
            || search.clone(),
            |search| search.observed(CULPRIT - 50, &[0.01]).map(|()| search.posterior()),
            BatchSize::SmallInput,
        );
    });
    criterion.bench_function("next step", |bencher| bencher.iter(|| search.next_step()));
}

criterion_group!(benches, updates);
criterion_main!(benches);
