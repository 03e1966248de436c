//! The files that pairs run: pools of common layouts where they can be linked, else the executables as built.

use std::collections::BTreeMap;
use std::time::Duration;

use super::extra::Extra;
use super::matching::Both;
use super::prepare::Bench;
use super::sides::PreparedSide;
use crate::build::LayoutRequest;
use crate::cancel::CancellationToken;
use crate::clock::Clock;
use crate::event::{Event, EventSink};
use crate::measure::{PairTarget, SideProgram, driver_for};
use crate::model::{Artifact, BenchmarkId, Layouts, TargetKind};
use crate::process;

/// How many layouts of each side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LayoutChoice {
    /// A dozen, fewer where linking would cost more than a tenth of the budget.
    Auto,
    /// So many; one is the executable as built.
    Exactly(usize),
}

/// Layouts of each side, unless linking them is dear.
const USUAL: usize = 12;
/// Never fewer than these, where more than one is wanted.
const FEWEST: usize = 4;
/// Why a program of `[[target]]` has no layouts.
const NO_EXECUTABLE: &str = "layout not checked: perfguard did not build the program";
/// What linking once is believed to take before it was tried.
const FIRST_GUESS: Duration = Duration::from_millis(60);

/// The targets of a comparison: by base's and head's index in their sides, the number of the pair target, and on which
/// layouts it runs.
pub(super) struct Pools {
    pub(super) targets: Vec<PairTarget>,
    pub(super) layouts: Vec<Layouts>,
    pub(super) number: BTreeMap<(usize, usize), usize>,
}

/// What pools are made for.
pub(super) struct Wanted<'a> {
    pub(super) base: &'a PreparedSide,
    pub(super) head: &'a PreparedSide,
    pub(super) benchmarks: &'a [Both],
    pub(super) choice: LayoutChoice,
    pub(super) budget: Duration,
    pub(super) seed: u64,
    /// The kept folder of base's copy, where there are null pairs.
    pub(super) copy: Option<&'a str>,
    /// What is wanted of executables.
    pub(super) extra: &'a Extra<'a>,
}

impl<'a> Wanted<'a> {
    /// The benchmarks of two sides' targets.
    fn ids_of(&self, base: usize, head: usize) -> impl Iterator<Item = &'a BenchmarkId> + Clone {
        let benchmarks = self.benchmarks;
        benchmarks.iter().filter(move |both| (both.base, both.head) == (base, head)).map(|both| &both.id)
    }
}

/// Links the pools of every target that has one of the benchmarks.
pub(super) fn link_pools(
    bench: &mut Bench,
    wanted: &Wanted<'_>,
    clock: &dyn Clock,
    events: &mut dyn EventSink,
    cancel: &CancellationToken,
) -> Pools {
    let mut pools = Pools { targets: Vec::new(), layouts: Vec::new(), number: BTreeMap::new() };
    let mut keys: Vec<(usize, usize)> = wanted.benchmarks.iter().map(|both| (both.base, both.head)).collect();
    keys.sort_unstable();
    keys.dedup();
    let mut each = FIRST_GUESS;
    for (left, (base, head)) in (1..=keys.len()).rev().zip(&keys) {
        let (of_base, of_head) = (&wanted.base.prepared.targets[*base], &wanted.head.prepared.targets[*head]);
        let artifact =
            |target: &super::PreparedTarget| target.artifact.clone().expect("a listed benchmark has an executable");
        let (base_artifact, head_artifact) = (artifact(of_base), artifact(of_head));
        let sides = if wanted.copy.is_some() { 3 } else { 2 };
        let count = match wanted.choice {
            LayoutChoice::Exactly(count) => count,
            LayoutChoice::Auto => affordable(wanted.budget / u32::try_from(left).unwrap_or(u32::MAX), each, sides),
        };
        let as_built =
            |layouts| (vec![base_artifact.clone()], vec![head_artifact.clone()], vec![base_artifact.clone()], layouts);
        let is_program = of_head.id.kind == TargetKind::Program;
        let (bases, heads, copies, layouts) = if count <= 1 {
            as_built(Layouts::AsBuilt)
        } else if is_program {
            as_built(Layouts::NotChecked { reason: NO_EXECUTABLE.to_owned() })
        } else {
            let request = LayoutRequest { count, seed: wanted.seed, second_base: wanted.copy.is_some() };
            match bench.workbench.common_layouts(&base_artifact, &head_artifact, request, clock, cancel) {
                Ok(linked) => {
                    let took: Vec<Duration> = linked.link_ns.iter().map(|took| Duration::from_nanos(*took)).collect();
                    if let Some(count) = u32::try_from(took.len()).ok().filter(|count| *count > 0) {
                        each = took.iter().sum::<Duration>() / count;
                    }
                    let shared = linked.functions;
                    events.event(Event::Detail(format!(
                        "{}: {} common layouts; {} of {} functions of base and {} of head are the same",
                        of_head.id,
                        linked.base.len(),
                        shared.common,
                        shared.base,
                        shared.head
                    )));
                    let count = linked.base.len();
                    (linked.base, linked.head, linked.second_base, Layouts::Common { count })
                }
                Err(reason) => as_built(Layouts::NotChecked { reason: reason.in_a_row() }),
            }
        };
        let side = |artifacts: Vec<Artifact>, artifact: &Artifact, seat: &str| SideProgram {
            artifact: artifact.clone(),
            layouts: artifacts.into_iter().map(|one| one.program).collect(),
            seat: seat.to_owned(),
            fixed: wanted.extra.of_executable(artifact, &wanted.ids_of(*base, *head)),
        };
        let mut sides =
            vec![side(bases, &base_artifact, wanted.base.seat()), side(heads, &head_artifact, wanted.head.seat())];
        if let Some(copy) = wanted.copy {
            sides.push(side(copies, &base_artifact, copy));
        }
        // Reading and ordering functions needs more than what follows.
        process::settle();
        let harness = of_head.harness.as_ref().expect("a listed benchmark has a harness");
        pools.number.insert((*base, *head), pools.targets.len());
        pools.layouts.push(layouts);
        pools.targets.push(PairTarget {
            sides,
            driver: driver_for(harness.kind).expect("a listed benchmark has a driver"),
            version: harness.version.clone(),
        });
    }
    pools
}

/// So many layouts of each side as a tenth of a target's part of the budget can pay for.
fn affordable(budget: Duration, each: Duration, sides: u32) -> usize {
    let one = each.saturating_mul(sides).max(Duration::from_millis(1));
    let count = (budget / 10).as_nanos() / one.as_nanos();
    usize::try_from(count).unwrap_or(USUAL).clamp(FEWEST, USUAL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linking_takes_a_tenth_of_the_budget_at_most_but_four_layouts_at_least() {
        let link = Duration::from_millis(60);
        assert_eq!(affordable(Duration::from_mins(1), link, 3), 12);
        assert_eq!(affordable(Duration::from_secs(12), link, 3), 6);
        assert_eq!(affordable(Duration::from_secs(1), link, 3), 4);
    }
}
