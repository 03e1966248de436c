//! What a program's functions are given: benchmarks are named here, in groups, with parameters and variants.

use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::bencher::{Bencher, Outcome, Throughput, panic_text};
use crate::sampling::Settings;

/// Who goes through the benchmarks: to list them, to run them, to answer perfguard.
pub(crate) trait Visit {
    /// Whether this one is to run, and how.
    fn wants(&mut self, id: &str) -> Option<Settings>;
    /// What came of it.
    fn took(&mut self, id: &str, outcome: Outcome);
}

/// A program's benchmarks. Functions are called to list them too, so that what costs time belongs into the closures.
pub struct Bench<'v> {
    visit: &'v mut dyn Visit,
}

impl<'v> Bench<'v> {
    pub(crate) fn new(visit: &'v mut dyn Visit) -> Self {
        Self { visit }
    }

    /// One benchmark. The closure sets up, calls one of [`Bencher`]'s methods, and takes down.
    ///
    /// ```
    /// # fn functions(bench: &mut perfguard_harness::Bench) {
    /// bench.bench("sort", |bencher| {
    ///     let numbers: Vec<u32> = (0..1000).rev().collect();
    ///     bencher.iter_batched(|| numbers.clone(), |mut numbers| numbers.sort(), perfguard_harness::Batch::Small);
    /// });
    /// # }
    /// ```
    pub fn bench(&mut self, name: impl Display, run: impl FnOnce(&mut Bencher)) -> &mut Self {
        self.visit_one(&name.to_string(), None, run);
        self
    }

    /// Benchmarks whose names begin alike: `name/…`.
    pub fn group<'b>(&'b mut self, name: impl Display) -> Group<'b, 'v> {
        Group { bench: self, name: name.to_string(), throughput: None }
    }

    fn visit_one(&mut self, id: &str, throughput: Option<Throughput>, run: impl FnOnce(&mut Bencher)) {
        let Some(settings) = self.visit.wants(id) else { return };
        let mut bencher = Bencher::new(settings, throughput);
        let panic = catch_unwind(AssertUnwindSafe(|| run(&mut bencher))).err();
        let outcome = bencher.finish(panic.map(|panic| panic_text(&*panic)));
        self.visit.took(id, outcome);
    }
}

/// Benchmarks whose names begin alike.
pub struct Group<'b, 'v> {
    bench: &'b mut Bench<'v>,
    name: String,
    throughput: Option<Throughput>,
}

impl<'v> Group<'_, 'v> {
    /// What an iteration of the benchmarks that follow works through.
    pub fn throughput(&mut self, throughput: Throughput) -> &mut Self {
        self.throughput = Some(throughput);
        self
    }

    /// One benchmark, `group/name`.
    pub fn bench(&mut self, name: impl Display, run: impl FnOnce(&mut Bencher)) -> &mut Self {
        let id = format!("{}/{name}", self.name);
        self.bench.visit_one(&id, self.throughput, run);
        self
    }

    /// One benchmark for each parameter, `group/parameter`.
    ///
    /// ```
    /// # fn functions(bench: &mut perfguard_harness::Bench) {
    /// bench.group("sum").each([10, 1000], |bencher, size| bencher.iter(|| (0..*size).sum::<u64>()));
    /// # }
    /// ```
    pub fn each<P: Display>(
        &mut self,
        parameters: impl IntoIterator<Item = P>,
        mut run: impl FnMut(&mut Bencher, &P),
    ) -> &mut Self {
        for parameter in parameters {
            self.bench(&parameter, |bencher| run(bencher, &parameter));
        }
        self
    }

    /// One implementation or input among several that are to be compared, `group/variant`: the same as a benchmark, under a
    /// name that tells readers what it is for.
    pub fn variant(&mut self, name: impl Display, run: impl FnOnce(&mut Bencher)) -> &mut Self {
        self.bench(name, run)
    }

    /// A group in this group.
    pub fn group(&mut self, name: impl Display) -> Group<'_, 'v> {
        Group { name: format!("{}/{name}", self.name), throughput: self.throughput, bench: self.bench }
    }
}
