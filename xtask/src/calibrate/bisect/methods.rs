//! Ways to search one history: perfguard's, and plain bisection with a fixed number of samples.

use perfguard_stats::quantile::median;
use perfguard_stats::search::{Direction, Ended, Outcome, Search, Settings, Step, TOUCHES, TOUCHES_NOT};

use super::world::{World, count};

/// What a method said of a history.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// The commits that it names.
    pub(crate) commits: Vec<usize>,
    /// The probability that it claims.
    pub(crate) claimed: f64,
    /// Whether it stopped because it was sure.
    pub(crate) sure: bool,
}

/// How perfguard searches.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) settings: Settings,
    /// Whether commits that touched the benchmark's sources weigh more.
    pub(crate) files: bool,
}

/// Runs the search until it ends.
pub(crate) fn drive(world: &mut World, search: &mut Search) -> Outcome {
    loop {
        match search.next_step() {
            Step::Measure { commit, blocks } if world.build(commit) => {
                let values: Vec<f64> = (0..blocks).map(|_| world.block(commit).fastest).collect();
                search.observed(commit, &values).expect("the search's own commit and finite values");
            }
            Step::Measure { commit, .. } => search.skip(commit).expect("the search's own commit"),
            Step::Done(outcome) => return outcome,
        }
    }
}

/// A search that knows the ends.
pub(crate) fn start(world: &mut World, plan: Plan, culprits: &[usize], down: bool) -> Search {
    let prior: Vec<f64> = (1..=world.last())
        .map(|commit| {
            let chance = if culprits.contains(&commit) { 0.85 } else { 0.2 };
            match plan.files {
                true if world.stream().unit() < chance => TOUCHES,
                true => TOUCHES_NOT,
                false => 1.0,
            }
        })
        .collect();
    let ends: Vec<f64> = world.ends().iter().map(|block| block.fastest).collect();
    let direction = if down { Direction::Down } else { Direction::Up };
    Search::new(plan.settings, &prior, Some(direction), &ends).expect("the ends differ")
}

/// The search for one step.
pub(crate) fn perfguard(world: &mut World, plan: Plan, culprit: usize, down: bool) -> Answer {
    let mut search = start(world, plan, &[culprit], down);
    let outcome = drive(world, &mut search);
    let change = outcome.changes.into_iter().next().expect("one change");
    Answer { commits: change.commits, claimed: change.posterior, sure: outcome.ended == Ended::Found }
}

/// How a script under `git bisect run` decides.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Script {
    /// Mean of so many blocks above half of the ends' difference.
    Mean(usize),
    /// Median of so many blocks above half of the ends' difference.
    Median(usize),
}

/// Plain bisection: every answer is believed; a commit that cannot be built is passed over for a neighbour.
pub(crate) fn plain(world: &mut World, script: Script) -> Answer {
    let ends: Vec<f64> = world.ends().iter().map(|block| block.mean).collect();
    let half = 0.5 * median(&ends).expect("eight finite values");
    let (mut good, mut bad) = (0, world.last());
    let mut skipped = vec![false; bad + 1];
    loop {
        let middle = usize::midpoint(good, bad);
        let free = (good + 1..bad).filter(|commit| !skipped[*commit]);
        let Some(commit) = free.min_by_key(|commit| commit.abs_diff(middle)) else { break };
        if !world.build(commit) {
            skipped[commit] = true;
            continue;
        }
        let (Script::Mean(blocks) | Script::Median(blocks)) = script;
        let values: Vec<f64> = (0..blocks).map(|_| world.block(commit).mean).collect();
        let level = match script {
            Script::Mean(blocks) => values.iter().sum::<f64>() / count(blocks),
            Script::Median(_) => median(&values).expect("finite values"),
        };
        if (level > half) == (half > 0.0) { bad = commit } else { good = commit }
    }
    Answer { commits: (good + 1..=bad).collect(), claimed: 1.0, sure: true }
}
