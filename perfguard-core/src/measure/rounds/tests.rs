//! The order, the stopping and the ends of rounds, with scripted observations.

use std::convert::Infallible;

use super::super::simulated::{FakeClock, SimulatedExecutor};
use super::*;
use crate::event::Silent;
use crate::model::{IterationControl, Observations};

const EACH: Duration = Duration::from_millis(10);

fn settings() -> RunSettings {
    RunSettings {
        control: IterationControl::default(),
        warm_up_processes: 1,
        observations: Observations { min: 2, max: 4 },
        precision: 0.01,
        budget: Duration::from_mins(1),
        timeout: Duration::from_mins(1),
        output_limit: 1024,
        metrics: Vec::new(),
        timeline_ns: None,
        seed: 7,
        filter: Vec::new(),
        exact: false,
    }
}

/// A benchmark that was never observed.
fn planned(job: usize, unit: usize) -> Planned {
    let id = format!("p::b::{job}").parse().unwrap();
    Planned { id, unit, exact: false, values: Vec::new(), notes: Vec::new() }
}

struct World {
    executor: SimulatedExecutor,
    clock: FakeClock,
    cancel: CancellationToken,
    /// What was recorded, as text: `1=100` an observation of job 1, `1:Precise` its end.
    recorded: Vec<String>,
}

