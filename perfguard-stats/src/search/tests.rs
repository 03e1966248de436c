//! Tests of the search as a whole, on values without noise or with a seeded one.

use super::*;
use crate::random::Stream;

const SETTINGS: Settings = Settings { certainty: 0.99, noise: 0.0165, bias: 0.0025, build_cost: 3.0, budget: 1e9 };

fn start(commits: usize) -> Search {
    Search::new(SETTINGS, &vec![1.0; commits], Some(Direction::Up), &[0.05; 8]).unwrap()
}

/// Runs a search; a commit without a value cannot be built. Gives the outcome and the commits that were asked for.
fn finish(search: &mut Search, value: impl Fn(usize) -> Option<f64>) -> (Outcome, Vec<usize>) {
    let mut asked = Vec::new();
    loop {
        match search.next_step() {
            Step::Measure { commit, blocks } => {
                asked.push(commit);
                match value(commit) {
                    Some(value) => search.observed(commit, &vec![value; blocks]).unwrap(),
                    None => search.skip(commit).unwrap(),
                }
            }
            Step::Done(outcome) => return (outcome, asked),
        }
    }
}

/// The level of a commit after one step of 5 %.
fn step_at(culprit: usize) -> impl Fn(usize) -> Option<f64> {
    move |commit| Some(if commit >= culprit { 0.05 } else { 0.0 })
}

#[test]
fn every_place_of_the_culprit_is_found_with_as_many_builds_as_a_binary_search_takes() {
    for culprit in 1..=32 {
        let (outcome, asked) = finish(&mut start(32), step_at(culprit));
        assert_eq!(outcome.ended, Ended::Found);
        assert_eq!(outcome.changes[0].commits, [culprit]);
        assert!((outcome.changes[0].effect - 0.05).abs() < 0.003, "{outcome:?}");
        let mut built = asked;
        built.sort_unstable();
        built.dedup();
        assert!(built.len() <= 7, "{culprit}: {built:?}");
    }
}

#[test]
fn an_improvement_is_found_and_its_effect_is_negative() {
    let mut search = Search::new(SETTINGS, &[1.0; 16], Some(Direction::Down), &[-0.05; 8]).unwrap();
    let (outcome, _) = finish(&mut search, |commit| Some(if commit >= 6 { -0.05 } else { 0.0 }));
    assert_eq!(outcome.changes[0].commits, [6]);
    assert!((outcome.changes[0].effect + 0.05).abs() < 0.003);
}

#[test]
fn ends_that_do_not_differ_are_refused() {
    let refused = |prior: &[f64], difference| Search::new(SETTINGS, prior, difference, &[0.05; 8]).err();
    assert_eq!(refused(&[1.0; 4], None), Some(StatsError::NoDifference));
    assert_eq!(refused(&[0.0; 4], Some(Direction::Up)), Some(StatsError::NoDifference));
    let mut search = start(4);
    assert_eq!(search.identical(0, 4), Err(StatsError::NoDifference));
    assert_eq!(search.posterior(), start(4).posterior());
    assert!(search.log().is_empty());
}

#[test]
fn a_culprit_that_cannot_be_built_is_named_with_the_next_commit_that_can() {
    let broken = |commit| if (9..=11).contains(&commit) { None } else { step_at(10)(commit) };
    let mut search = start(16);
    let (outcome, _) = finish(&mut search, broken);
    assert_eq!(outcome.ended, Ended::Found);
    assert_eq!(outcome.changes[0].commits, [9, 10, 11, 12]);
}

#[test]
fn a_commit_with_its_predecessors_executable_is_neither_asked_for_nor_named() {
    let mut prior = vec![1.0; 16];
    for commit in [5, 6, 7, 8, 12] {
        prior[commit - 1] = 0.0;
    }
    let mut search = Search::new(SETTINGS, &prior, Some(Direction::Up), &[0.05; 8]).unwrap();
    let (outcome, asked) = finish(&mut search, step_at(9));
    assert_eq!(outcome.changes[0].commits, [9]);
    assert!(asked.iter().all(|commit| prior[commit - 1] > 0.0), "{asked:?}");
}

#[test]
fn identical_executables_share_their_blocks_and_leave_no_change_between_them() {
    let mut shared = start(16);
    shared.observed(4, &[0.01, 0.02]).unwrap();
    shared.identical(4, 9).unwrap();
    shared.observed(9, &[0.015]).unwrap();
    let mut one = start(16);
    one.identical(9, 4).unwrap();
    one.observed(4, &[0.01, 0.02, 0.015]).unwrap();
    assert_eq!(shared.posterior(), one.posterior());
    assert!(shared.posterior()[4..9].iter().all(|mass| mass.total_cmp(&0.0).is_eq()));
}

#[test]
fn a_kept_executable_is_taken_before_one_that_must_be_built() {
    let mut search = start(64);
    for commit in 1..64 {
        search.set_build_cost(commit, 1_000.0).unwrap();
    }
    search.set_build_cost(20, 0.0).unwrap();
    assert!(matches!(search.next_step(), Step::Measure { commit: 20, .. }), "{:?}", search.next_step());
}

