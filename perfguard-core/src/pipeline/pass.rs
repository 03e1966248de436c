//! One pass over some benchmarks of two sides: which layouts, which processes they share, and the pairs.

use std::path::PathBuf;
use std::time::Duration;

use super::PipelineError;
use super::comparing::Comparing;
use super::layouts::{LayoutChoice, Pools, Wanted, link_pools};
use super::matching::Both;
use super::measuring::costly_set_up;
use super::prepare::{Bench, limits};
use super::stamps::Stamps;
use crate::build::Seat;
use crate::cancel::CancellationToken;
use crate::clock::Clock;
use crate::event::EventSink;
use crate::measure::{
    Hear, PairJob, PairSettings, PairSurroundings, PairTarget, PairsEnd, PlannedPairs, ProcessPairs, Sharing, Slowed,
    driver_for, measure_pairs,
};
use crate::model::{Side, Stage};

/// One null pair for so many pairs, and never fewer than so many.
const NULL_EVERY: u32 = 16;
const NULL_LEAST: u32 = 8;

impl Pools {
    /// The number of a benchmark's target.
    pub(super) fn of(&self, what: &Comparing<'_>, index: usize) -> usize {
        let both = &what.benchmarks[index];
        self.number[&(both.base, both.head)]
    }
}

/// One pass over some of the benchmarks.
pub(super) struct Pass<'a> {
    pub(super) stage: Stage,
    /// Their numbers.
    pub(super) members: &'a [usize],
    pub(super) budget: Duration,
    pub(super) seed: u64,
}

impl Pass<'_> {
    pub(super) fn link(
        &self,
        bench: &mut Bench,
        what: &Comparing<'_>,
        copy: Option<&str>,
        clock: &dyn Clock,
        events: &mut dyn EventSink,
        cancel: &CancellationToken,
    ) -> Pools {
        let benchmarks: Vec<Both> = self.members.iter().map(|index| what.benchmarks[*index].clone()).collect();
        let wanted = Wanted {
            base: what.base,
            head: what.head,
            benchmarks: &benchmarks,
            choice: match (self.stage, what.layouts) {
                // Whether a change is the layout's is shown over layouts.
                (Stage::Confirmation, LayoutChoice::Exactly(1)) => LayoutChoice::Auto,
                (_, choice) => choice,
            },
            budget: what.settings.budget,
            seed: self.seed,
            copy,
            extra: &what.extra,
        };
        link_pools(bench, &wanted, clock, events, cancel)
    }

    #[expect(clippy::too_many_arguments, reason = "one call of a private step")]
    pub(super) fn measure(
        &self,
        bench: &mut Bench,
        what: &Comparing<'_>,
        pools: Pools,
        warm_up: bool,
        clock: &dyn Clock,
        events: &mut dyn EventSink,
        cancel: &CancellationToken,
        costs: &mut dyn FnMut(&[Option<Duration>]),
        hear: &mut Hear<'_, PipelineError>,
    ) -> Result<Vec<PairsEnd>, PipelineError> {
        let (planned, jobs) = self.plan(what, &pools);
        let programs: Vec<Vec<(Side, PathBuf)>> = pools.targets.iter().map(programs).collect();
        let targets: Vec<usize> = jobs.iter().map(|job| job.target).collect();
        let stamps = Stamps::of(programs.iter().flatten().map(|(_, program)| program.as_path()));
        let settings = PairSettings {
            control: what.settings.control.clone(),
            budget: self.budget,
            warm_up,
            null_every: (self.stage == Stage::First && pools.targets.iter().all(|target| target.sides.len() > 2))
                .then_some(NULL_EVERY),
            null_least: NULL_LEAST,
            seed: self.seed,
        };
        let workbench = &mut bench.workbench;
        let mut seat = |key: &str| workbench.seat(Seat::Kept(key)).map(drop).map_err(|error| error.to_string());
        let mut executor = ProcessPairs {
            launcher: &mut bench.launcher,
            scratch: bench.scratch.path(),
            limits: limits(what.settings),
            cancel,
            clock,
            seat: &mut seat,
            targets: pools.targets,
            jobs,
        };
        let mut slowed = Slowed { inner: &mut executor, factor: what.slowdown };
        let surroundings = PairSurroundings { executor: &mut slowed, clock, cancel, events };
        let mut ends = measure_pairs(planned, &settings, surroundings, costs, hear)?;
        for (end, target) in ends.iter_mut().zip(targets) {
            let mut of_target = programs[target].iter();
            if let Some((side, failure)) =
                of_target.find_map(|(side, program)| Some((*side, stamps.broken([program.as_path()])?)))
            {
                *end = PairsEnd::Failed(side, failure);
            }
        }
        Ok(ends)
    }

    /// What is planned of each benchmark, and how it is observed.
    fn plan(&self, what: &Comparing<'_>, pools: &Pools) -> (Vec<PlannedPairs>, Vec<PairJob>) {
        let (mut planned, mut jobs) = (Vec::new(), Vec::new());
        let mut units: std::collections::BTreeMap<(usize, String), usize> = std::collections::BTreeMap::new();
        let mut next = 0;
        for index in self.members {
            let both = &what.benchmarks[*index];
            let number = pools.of(what, *index);
            let target = &what.head.prepared.targets[both.head];
            let harness = target.harness.as_ref().expect("a listed benchmark has a harness");
            let driver = driver_for(harness.kind).expect("a listed benchmark has a driver");
            let group = match driver.sharing(&both.id.name) {
                Sharing::Always(group) => Some(group),
                Sharing::WhereSetUpIsCostly => costly_set_up(target, what.settings).map(|_| ""),
                Sharing::Never => None,
            };
            let unit = match group {
                Some(group) => *units.entry((number, group.to_owned())).or_insert(next),
                None => next,
            };
            next = next.max(unit + 1);
            let layouts = pools.targets[number].sides[0].layouts.len();
            planned.push(PlannedPairs { id: both.id.clone(), unit, layouts });
            let statistic = what.tables.of(&both.id, "statistic").and_then(|name| name.parse().ok());
            jobs.push(PairJob {
                target: number,
                name: both.id.name.clone(),
                statistic: statistic.unwrap_or_default(),
                memory: None,
            });
        }
        (planned, jobs)
    }
}

/// The files of a target, each with whose they are.
fn programs(target: &PairTarget) -> Vec<(Side, PathBuf)> {
    // The copy of base stands for base.
    let sides = target.sides.iter().zip([Side::Base, Side::Head, Side::Base]);
    sides.flat_map(|(program, side)| program.layouts.iter().map(move |file| (side, file.clone()))).collect()
}
