//! Histories with one step.

use std::fmt::Write as _;

use perfguard_stats::random::Stream;
use perfguard_stats::search::Settings;

use super::methods::{Answer, Plan, Script, perfguard, plain};
use super::world::{World, count};
use crate::calibrate::noise::{BASE, Noise, scenario};
use crate::calibrate::parallel;

/// A kind of history, and a way to search it.
#[derive(Debug, Clone, Copy)]
struct Case {
    commits: usize,
    /// Size of the step, as a share.
    step: f64,
    noise: Noise,
    /// Standard deviation of the bias of each build.
    bias: f64,
    unbuildable: f64,
    method: Method,
}

#[derive(Debug, Clone, Copy)]
enum Method {
    Perfguard(Plan),
    Plain(Script),
}

const COMMITS: [usize; 4] = [16, 64, 256, 1024];
const STEPS: [f64; 3] = [0.03, 0.05, 0.10];
/// Blocks that a build costs where a table does not say otherwise.
const BUILD_COST: f64 = 3.0;

impl Case {
    fn perfguard(commits: usize, step: f64) -> Self {
        let settings = Settings { build_cost: BUILD_COST, budget: 2_000.0, ..Settings::default() };
        Self {
            commits,
            step,
            noise: BASE,
            bias: 0.0,
            unbuildable: 0.0,
            method: Method::Perfguard(Plan { settings, files: false }),
        }
    }

    fn plan(mut self, change: impl FnOnce(&mut Plan)) -> Self {
        if let Method::Perfguard(plan) = &mut self.method {
            change(plan);
        }
        self
    }

    fn run(&self, seed: u64) -> Tried {
        let mut stream = Stream::new(seed);
        let culprit = 1 + usize::try_from(stream.below(self.commits as u64)).unwrap_or_default();
        let size = (1.0 + self.step).ln();
        let mut world = World::new(self.commits, &[(culprit, size)], self.noise, self.bias, self.unbuildable, stream);
        let answer = match self.method {
            Method::Perfguard(plan) => perfguard(&mut world, plan, culprit, self.step < 0.0),
            Method::Plain(script) => plain(&mut world, script),
        };
        Tried {
            right: answer.commits == world.indistinguishable(culprit),
            held: answer.commits.contains(&culprit),
            built: world.built,
            failed: world.failed,
            blocks: world.blocks,
            answer,
        }
    }

    /// A row of a table: the cells after the name. Rows of the same size and step see the same histories.
    fn row(&self, replicates: usize) -> String {
        let first = ((self.commits as u64) << 44) ^ self.step.to_bits().rotate_left(20);
        let tried = parallel::map(replicates, |index| self.run(first.wrapping_add(index as u64)));
        let mean = |value: &dyn Fn(&Tried) -> f64| tried.iter().map(value).sum::<f64>() / count(tried.len());
        let share = |value: &dyn Fn(&Tried) -> bool| 100.0 * mean(&|tried| f64::from(u8::from(value(tried))));
        format!(
            "{:.1} | {:.1} | {:.3} | {:.1} | {:.2} | {:.1} | {:.2} | {:.1} |",
            share(&|tried| tried.right),
            share(&|tried| tried.held),
            mean(&|tried| tried.answer.claimed),
            share(&|tried| tried.answer.sure),
            mean(&|tried| count(tried.answer.commits.len())),
            mean(&|tried| count(tried.built)),
            mean(&|tried| count(tried.failed)),
            mean(&|tried| count(tried.blocks)),
        )
    }
}

/// What came of one history.
struct Tried {
    answer: Answer,
    right: bool,
    held: bool,
    built: usize,
    failed: usize,
    blocks: usize,
}

const HEAD: &str = "right % | held % | claimed | sure % | set | builds | failed | blocks |";

fn table(title: &str, first: &str, rows: Vec<(String, Case)>, replicates: usize) -> String {
    let columns = first.matches('|').count() + HEAD.matches('|').count() + 1;
    let mut text = format!(
        "\n## {title}\n\n{replicates} histories for each row.\n\n| {first} | {HEAD}\n|{}\n",
        "---|".repeat(columns)
    );
    for (name, case) in rows {
        let row = format!("| {name} | {}", case.row(replicates));
        eprintln!("{row}");
        let _ = writeln!(text, "{row}");
    }
    text
}

