//! Histories with several steps.

use std::fmt::Write as _;

use perfguard_stats::random::Stream;
use perfguard_stats::search::Settings;

use super::methods::{Plan, drive, start};
use super::world::World;
use crate::calibrate::noise::BASE;
use crate::calibrate::parallel;

struct Counted {
    found: f64,
    all: bool,
    false_steps: usize,
    held: f64,
    built: usize,
    blocks: usize,
}

fn run(commits: usize, sizes: &[f64], bias: f64, one_first: bool, seed: u64) -> Counted {
    let mut stream = Stream::new(seed);
    let mut places: Vec<usize> = Vec::new();
    while places.len() < sizes.len() {
        let place = 1 + usize::try_from(stream.below(commits as u64)).unwrap_or_default();
        if places.iter().all(|other| other.abs_diff(place) >= 3) {
            places.push(place);
        }
    }
    let steps: Vec<(usize, f64)> = places.iter().zip(sizes).map(|(place, size)| (*place, (1.0 + size).ln())).collect();
    let mut world = World::new(commits, &steps, BASE, bias, 0.0, stream);
    let settings = Settings { build_cost: 3.0, budget: 2_000.0, bias: bias.max(0.0025), ..Settings::default() };
    let mut search = start(&mut world, Plan { settings, files: false }, &places, false);
    let mut outcome = None;
    if one_first {
        let one = drive(&mut world, &mut search);
        if one.elsewhere <= 0.05 && one.changes.iter().all(|change| change.commits.len() == 1) {
            outcome = Some(one);
        }
    }
    let outcome = outcome.unwrap_or_else(|| {
        search.look_for_several();
        drive(&mut world, &mut search)
    });
    let exact = |place: &usize| outcome.changes.iter().any(|change| change.commits == [*place]);
    let held = |place: &usize| outcome.changes.iter().any(|change| change.commits.contains(place));
    let found = places.iter().filter(|place| exact(place)).count();
    Counted {
        found: found as f64 / places.len() as f64,
        all: found == places.len() && outcome.changes.len() == places.len(),
        false_steps: outcome.changes.iter().filter(|change| !places.iter().any(|place| change.commits.contains(place))).count(),
        held: places.iter().filter(|place| held(place)).count() as f64 / places.len() as f64,
        built: world.built,
        blocks: world.blocks,
    }
}

pub(crate) fn table(replicates: usize) -> String {
    let mut text = String::from(
        "\n## Several steps\n\n| steps | bias | commits | one first | found % | held % | all right % | false a run | builds | blocks |\n|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for bias in [0.0, 0.005] {
        for sizes in [&[0.05][..], &[0.05, 0.03], &[0.05, -0.03], &[0.10, -0.04, 0.03], &[0.03, 0.03]] {
            for commits in [64, 256] {
                for one_first in [false, true] {
                    let results = parallel::map(replicates, |index| run(commits, sizes, bias, one_first, index as u64));
                    let count = results.len() as f64;
                    let mean = |value: &dyn Fn(&Counted) -> f64| results.iter().map(value).sum::<f64>() / count;
                    let names: Vec<String> = sizes.iter().map(|size| format!("{:+.0}", size * 100.0)).collect();
                    let row = format!(
                        "| {} | {:.1} % | {commits} | {one_first} | {:.1} | {:.1} | {:.1} | {:.3} | {:.1} | {:.0} |",
                        names.join(", "),
                        bias * 100.0,
                        100.0 * mean(&|one| one.found),
                        100.0 * mean(&|one| one.held),
                        100.0 * mean(&|one| f64::from(u8::from(one.all))),
                        mean(&|one| one.false_steps as f64),
                        mean(&|one| one.built as f64),
                        mean(&|one| one.blocks as f64),
                    );
                    eprintln!("{row}");
                    let _ = writeln!(text, "{row}");
                }
            }
        }
    }
    text
}
