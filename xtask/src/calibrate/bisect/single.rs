//! Histories with one step.

use std::fmt::Write as _;

use perfguard_stats::random::Stream;
use perfguard_stats::search::Settings;

use super::methods::{Answer, Plan, Script, perfguard, plain};
use super::world::World;
use crate::calibrate::noise::{BASE, Noise, scenario};
use crate::calibrate::parallel;

/// A kind of history and a way to search it.
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

    fn run(&self, seed: u64) -> Result1 {
        let mut stream = Stream::new(seed);
        let culprit = 1 + usize::try_from(stream.below(self.commits as u64)).unwrap_or_default();
        let size = (1.0 + self.step).ln();
        let mut world =
            World::new(self.commits, &vec![(culprit, size)], self.noise, self.bias, self.unbuildable, stream);
        let answer = match self.method {
            Method::Perfguard(plan) => perfguard(&mut world, plan, culprit, self.step < 0.0),
            Method::Plain(script) => plain(&mut world, script),
        };
        Result1 {
            right: answer.commits == world.indistinguishable(culprit),
            held: answer.commits.contains(&culprit),
            built: world.built,
            failed: world.failed,
            blocks: world.blocks,
            answer,
        }
    }

    /// A row of a table: the cells after the name.
    fn row(&self, replicates: usize) -> String {
        let results = parallel::map(replicates, |index| {
            self.run(index as u64 ^ ((self.commits as u64) << 32) ^ ((self.step * 1e3) as i64 as u64) << 44)
        });
        let count = results.len() as f64;
        let mean = |value: &dyn Fn(&Result1) -> f64| results.iter().map(value).sum::<f64>() / count;
        let share = |value: &dyn Fn(&Result1) -> bool| 100.0 * mean(&|result| f64::from(u8::from(value(result))));
        let mut sizes: Vec<usize> = results.iter().map(|result| result.answer.commits.len()).collect();
        sizes.sort_unstable();
        format!(
            "{:.1} | {:.1} | {:.3} | {:.1} | {:.2} | {:.1} | {:.2} | {:.1} |",
            share(&|result| result.right),
            share(&|result| result.held),
            mean(&|result| result.answer.claimed),
            share(&|result| result.answer.sure),
            mean(&|result| result.answer.commits.len() as f64),
            mean(&|result| result.built as f64),
            mean(&|result| result.failed as f64),
            mean(&|result| result.blocks as f64),
        )
    }
}

struct Result1 {
    answer: Answer,
    right: bool,
    held: bool,
    built: usize,
    failed: usize,
    blocks: usize,
}

const HEAD: &str = "right % | in set % | claimed | sure % | set | builds | failed | blocks |\n";

fn table(title: &str, first: &str, rows: Vec<(String, Case)>, replicates: usize) -> String {
    let columns = first.matches('|').count() + 1;
    let mut text = format!("\n## {title}\n\n| {first} | {HEAD}|{}\n", "---|".repeat(columns + 8));
    for (name, case) in rows {
        let row = case.row(replicates);
        eprintln!("| {name} | {row}");
        let _ = writeln!(text, "| {name} | {row}");
    }
    text
}

pub(crate) fn base(replicates: usize) -> String {
    let mut rows = Vec::new();
    for commits in COMMITS {
        for step in STEPS {
            let case = Case::perfguard(commits, step);
            rows.push((format!("{commits} | {:.0} % | perfguard", step * 100.0), case));
            for (name, script) in [
                ("mean of 1", Script::Mean(1)),
                ("mean of 5", Script::Mean(5)),
                ("mean of 20", Script::Mean(20)),
                ("median of 10", Script::Median(10)),
            ] {
                rows.push((format!("{commits} | {:.0} % | {name}", step * 100.0), Case { method: Method::Plain(script), ..case }));
            }
        }
    }
    table("Base noise", "commits | step | method", rows, replicates)
}

