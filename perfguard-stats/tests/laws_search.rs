//! Laws of the search that hold whatever is measured.

use perfguard_stats::StatsError;
use perfguard_stats::random::Stream;
use perfguard_stats::search::{Direction, Ended, Search, Settings, Step, block_difference};
use proptest::prelude::*;

const COMMITS: usize = 12;

fn start() -> Search {
    Search::new(Settings::default(), &[1.0; COMMITS], Some(Direction::Up), &[0.05; 8]).expect("a sound start")
}

fn observe(search: &mut Search, reports: &[(usize, Vec<f64>)]) {
    for (commit, blocks) in reports {
        search.observed(*commit, blocks).expect("a commit of the range and finite values");
    }
}

/// Reports of some commits.
fn reports() -> impl Strategy<Value = Vec<(usize, Vec<f64>)>> {
    prop::collection::vec((1..=COMMITS, prop::collection::vec(-0.1_f64..0.15, 1..5)), 0..10)
}

fn close(one: &[f64], other: &[f64]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| (one - other).abs() < 1e-9)
}

/// Any report, sensible or not.
#[derive(Debug, Clone)]
enum Report {
    Observed(usize, Vec<f64>),
    Skip(usize),
    Identical(usize, usize),
    Cost(usize, f64),
    Several,
}

fn any_report() -> impl Strategy<Value = Report> {
    let commit = || 0..COMMITS + 2;
    let value = prop_oneof![8 => -1.0_f64..1.0, 1 => any::<f64>()];
    prop_oneof![
        4 => (commit(), prop::collection::vec(value, 0..5)).prop_map(|(commit, blocks)| Report::Observed(commit, blocks)),
        2 => commit().prop_map(Report::Skip),
        1 => (commit(), commit()).prop_map(|(one, other)| Report::Identical(one, other)),
        1 => (commit(), any::<f64>()).prop_map(|(commit, cost)| Report::Cost(commit, cost)),
        1 => Just(Report::Several),
    ]
}

fn report(search: &mut Search, report: &Report) -> Result<(), StatsError> {
    match report {
        Report::Observed(commit, blocks) => search.observed(*commit, blocks),
        Report::Skip(commit) => search.skip(*commit),
        Report::Identical(one, other) => search.identical(*one, *other),
        Report::Cost(commit, cost) => search.set_build_cost(*commit, *cost),
        Report::Several => {
            search.look_for_several();
            Ok(())
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_order_of_the_reports_does_not_matter(reports in reports(), seed in any::<u64>()) {
        let mut shuffled = reports.clone();
        Stream::new(seed).shuffle(&mut shuffled);
        let [one, other] = [reports, shuffled].map(|reports| {
            let mut search = start();
            observe(&mut search, &reports);
            search.posterior()
        });
        prop_assert!(close(&one, &other), "{one:?} {other:?}");
    }

    #[test]
    fn an_improvement_is_a_slowdown_upside_down(reports in reports()) {
        let [up, down] = [1.0, -1.0].map(|sign| {
            let direction = if sign > 0.0 { Direction::Up } else { Direction::Down };
            let mut search = Search::new(Settings::default(), &[1.0; COMMITS], Some(direction), &[sign * 0.05; 8]).unwrap();
            for (commit, blocks) in &reports {
                let blocks: Vec<f64> = blocks.iter().map(|value| sign * value).collect();
                search.observed(*commit, &blocks).unwrap();
            }
            (search.posterior(), search.outcome().changes[0].effect)
        });
        prop_assert!(close(&up.0, &down.0));
        prop_assert!((up.1 + down.1).abs() < 1e-9);
    }

    #[test]
    fn only_the_ratios_of_the_weights_count(reports in reports(), factor in 1e-3_f64..1e3) {
        let weights: Vec<f64> = (1..=COMMITS).map(|commit| 1.0 + 0.1 * f64::from(u32::try_from(commit).unwrap())).collect();
        let scaled: Vec<f64> = weights.iter().map(|weight| weight * factor).collect();
        let [one, other] = [weights, scaled].map(|prior| {
            let mut search = Search::new(Settings::default(), &prior, Some(Direction::Up), &[0.05; 8]).unwrap();
            observe(&mut search, &reports);
            search.posterior()
        });
        prop_assert!(close(&one, &other));
    }

    #[test]
    fn whatever_is_reported_the_state_stays_sound_and_replays(reports in prop::collection::vec(any_report(), 0..16)) {
        let mut search = start();
        for next in &reports {
            let before = search.log().len();
            let done = report(&mut search, next);
            prop_assert_eq!(search.log().len(), before + usize::from(done.is_ok()));
            let posterior = search.posterior();
            prop_assert!(posterior.iter().all(|mass| (0.0..=1.0 + 1e-9).contains(mass)), "{posterior:?}");
            prop_assert!((posterior.iter().sum::<f64>() - 1.0).abs() < 1e-9);
            prop_assert!(search.stretches().iter().all(|stretch| (0.0..=1.0).contains(&stretch.change)));
        }
        let step = search.next_step();
        match &step {
            Step::Measure { commit, blocks } => prop_assert!((1..=COMMITS).contains(commit) && (1..=6).contains(blocks)),
            Step::Done(outcome) => {
                prop_assert!(outcome.ended != Ended::NotYet);
                for change in &outcome.changes {
                    prop_assert!(!change.commits.is_empty() && change.commits.is_sorted());
                    prop_assert!(change.effect.is_finite() && change.deviation.is_finite());
                }
            }
        }
        let again = start().replay(search.log()).unwrap();
        prop_assert_eq!(again.posterior(), search.posterior());
        prop_assert_eq!(again.next_step(), step);
        prop_assert_eq!(again.log(), search.log());
    }

    #[test]
    fn whatever_it_starts_from_there_is_a_search_or_an_error_and_no_panic(
        prior in prop::collection::vec(prop_oneof![Just(0.0), Just(1.0), any::<f64>()], 0..6),
        ends in prop::collection::vec(any::<f64>(), 0..4),
        (certainty, noise, bias, build_cost, budget) in (any::<f64>(), any::<f64>(), any::<f64>(), any::<f64>(), any::<f64>()),
        sensible in any::<bool>(),
    ) {
        let settings = if sensible { Settings::default() } else { Settings { certainty, noise, bias, build_cost, budget } };
        if let Ok(search) = Search::new(settings, &prior, Some(Direction::Up), &ends) {
            prop_assert!((search.posterior().iter().sum::<f64>() - 1.0).abs() < 1e-9);
            search.next_step();
            search.outcome();
        }
    }

    #[test]
    fn a_block_is_a_finite_difference_or_an_error(values in prop::array::uniform4(any::<f64>())) {
        let [one, two, three, four] = values;
        let sound = values.iter().all(|value| value.is_finite() && *value > 0.0);
        let found = block_difference([one, two], [three, four]);
        prop_assert_eq!(found.is_ok(), sound);
        prop_assert!(found.is_err() || found.is_ok_and(f64::is_finite));
    }
}
