//! The order, the stopping and the ends of pairs, with scripted observations.

use std::collections::BTreeMap;
use std::convert::Infallible;

use super::super::simulated::{FakeClock, observation};
use super::*;
use crate::event::Silent;

const EACH: Duration = Duration::from_millis(10);

/// Gives each benchmark what its side's script says of its so-manieth process.
struct Scripted {
    clock: FakeClock,
    script: Box<dyn FnMut(usize, Side, u32) -> Result<f64, FailureKind>>,
    counts: BTreeMap<(usize, Side), u32>,
    /// Every process: jobs, side, layout.
    processes: Vec<(Vec<usize>, Side, usize)>,
}

impl PairExecutor for Scripted {
    fn observe(
        &mut self,
        jobs: &[usize],
        side: Side,
        layout: usize,
        _: &IterationControl,
    ) -> Result<Vec<Outcome>, Failure> {
        self.clock.advance(EACH);
        self.processes.push((jobs.to_vec(), side, layout));
        let mut outcomes = Vec::new();
        for job in jobs {
            let count = self.counts.entry((*job, side)).or_default();
            *count += 1;
            match (self.script)(*job, side, *count) {
                Ok(value) => outcomes.push(Outcome::Observed(observation(value).into(), Vec::new())),
                Err(kind) => {
                    return Err(Failure { kind, message: "scripted".to_owned(), output: String::new() });
                }
            }
        }
        Ok(outcomes)
    }
}

struct World {
    executor: Scripted,
    cancel: CancellationToken,
    /// What was heard, by benchmark: `base/head` of a pair, `null` of a null pair, the end.
    heard: Vec<(usize, String)>,
    /// Processes a side that are wanted on one layout.
    group: u32,
}

fn settings() -> PairSettings {
    PairSettings {
        control: IterationControl::default(),
        budget: Duration::from_mins(1),
        warm_up: true,
        null_every: None,
        null_least: 0,
        seed: 7,
    }
}

impl World {
    fn new(script: impl FnMut(usize, Side, u32) -> Result<f64, FailureKind> + 'static) -> Self {
        let executor = Scripted {
            clock: FakeClock::default(),
            script: Box::new(script),
            counts: BTreeMap::new(),
            processes: Vec::new(),
        };
        Self { executor, cancel: CancellationToken::new(), heard: Vec::new(), group: 1 }
    }

    /// Takes so many pairs of each benchmark; all share a unit, or none.
    fn measure(&mut self, count: usize, shared: bool, most: u32, settings: &PairSettings) -> Vec<PairsEnd> {
        let planned = (0..count).map(|job| PlannedPairs {
            id: format!("p::b::{job}").parse().unwrap(),
            unit: if shared { 0 } else { job },
            layouts: 4,
        });
        let planned = planned.collect();
        let clock = self.executor.clock.clone();
        let surroundings =
            PairSurroundings { executor: &mut self.executor, clock: &clock, cancel: &self.cancel, events: &mut Silent };
        let heard = &mut self.heard;
        let mut pairs = vec![0; count];
        let group = self.group;
        let done = measure_pairs(planned, settings, surroundings, &mut |_| {}, &mut |job, what| {
            heard.push((
                job,
                match what {
                    Heard::Pair(pair) => {
                        pairs[job] += 1;
                        format!("{}/{}", pair.base.value, pair.head.value)
                    }
                    Heard::Null(_) => "null".to_owned(),
                    Heard::End(end, _) => format!("{end:?}").split('(').next().unwrap().to_owned(),
                },
            ));
            Ok::<_, Infallible>(match pairs[job] {
                taken if taken >= most => Next::Enough,
                taken if group > 1 && taken % group != 0 => Next::SameLayout,
                _ => Next::More,
            })
        });
        done.unwrap_or_else(|never| match never {})
    }

    fn heard_of(&self, job: usize, what: &str) -> usize {
        self.heard.iter().filter(|(known, text)| *known == job && text == what).count()
    }
}

#[test]
fn every_benchmark_gets_whole_pairs_until_whoever_hears_has_enough() {
    let mut world = World::new(|job, side, _| {
        #[expect(clippy::cast_precision_loss, reason = "a small number")]
        let base = 100.0 + job as f64;
        Ok(if side == Side::Head { base * 2.0 } else { base })
    });
    let ends = world.measure(3, false, 5, &settings());
    assert_eq!(ends, vec![PairsEnd::Enough; 3]);
    assert_eq!(world.heard_of(1, "101/202"), 5);
    assert_eq!(world.executor.processes.len(), 3 * (1 + 2 * 5), "a warm-up of base each, and the pairs");
}

#[test]
fn the_order_within_a_pair_is_drawn_for_each_and_both_sides_have_the_same_layout() {
    let mut world = World::new(|_, _, _| Ok(1.0));
    world.measure(1, false, 40, &settings());
    let pairs: Vec<_> = world.executor.processes[1..].chunks(2).collect();
    assert!(pairs.iter().all(|pair| pair[0].2 == pair[1].2 && pair[0].1 != pair[1].1));
    let head_first = pairs.iter().filter(|pair| pair[0].1 == Side::Head).count();
    assert!((10..=30).contains(&head_first), "{head_first} of 40");
    for four in pairs.chunks(4) {
        let mut layouts: Vec<_> = four.iter().map(|pair| pair[0].2).collect();
        layouts.sort_unstable();
        assert_eq!(layouts, [0, 1, 2, 3], "each layout once before any comes again");
    }
}