pub(crate) fn noise(replicates: usize) -> String {
    let mut rows = Vec::new();
    for name in ["base", "spiky", "drift", "noisy2x", "quiet", "t3", "ar"] {
        for commits in COMMITS {
            for step in STEPS {
                let noise = scenario(name).unwrap_or(BASE);
                rows.push((format!("{name} | {commits} | {:.0} %", step * 100.0), Case { noise, ..Case::perfguard(commits, step) }));
            }
        }
    }
    table("Other noise", "noise | commits | step", rows, replicates)
}

pub(crate) fn layout(replicates: usize) -> String {
    let mut rows = Vec::new();
    for (truth, model) in [(0.0, 0.0), (0.0, 0.0025), (0.0025, 0.0025), (0.005, 0.005), (0.005, 0.0025), (0.01, 0.01), (0.01, 0.0025)] {
        for commits in [64, 256, 1024] {
            for step in STEPS {
                let case = Case { bias: truth, ..Case::perfguard(commits, step) };
                rows.push((
                    format!("{:.2} % | {:.2} % | {commits} | {:.0} %", truth * 100.0, model * 100.0, step * 100.0),
                    case.plan(|plan| plan.settings.bias = model),
                ));
            }
        }
    }
    table("Layout bias", "bias | model's | commits | step", rows, replicates)
}

pub(crate) fn unbuildable(replicates: usize) -> String {
    let mut rows = Vec::new();
    for share in [0.05, 0.1, 0.2] {
        for commits in COMMITS {
            for step in STEPS {
                let case = Case { unbuildable: share, ..Case::perfguard(commits, step) };
                rows.push((format!("{:.0} % | {commits} | {:.0} %", share * 100.0, step * 100.0), case));
            }
        }
    }
    table("Unbuildable commits", "unbuildable | commits | step", rows, replicates)
}

pub(crate) fn costs(replicates: usize) -> String {
    let mut rows = Vec::new();
    for cost in [0.3, 3.0, 30.0, 180.0, 1000.0] {
        for commits in [64, 1024] {
            for step in STEPS {
                let case = Case::perfguard(commits, step).plan(|plan| {
                    plan.settings.build_cost = cost;
                    plan.settings.budget = f64::INFINITY;
                });
                rows.push((format!("{cost} | {commits} | {:.0} %", step * 100.0), case));
            }
        }
    }
    table("Build costs", "build, blocks | commits | step", rows, replicates)
}

pub(crate) fn others(replicates: usize) -> String {
    let mut rows = Vec::new();
    for commits in [64, 1024] {
        for step in [-0.03, -0.05, -0.10, 0.5, 3.0, -0.6] {
            rows.push((format!("step {:.0} % | {commits}", step * 100.0), Case::perfguard(commits, step)));
        }
        for step in STEPS {
            let case = Case::perfguard(commits, step).plan(|plan| plan.files = true);
            rows.push((format!("files, {:.0} % | {commits}", step * 100.0), case));
        }
    }
    table("Improvements, large steps, files", "what | commits", rows, replicates)
}

pub(crate) fn probe(replicates: usize) -> String {
    let mut rows = Vec::new();
    for (name, commits, step) in [("base", 64, 0.03), ("drift", 16, 0.03), ("noisy2x", 16, 0.03), ("noisy2x", 16, 0.05), ("noisy2x", 256, 0.05)] {
        let noise = scenario(name).unwrap_or(BASE);
        rows.push((format!("{name} | {commits} | {:.0} %", step * 100.0), Case { noise, ..Case::perfguard(commits, step) }));
    }
    for (bias, commits, step) in [(0.005, 64, 0.03), (0.01, 64, 0.03)] {
        let case = Case { bias, ..Case::perfguard(commits, step) };
        rows.push((format!("bias {bias} | {commits} | {:.0} %", step * 100.0), case.plan(|plan| plan.settings.bias = bias)));
    }
    table("Probe", "noise | commits | step", rows, replicates)
}
