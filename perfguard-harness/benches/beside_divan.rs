//! The same ten routines under divan.

mod routines;

#[divan::bench(args = routines::ROUTINES.map(|(name, _)| name))]
fn routine(bencher: divan::Bencher<'_, '_>, name: &str) {
    let (_, routine) = routines::ROUTINES.into_iter().find(|(known, _)| *known == name).expect("an argument is a name");
    bencher.bench_local(routine);
}

fn main() {
    divan::main();
}