#[test]
fn processes_that_make_one_pair_have_the_same_layout() {
    let mut world = World::new(|_, _, _| Ok(1.0));
    world.group = 3;
    world.measure(1, false, 12, &PairSettings { null_every: None, ..settings() });
    let layouts: Vec<usize> = world.executor.processes[1..].iter().map(|process| process.2).collect();
    assert_eq!(layouts.len(), 24);
    let of_pairs: Vec<usize> = layouts.chunks(6).map(|pair| pair[0]).collect();
    assert!(layouts.chunks(6).all(|pair| pair.iter().all(|layout| *layout == pair[0])), "{layouts:?}");
    let mut each = of_pairs.clone();
    each.sort_unstable();
    assert_eq!(each, [0, 1, 2, 3], "each layout in turn");
}

#[test]
fn the_same_seed_gives_the_same_order_and_another_one_another() {
    let processes = |seed| {
        let mut world = World::new(|_, _, _| Ok(1.0));
        world.measure(3, false, 6, &PairSettings { seed, ..settings() });
        world.executor.processes
    };
    assert_eq!(processes(1), processes(1));
    assert_ne!(processes(1), processes(2));
}

#[test]
fn null_pairs_come_in_between_and_never_fewer_than_asked() {
    let with_nulls = PairSettings { null_every: Some(16), null_least: 8, ..settings() };
    let nulls = |benchmarks, most| {
        let mut world = World::new(|_, _, _| Ok(1.0));
        world.measure(benchmarks, false, most, &with_nulls);
        world.heard.iter().filter(|(_, text)| text == "null").count()
    };
    assert_eq!(nulls(10, 32), 20, "one for every sixteen");
    assert_eq!(nulls(1, 8), 8, "at least eight");
}

#[test]
fn the_budget_ends_what_is_still_open() {
    let mut world = World::new(|_, _, _| Ok(1.0));
    let ends = world.measure(2, false, 1000, &PairSettings { budget: EACH * 50, ..settings() });
    assert_eq!(ends, vec![PairsEnd::Budget; 2]);
    assert_eq!(world.heard_of(0, "1/1") + world.heard_of(1, "1/1"), 24);
}

#[test]
fn where_the_budget_cannot_decide_all_some_are_left_out_and_the_others_decided() {
    let mut world = World::new(|_, _, _| Ok(1.0));
    let ends = world.measure(20, false, 8, &PairSettings { budget: EACH * 25 * 5, ..settings() });
    let decided = ends.iter().filter(|end| **end == PairsEnd::Enough).count();
    assert_eq!(decided, 5, "of 20");
    assert!(ends.iter().all(|end| matches!(end, PairsEnd::Enough | PairsEnd::Budget)));
}

#[test]
fn a_side_that_always_fails_is_named_and_the_others_go_on() {
    let mut world =
        World::new(|job, side, _| if job == 0 && side == Side::Head { Err(FailureKind::Exited) } else { Ok(1.0) });
    let ends = world.measure(2, false, 5, &settings());
    assert!(matches!(&ends[0], PairsEnd::Failed(Side::Head, failure) if failure.message == "scripted"), "{ends:?}");
    assert_eq!(ends[1], PairsEnd::Enough);
    assert_eq!(world.heard_of(0, "1/1"), 0);
}

#[test]
fn a_pair_with_a_failed_process_is_taken_again_and_too_many_end_it() {
    let rarely = |_, side, count| if side == Side::Head && count == 3 { Err(FailureKind::Exited) } else { Ok(1.0) };
    let mut world = World::new(rarely);
    assert_eq!(world.measure(1, false, 8, &settings()), [PairsEnd::Enough]);
    assert_eq!(world.heard_of(0, "1/1"), 8);
    let often = |_, side, count| if side == Side::Head && count % 2 == 0 { Err(FailureKind::Exited) } else { Ok(1.0) };
    let ends = World::new(often).measure(1, false, 40, &settings());
    assert!(matches!(ends[0], PairsEnd::TooManyFailures(Side::Head, _)), "{ends:?}");
}

#[test]
fn a_process_that_runs_into_its_time_limit_counts_as_the_slowest() {
    let slow = |_, side, count| if side == Side::Head && count == 3 { Err(FailureKind::TimedOut) } else { Ok(2.0) };
    let mut world = World::new(slow);
    assert_eq!(world.measure(1, false, 8, &settings()), [PairsEnd::Enough]);
    assert_eq!((world.heard_of(0, "2/2"), world.heard_of(0, "2/20")), (7, 1));
    let always = |_, side, _| if side == Side::Head { Err(FailureKind::TimedOut) } else { Ok(2.0) };
    let ends = World::new(always).measure(1, false, 8, &settings());
    assert!(matches!(ends[0], PairsEnd::Failed(Side::Head, _)), "a side that never ends has no value: {ends:?}");
}

#[test]
fn benchmarks_that_share_a_process_give_a_pair_each_and_part_when_it_fails() {
    let mut world = World::new(|_, _, _| Ok(1.0));
    world.measure(3, true, 5, &settings());
    assert_eq!(world.executor.processes.len(), 1 + 2 * 5);
    let mut world =
        World::new(
            |job, side, count| {
                if job == 1 && side == Side::Head && count > 2 { Err(FailureKind::Exited) } else { Ok(1.0) }
            },
        );
    let ends = world.measure(3, true, 6, &settings());
    assert_eq!((&ends[0], &ends[2]), (&PairsEnd::Enough, &PairsEnd::Enough));
    assert!(matches!(ends[1], PairsEnd::TooManyFailures(Side::Head, _)), "{ends:?}");
}

#[test]
fn cancelling_ends_everything_and_takes_no_half_pair() {
    let mut world = World::new(|_, _, _| Ok(1.0));
    world.cancel.cancel();
    assert_eq!(world.measure(2, false, 5, &settings()), vec![PairsEnd::Interrupted; 2]);
    assert!(world.executor.processes.is_empty());
}