/// A share as people write it.
fn per_cent(share: f64) -> String {
    format!("{} %", (share * 1e4).round() / 100.0)
}

/// Every size and step, beside `git bisect run` with a script that takes a fixed number of blocks.
pub(crate) fn base(replicates: usize) -> String {
    let mut rows = Vec::new();
    for commits in COMMITS {
        for step in STEPS {
            let case = Case::perfguard(commits, step);
            rows.push((format!("{commits} | {} | perfguard", per_cent(step)), case));
            for (name, script) in [
                ("mean of 1", Script::Mean(1)),
                ("mean of 5", Script::Mean(5)),
                ("mean of 20", Script::Mean(20)),
                ("median of 10", Script::Median(10)),
            ] {
                rows.push((
                    format!("{commits} | {} | git bisect, {name}", per_cent(step)),
                    Case { method: Method::Plain(script), ..case },
                ));
            }
        }
    }
    table("Base noise", "commits | step | method", rows, replicates)
}

/// Noise that the search was not told of: its stored scale stays that of the base noise.
pub(crate) fn noise(replicates: usize) -> String {
    let mut rows = Vec::new();
    for name in ["spiky", "drift", "noisy2x", "quiet", "t3", "ar"] {
        for commits in COMMITS {
            for step in STEPS {
                let noise = scenario(name).unwrap_or(BASE);
                rows.push((
                    format!("{name} | {commits} | {}", per_cent(step)),
                    Case { noise, ..Case::perfguard(commits, step) },
                ));
            }
        }
    }
    table("Other noise", "noise | commits | step", rows, replicates)
}

/// Builds with a bias of their own, and what the search allows for.
pub(crate) fn layout(replicates: usize) -> String {
    let mut rows = Vec::new();
    for (truth, model) in
        [(0.0, 0.0), (0.0, 0.0025), (0.0025, 0.0025), (0.005, 0.005), (0.005, 0.0025), (0.01, 0.01), (0.01, 0.0025)]
    {
        for commits in [64, 256, 1024] {
            for step in STEPS {
                let case = Case { bias: truth, ..Case::perfguard(commits, step) };
                rows.push((
                    format!("{} | {} | {commits} | {}", per_cent(truth), per_cent(model), per_cent(step)),
                    case.plan(|plan| plan.settings.bias = model),
                ));
            }
        }
    }
    table("Layout bias", "bias | model's | commits | step", rows, replicates)
}

/// Commits that cannot be built.
pub(crate) fn unbuildable(replicates: usize) -> String {
    let mut rows = Vec::new();
    for share in [0.05, 0.1, 0.2] {
        for commits in COMMITS {
            for step in STEPS {
                let case = Case { unbuildable: share, ..Case::perfguard(commits, step) };
                rows.push((format!("{} | {commits} | {}", per_cent(share), per_cent(step)), case));
            }
        }
    }
    table("Unbuildable commits", "unbuildable | commits | step", rows, replicates)
}

/// Builds from nearly free to dear.
pub(crate) fn costs(replicates: usize) -> String {
    let mut rows = Vec::new();
    for cost in [0.3, 3.0, 30.0, 180.0, 1000.0] {
        for commits in [64, 1024] {
            for step in STEPS {
                let case = Case::perfguard(commits, step).plan(|plan| {
                    plan.settings.build_cost = cost;
                    plan.settings.budget = f64::INFINITY;
                });
                rows.push((format!("{cost} | {commits} | {}", per_cent(step)), case));
            }
        }
    }
    table("Build costs", "build, blocks | commits | step", rows, replicates)
}

/// Improvements, steps beyond the usual, and weights by changed files.
pub(crate) fn others(replicates: usize) -> String {
    let mut rows = Vec::new();
    for commits in [64, 1024] {
        for step in [-0.03, -0.05, -0.10, 0.5, 3.0, -0.6] {
            rows.push((format!("a step of {} | {commits}", per_cent(step)), Case::perfguard(commits, step)));
        }
        for step in STEPS {
            let case = Case::perfguard(commits, step).plan(|plan| plan.files = true);
            rows.push((format!("{}, weighed by changed files | {commits}", per_cent(step)), case));
        }
    }
    table("Improvements, large steps, files", "what | commits", rows, replicates)
}