impl World {
    fn new(scripts: &[&[Result<f64, &'static str>]]) -> Self {
        let clock = FakeClock::default();
        let scripts = scripts.iter().map(|script| script.iter().copied().collect()).collect();
        let executor =
            SimulatedExecutor { clock: clock.clone(), each: EACH, scripts, order: Vec::new(), processes: Vec::new() };
        Self { executor, clock, cancel: CancellationToken::new(), recorded: Vec::new() }
    }

    /// Precise means: the last two values are the same.
    fn measure(&mut self, settings: &RunSettings, events: &mut dyn EventSink) -> Vec<Stopped> {
        self.measure_planned((0..self.executor.scripts.len()).map(|job| planned(job, job)).collect(), settings, events)
    }

    fn measure_planned(
        &mut self,
        planned: Vec<Planned>,
        settings: &RunSettings,
        events: &mut dyn EventSink,
    ) -> Vec<Stopped> {
        let clock = self.clock.clone();
        let surroundings = Surroundings {
            executor: &mut self.executor,
            clock: &clock,
            cancel: &self.cancel,
            events,
            relative_half_width: &|values| values.last_chunk::<2>().map(|[a, b]| (a - b).abs() / b),
        };
        let recorded = &mut self.recorded;
        let done = measure_rounds(planned, settings, surroundings, &mut |job, what| {
            recorded.push(match what {
                Recorded::Observation(observation) => format!("{job}={}", observation.value),
                Recorded::End { stopped, failure, notes } => {
                    let failure = failure.map(|failure| format!(" {}", failure.message)).unwrap_or_default();
                    format!("{job}:{stopped:?}{failure} {}", notes.len())
                }
            });
            Ok::<_, Infallible>(())
        });
        done.unwrap_or_else(|never| match never {})
    }
}

#[test]
fn a_benchmark_is_warmed_up_then_observed_until_it_is_precise() {
    let mut world = World::new(&[&[Ok(500.0), Ok(100.0), Ok(200.0), Ok(200.0)]]);
    assert_eq!(world.measure(&settings(), &mut Silent), [Stopped::Precise]);
    assert_eq!(world.recorded, ["0=100", "0=200", "0=200", "0:Precise 1"], "the warm-up is not recorded");
}

#[test]
fn the_fewest_and_the_most_observations_are_kept() {
    let settings = settings();
    let mut steady = World::new(&[&[Ok(100.0)]]);
    steady.measure(&settings, &mut Silent);
    assert_eq!(steady.recorded.len(), 3, "two observations and the end");
    let mut restless = World::new(&[&[Ok(1.0), Ok(1.0), Ok(2.0), Ok(3.0), Ok(4.0), Ok(5.0)]]);
    assert_eq!(restless.measure(&settings, &mut Silent), [Stopped::MostObservations]);
    assert_eq!(restless.recorded.len(), 5, "four observations and the end");
}

#[test]
fn each_round_visits_every_benchmark_once_in_an_order_that_the_seed_decides() {
    let order = |seed| {
        let mut world = World::new(&[&[Ok(1.0), Ok(2.0), Ok(3.0), Ok(4.0), Ok(5.0)][..]; 5]);
        world.measure(&RunSettings { seed, warm_up_processes: 0, ..settings() }, &mut Silent);
        world.executor.order
    };
    let first = order(1);
    for round in first.chunks(5) {
        let mut jobs = round.to_vec();
        jobs.sort_unstable();
        assert_eq!(jobs, [0, 1, 2, 3, 4]);
    }
    assert_ne!(first[..5], first[5..10], "drawn anew each round");
    assert_eq!(first, order(1), "the same seed, the same order");
    assert_ne!(first, order(2));
}

#[test]
fn a_failure_ends_its_benchmark_and_the_others_go_on() {
    let mut world = World::new(&[&[Ok(1.0), Ok(1.0), Err("broke")], &[Ok(1.0)]]);
    assert_eq!(world.measure(&settings(), &mut Silent), [Stopped::Failed, Stopped::Precise]);
    assert!(world.recorded.contains(&"0:Failed broke 1".to_owned()), "{:?}", world.recorded);
    assert!(world.recorded.contains(&"0=1".to_owned()), "what was observed before is kept");
}

#[test]
fn a_failing_warm_up_is_a_failure() {
    let mut world = World::new(&[&[Err("at once")]]);
    assert_eq!(world.measure(&settings(), &mut Silent), [Stopped::Failed]);
    assert_eq!(world.recorded, ["0:Failed at once 0"]);
}

#[test]
fn the_budget_ends_all_and_those_never_reached_are_told() {
    let mut world = World::new(&[&[Ok(1.0), Ok(2.0)][..]; 4]);
    let settings = RunSettings { budget: EACH * 2, ..settings() };
    assert_eq!(world.measure(&settings, &mut Silent), [Stopped::Budget; 4]);
    assert_eq!(world.executor.order.len(), 2, "no process is started after the budget is spent");
    assert_eq!(world.recorded.iter().filter(|line| line.contains("Budget")).count(), 4);
}

#[test]
fn slow_benchmarks_are_not_warmed_up_when_the_budget_would_not_reach_all() {
    let mut world = World::new(&[&[Ok(1.0), Ok(2.0), Ok(3.0)][..]; 4]);
    world.measure(&RunSettings { budget: EACH * 5, ..settings() }, &mut Silent);
    let observed = world.recorded.iter().filter(|line| line.contains('=')).count();
    assert_eq!(observed, 4, "one warm-up, then each once: {:?}", world.recorded);
}

#[test]
fn cancelling_ends_all_and_keeps_what_was_observed() {
    struct CancelAfter(CancellationToken, usize);
    impl EventSink for CancelAfter {
        fn event(&mut self, event: Event) {
            if matches!(event, Event::ObservationStarted { .. }) {
                self.1 -= 1;
                if self.1 == 0 {
                    self.0.cancel();
                }
            }
        }
    }
    let mut world = World::new(&[&[Ok(1.0), Ok(2.0), Ok(3.0), Ok(4.0)]]);
    let mut events = CancelAfter(world.cancel.clone(), 3);
    assert_eq!(world.measure(&settings(), &mut events), [Stopped::Interrupted]);
    assert_eq!(world.recorded, ["0=2", "0:Interrupted 1"], "the observation under way is dropped");
}

#[test]
fn an_error_of_recording_ends_the_measuring() {
    let mut world = World::new(&[&[Ok(1.0)]]);
    let clock = world.clock.clone();
    let surroundings = Surroundings {
        executor: &mut world.executor,
        clock: &clock,
        cancel: &world.cancel,
        events: &mut Silent,
        relative_half_width: &|_| None,
    };
    let done = measure_rounds(vec![planned(0, 0)], &settings(), surroundings, &mut |_, _| Err("disk full"));
    assert_eq!(done, Err("disk full"));
    assert_eq!(world.executor.order.len(), 2, "the warm-up and one observation");
}

#[test]
fn the_time_left_never_exceeds_the_budget_and_is_nothing_at_the_end() {
    let mut events = Vec::new();
    let settings = RunSettings { budget: EACH * 6, ..settings() };
    World::new(&[&[Ok(1.0), Ok(2.0), Ok(3.0)][..]; 3]).measure(&settings, &mut events);
    let left: Vec<_> = events
        .iter()
        .filter_map(|event| if let Event::ObservationFinished { left, .. } = event { Some(*left) } else { None })
        .collect();
    assert!(
        left.iter().enumerate().all(|(taken, left)| *left <= EACH * (5 - u32::try_from(taken).unwrap())),
        "{left:?}"
    );
    assert_eq!(left.last(), Some(&Duration::ZERO));
}

#[test]
fn the_time_left_is_said_to_be_a_limit_as_long_as_no_precision_is_known() {
    let mut events = Vec::new();
    World::new(&[&[Ok(1.0), Ok(2.0), Ok(3.0), Ok(3.0), Ok(3.0)]]).measure(&settings(), &mut events);
    let said: Vec<_> = events
        .iter()
        .filter_map(|event| {
            if let Event::ObservationFinished { left_at_most, .. } = event { Some(*left_at_most) } else { None }
        })
        .collect();
    let known = said.iter().position(|at_most| !at_most).unwrap();
    assert!(known > 0 && said[known..].iter().all(|at_most| !at_most), "{said:?}");
}

#[test]
fn benchmarks_of_a_unit_share_their_processes_until_each_has_enough() {
    let mut world = World::new(&[&[Ok(1.0), Ok(1.0), Ok(1.0)], &[Ok(1.0), Ok(2.0), Ok(3.0), Ok(3.0)]]);
    let ends = world.measure_planned(vec![planned(0, 0), planned(1, 0)], &settings(), &mut Silent);
    assert_eq!(ends, [Stopped::Precise, Stopped::Precise]);
    assert_eq!(world.executor.processes, [vec![0, 1], vec![0, 1], vec![0, 1], vec![1]], "the first is a warm-up");
}

#[test]
fn a_failure_inside_a_shared_process_is_one_benchmarks_and_the_others_get_another_process() {
    let mut world = World::new(&[&[Ok(1.0)], &[Err("broke")], &[Ok(2.0)]]);
    let planned = (0..3).map(|job| planned(job, 0)).collect();
    let ends = world.measure_planned(planned, &settings(), &mut Silent);
    assert_eq!(ends, [Stopped::Precise, Stopped::Failed, Stopped::Precise]);
    assert!(world.recorded.contains(&"2=2".to_owned()), "{:?}", world.recorded);
}

#[test]
fn a_shared_process_that_fails_without_saying_where_is_split_and_the_guilty_one_is_found() {
    let mut world = World::new(&[&[Ok(1.0)], &[Err("process died")], &[Ok(2.0)]]);
    let planned = (0..3).map(|job| planned(job, 0)).collect();
    let ends = world.measure_planned(planned, &settings(), &mut Silent);
    assert_eq!(ends, [Stopped::Precise, Stopped::Failed, Stopped::Precise]);
    assert!(world.executor.processes[1..].iter().all(|jobs| jobs.len() == 1), "{:?}", world.executor.processes);
}

#[test]
fn a_benchmark_that_wants_a_process_of_its_own_gets_it_and_the_others_stay_together() {
    let mut world = World::new(&[&[Err("alone"), Ok(1.0)], &[Ok(2.0)], &[Ok(3.0)]]);
    let planned = (0..3).map(|job| planned(job, 0)).collect();
    let ends = world.measure_planned(planned, &settings(), &mut Silent);
    assert_eq!(ends, [Stopped::Precise; 3]);
    assert!(world.executor.processes.contains(&vec![1, 2]) && world.executor.processes.contains(&vec![0]));
}

#[test]
fn what_an_earlier_part_of_a_run_took_counts() {
    let mut world = World::new(&[&[Ok(9.0), Ok(5.0)]]);
    let earlier = Planned { values: vec![4.0, 5.0], ..planned(0, 0) };
    assert_eq!(world.measure_planned(vec![earlier], &settings(), &mut Silent), [Stopped::Precise]);
    assert_eq!(world.recorded, ["0=5", "0:Precise 1"], "after a warm-up, one more is enough");
    let mut ended = World::new(&[&[Ok(1.0)]]);
    let whole = Planned { values: vec![5.0, 5.0], ..planned(0, 0) };
    assert_eq!(ended.measure_planned(vec![whole], &settings(), &mut Silent), [Stopped::Precise]);
    assert!(ended.executor.order.is_empty(), "it was killed between its last observation and its end");
}

#[test]
fn a_count_needs_one_observation_and_no_warm_up() {
    let mut world = World::new(&[&[Ok(1692.0)]]);
    let count = Planned { exact: true, ..planned(0, 0) };
    assert_eq!(world.measure_planned(vec![count], &settings(), &mut Silent), [Stopped::Exact]);
    assert_eq!(world.executor.order.len(), 1);
}
