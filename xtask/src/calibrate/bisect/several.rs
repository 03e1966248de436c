//! Histories with several steps.

use std::fmt::Write as _;

use perfguard_stats::random::Stream;
use perfguard_stats::search::Settings;

use super::methods::{Plan, drive, start};
use super::world::{World, count};
use crate::calibrate::noise::BASE;
use crate::calibrate::parallel;

/// Sizes of the steps, at commits in a random order.
const STEPS: [&[f64]; 5] = [&[0.05], &[0.05, 0.03], &[0.05, -0.03], &[0.10, -0.04, 0.03], &[0.03, 0.03]];

/// A kind of history, and a way to search it.
#[derive(Debug, Clone, Copy)]
struct Case {
    sizes: &'static [f64],
    bias: f64,
    commits: usize,
    /// Whether one step is searched for first, and several only if there seem to be more.
    one_first: bool,
}

/// What came of one history.
struct Tried {
    steps: usize,
    found: usize,
    held: usize,
    wrong: usize,
    built: usize,
    blocks: usize,
}

impl Case {
    fn run(&self, seed: u64) -> Tried {
        let mut stream = Stream::new(seed);
        let mut places: Vec<usize> = Vec::new();
        while places.len() < self.sizes.len() {
            let place = 1 + usize::try_from(stream.below(self.commits as u64)).unwrap_or_default();
            if places.iter().all(|other| other.abs_diff(place) >= 3) {
                places.push(place);
            }
        }
        let steps: Vec<(usize, f64)> = places.iter().copied().zip(self.sizes.iter().map(|size| size.ln_1p())).collect();
        let mut world = World::new(self.commits, &steps, BASE, self.bias, 0.0, stream);
        let settings =
            Settings { build_cost: 3.0, budget: 2_000.0, bias: self.bias.max(0.0025), ..Settings::default() };
        let mut search = start(&mut world, Plan { settings, files: false }, &places, false);
        let one = self.one_first.then(|| drive(&mut world, &mut search));
        let outcome = match one {
            Some(one) if one.elsewhere <= 0.05 => one,
            _ => {
                search.look_for_several();
                drive(&mut world, &mut search)
            }
        };
        let exact = |place: &&usize| outcome.changes.iter().any(|change| change.commits == [**place]);
        let held = |place: &&usize| outcome.changes.iter().any(|change| change.commits.contains(place));
        let holds_one = |commits: &[usize]| places.iter().any(|place| commits.contains(place));
        Tried {
            steps: places.len(),
            found: places.iter().filter(exact).count(),
            held: places.iter().filter(held).count(),
            wrong: outcome.changes.iter().filter(|change| !holds_one(&change.commits)).count(),
            built: world.built,
            blocks: world.blocks,
        }
    }

    fn row(&self, replicates: usize) -> String {
        let tried = parallel::map(replicates, |index| self.run(index as u64));
        let mean = |value: &dyn Fn(&Tried) -> f64| tried.iter().map(value).sum::<f64>() / count(tried.len());
        let names: Vec<String> = self.sizes.iter().map(|size| format!("{:+.0}", size * 100.0)).collect();
        format!(
            "| {} | {:.1} % | {} | {} | {:.1} | {:.1} | {:.1} | {:.3} | {:.1} | {:.0} |",
            names.join(", "),
            self.bias * 100.0,
            self.commits,
            if self.one_first { "one, then several" } else { "several" },
            100.0 * mean(&|tried| count(tried.found) / count(tried.steps)),
            100.0 * mean(&|tried| count(tried.held) / count(tried.steps)),
            100.0 * mean(&|tried| f64::from(u8::from(tried.found == tried.steps && tried.wrong == 0))),
            mean(&|tried| count(tried.wrong)),
            mean(&|tried| count(tried.built)),
            mean(&|tried| count(tried.blocks)),
        )
    }
}

/// Every combination of steps, with and without a bias of the builds.
pub(crate) fn table(replicates: usize) -> String {
    let mut text = format!(
        "\n## Several steps\n\n{replicates} histories for each row; the steps are at least three commits apart. *found*: steps named exactly; *all*: all of them, and none that is \
         not there; *wrong*: changes named that hold no step, for each history.\n\n\
         | steps | bias | commits | searched for | found % | held % | all % | wrong | builds | blocks |\n\
         |---|---|---|---|---|---|---|---|---|---|\n",
    );
    for bias in [0.0, 0.005] {
        for sizes in STEPS {
            for commits in [64, 256] {
                for one_first in [true, false] {
                    let row = Case { sizes, bias, commits, one_first }.row(replicates);
                    eprintln!("{row}");
                    let _ = writeln!(text, "{row}");
                }
            }
        }
    }
    text
}
