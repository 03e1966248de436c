//! What our own harness costs: ten routines that divan and criterion are given too, and load on nothing.

mod routines;

use perfguard_harness::{Bench, Model, Scenario};

fn ten(bench: &mut Bench<'_>) {
    for (name, routine) in routines::ROUTINES {
        bench.group("routine").bench(name, |bencher| bencher.iter(routine));
    }
}

/// What is left of a core's time beside a hundred thousand operations a second is told by the throughput of as many as it
/// can: above two million, the harness has less than a twentieth.
fn load(bench: &mut Bench<'_>) {
    bench.bench("load/nothing", |bencher| {
        let scenario = Scenario::new(Model::Closed(vec![1])).operations(200_000);
        scenario.run(bencher, |_| || Ok::<_, String>(()));
    });
}

perfguard_harness::main!(ten, load);