#[test]
fn commits_that_touched_the_sources_are_looked_at_first() {
    let mut prior = vec![TOUCHES_NOT; 64];
    prior[49] = TOUCHES;
    prior[50] = TOUCHES;
    prior[51] = TOUCHES;
    let mut search = Search::new(SETTINGS, &prior, Some(Direction::Up), &[0.05; 8]).unwrap();
    let (outcome, asked) = finish(&mut search, step_at(51));
    assert_eq!(outcome.changes[0].commits, [51]);
    assert!((45..=52).contains(&asked[0]), "{asked:?}");
}

#[test]
fn a_search_out_of_budget_returns_the_set_that_holds_the_culprit() {
    let settings = Settings { budget: 8.0, ..SETTINGS };
    let mut search = Search::new(settings, &[1.0; 64], Some(Direction::Up), &[0.05; 8]).unwrap();
    let (outcome, _) = finish(&mut search, step_at(40));
    assert_eq!(outcome.ended, Ended::Budget);
    assert!(search.spent() >= 8.0);
    let change = &outcome.changes[0];
    assert!(change.commits.len() > 1 && change.commits.contains(&40) && change.posterior >= 0.99, "{change:?}");
}

#[test]
fn a_commit_whose_own_bias_may_be_all_that_it_shows_ends_with_a_set() {
    let settings = Settings { bias: 0.01, ..SETTINGS };
    let mut search = Search::new(settings, &[1.0; 2], Some(Direction::Up), &[0.03; 8]).unwrap();
    let (outcome, _) = finish(&mut search, |commit| Some(if commit == 1 { 0.015 } else { 0.03 }));
    assert_eq!(outcome.ended, Ended::NothingToLearn);
    assert_eq!(outcome.changes[0].commits, [1, 2]);
}

#[test]
fn two_equal_steps_are_no_set_of_one_change() {
    // Halfway between the ends, what lies between the steps is as far from either.
    let value = |commit| Some(f64::from(u8::from(commit >= 3)) * 0.095 + f64::from(u8::from(commit >= 8)) * 0.095);
    let mut search = Search::new(SETTINGS, &[1.0; 10], Some(Direction::Up), &[0.19; 8]).unwrap();
    for commit in [2, 3, 7, 8] {
        search.observed(commit, &[value(commit).unwrap(); 2]).unwrap();
    }
    let one = search.outcome();
    assert!(one.changes[0].commits.len() > 1 && one.elsewhere > 0.9, "{one:?}");
    search.look_for_several();
    let (all, _) = finish(&mut search, value);
    let commits: Vec<_> = all.changes.iter().map(|change| change.commits.as_slice()).collect();
    assert_eq!(commits, [[3], [8]]);
}

#[test]
fn two_steps_are_both_named_once_several_are_looked_for() {
    let value = |commit| {
        Some(if commit >= 40 {
            0.09
        } else if commit >= 12 {
            0.05
        } else {
            0.0
        })
    };
    let mut search = Search::new(SETTINGS, &[1.0; 64], Some(Direction::Up), &[0.09; 8]).unwrap();
    let (one, _) = finish(&mut search, value);
    assert!(one.elsewhere > 0.05, "{one:?}");
    search.look_for_several();
    let (all, _) = finish(&mut search, value);
    let commits: Vec<_> = all.changes.iter().map(|change| change.commits.as_slice()).collect();
    assert_eq!(commits, [[12], [40]]);
    let again =
        Search::new(SETTINGS, &[1.0; 64], Some(Direction::Up), &[0.09; 8]).unwrap().replay(search.log()).unwrap();
    assert_eq!(again.next_step(), Step::Done(all));
}

#[test]
fn the_noise_follows_the_scatter_of_repeats_and_not_the_distance_between_commits() {
    let mut stream = Stream::new(5);
    let mut noisy = start(16);
    for commit in [4, 8, 12] {
        let blocks: Vec<f64> = (0..20).map(|_| 0.033 * stream.normal()).collect();
        noisy.observed(commit, &blocks).unwrap();
    }
    assert!((0.027..0.037).contains(&noisy.noise()), "{}", noisy.noise());
    let mut apart = start(16);
    for (commit, level) in [(4, -0.1), (8, 0.2), (12, 0.4)] {
        apart.observed(commit, &[level; 4]).unwrap();
    }
    assert!(apart.noise() <= SETTINGS.noise);
}

#[test]
fn a_report_that_is_refused_changes_nothing() {
    let mut search = start(4);
    let last = 4;
    assert_eq!(search.observed(5, &[0.0]), Err(StatsError::NoSuchCommit { commit: 5, last }));
    assert_eq!(search.observed(2, &[]), Err(StatsError::TooFew { needed: 1, given: 0 }));
    assert_eq!(search.observed(2, &[0.0, f64::NAN]), Err(StatsError::NotFinite { index: 1 }));
    assert_eq!(search.skip(9), Err(StatsError::NoSuchCommit { commit: 9, last }));
    assert_eq!(search.set_build_cost(2, -1.0), Err(StatsError::NotACost(-1.0)));
    assert!(search.log().is_empty());
    assert_eq!(search.posterior(), start(4).posterior());
}
