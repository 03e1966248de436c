//! How often the decision on pairs is wrong, right and undecided, and what it costs.

use std::fmt::Write as _;
use std::sync::Arc;

use anyhow::{Context, Result};
use perfguard_stats::multiplicity::suite_error_rate;
use perfguard_stats::power::highest_rate;
use perfguard_stats::random::Stream;
use perfguard_stats::sequential::boundary::TABLE_LEVELS;
use perfguard_stats::sequential::evidence::ENOUGH;
use perfguard_stats::sequential::{
    Decision, Design, Levels, Limits, Pair, Plan, Scale, SequentialTest, SignFlip, Verdict, boundary_constant,
    boundary_constants,
};

use super::noise::{BASE, Layout, Machine, Noise, QUIET, SCENARIOS};
use super::parallel;
use super::{StatsArgs, grouped};

/// Comparisons of a row: for a table that is kept, and for a first look.
const REPLICATES: (usize, usize) = (20_000, 1_000);
/// Rows without a change are simulated so many times as often: their rates are small.
const NULL_TIMES: usize = 10;
/// One task of a thread.
const BATCH: usize = 500;
/// Benchmarks of the suite that must not fail.
const SUITE: usize = 50;
/// True changes in per cent.
const EFFECTS: [f64; 13] = [0.0, 1.0, -1.0, 2.0, -2.0, 3.0, -3.0, 5.0, -5.0, 10.0, -10.0, 30.0, -30.0];
/// Largest numbers of pairs.
const LASTS: [usize; 2] = [24, 40];

/// What came out of many comparisons.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    comparisons: usize,
    regressed: usize,
    improved: usize,
    unchanged: usize,
    undecided: usize,
    pairs: usize,
    /// Intervals, and those of them that hold the truth.
    intervals: usize,
    held: usize,
}

impl Counts {
    fn of(decision: &Decision, effect: f64) -> Self {
        let is = |verdict| usize::from(decision.verdict == verdict);
        Self {
            comparisons: 1,
            regressed: is(Verdict::Regressed),
            improved: is(Verdict::Improved),
            unchanged: is(Verdict::Unchanged),
            undecided: is(Verdict::Undecided),
            pairs: decision.pairs,
            intervals: usize::from(decision.interval.is_some()),
            held: usize::from(
                decision.interval.is_some_and(|interval| interval.low <= effect && effect <= interval.high),
            ),
        }
    }

    fn add(self, other: Self) -> Self {
        Self {
            comparisons: self.comparisons + other.comparisons,
            regressed: self.regressed + other.regressed,
            improved: self.improved + other.improved,
            unchanged: self.unchanged + other.unchanged,
            undecided: self.undecided + other.undecided,
            pairs: self.pairs + other.pairs,
            intervals: self.intervals + other.intervals,
            held: self.held + other.held,
        }
    }

    fn rate(self, count: usize) -> f64 {
        real(count) / real(self.comparisons.max(1))
    }

    fn mean_pairs(self) -> f64 {
        self.rate(self.pairs)
    }
}

/// The tables as Markdown.
pub(crate) fn tables(args: &StatsArgs) -> Result<String> {
    let replicates = args.replicates.unwrap_or(if args.quick { REPLICATES.1 } else { REPLICATES.0 });
    let mut text = String::from(INTRODUCTION);
    for last in LASTS {
        rates(&mut text, last, replicates)?;
    }
    suites(&mut text, replicates)?;
    two_speeds(&mut text, replicates)?;
    slow_starts(&mut text, replicates)?;
    evidence(&mut text, replicates)?;
    pooled(&mut text, replicates)?;
    constants(&mut text, replicates)?;
    Ok(text)
}

const INTRODUCTION: &str = "# How often the decision is wrong\n
Written by `cargo xtask calibrate stats`; do not edit. Every row is simulated on noise whose truth is known \
(`xtask/src/calibrate/noise.rs` says what each kind is). Limits: margin 1 %, threshold 3 %. Per cent; *pairs* is the mean \
number of pairs until the decision.\n";

/// Many comparisons on one kind of noise, spread over threads.
fn simulate(plan: Plan, noise: Noise, effect: f64, replicates: usize, seed: u64) -> Result<Counts> {
    let design = Arc::new(Design::new(Plan { quantum: noise.tick, ..plan })?);
    let batches = parallel::map(replicates.div_ceil(BATCH), |batch| {
        let mut stream = Stream::new(seed.wrapping_mul(1 << 32).wrapping_add(batch as u64));
        let mut counts = Counts::default();
        for _ in 0..BATCH.min(replicates - batch * BATCH) {
            let mut machine = Machine::new(noise, &mut stream);
            let decision = compare(&design, || machine.pair(&mut stream, effect))?;
            counts = counts.add(Counts::of(&decision, effect));
        }
        Ok::<Counts, anyhow::Error>(counts)
    });
    batches.into_iter().try_fold(Counts::default(), |sum, counts| Ok(sum.add(counts?)))
}

/// One comparison, fed until it decides.
fn compare(design: &Arc<Design>, mut next: impl FnMut() -> (f64, f64)) -> Result<Decision> {
    let mut test = SequentialTest::new(Arc::clone(design));
    for _ in 0..design.plan().last {
        if test.decision().is_some() {
            break;
        }
        let (base, head) = next();
        test.push(Pair::from_logarithms(base, head)?);
    }
    Ok(test.finish())
}

fn rates(text: &mut String, last: usize, replicates: usize) -> Result<()> {
    writeln!(
        text,
        "\n## One stage, at most {last} pairs, {replicates} comparisons a row ({NULL_TIMES} times as many without a change)\n"
    )?;
    header(text, "noise | true change | regressed | improved | unchanged | undecided | pairs | 95 % interval holds")?;
    let plan = Plan::first_stage(Limits::default(), last);
    for (name, noise) in SCENARIOS {
        for (row, percent) in EFFECTS.into_iter().enumerate() {
            let times = if percent == 0.0 { NULL_TIMES } else { 1 };
            let seed = 1_000 * last as u64 + row as u64;
            let counts = simulate(plan, noise, (percent / 100.0).ln_1p(), replicates * times, seed)?;
            let share = |count| per_cent(counts.rate(count));
            writeln!(
                text,
                "| {name} | {percent:+} % | {} | {} | {} | {} | {:.1} | {} |",
                share(counts.regressed),
                share(counts.improved),
                share(counts.unchanged),
                share(counts.undecided),
                counts.mean_pairs(),
                // Without a look there is no interval.
                if counts.intervals == 0 {
                    "-".to_owned()
                } else {
                    per_cent(real(counts.held) / real(counts.intervals))
                },
            )?;
        }
    }
    Ok(())
}

/// Both stages: what a suite without a change does, and what becomes of a change of 5 %.
fn suites(text: &mut String, replicates: usize) -> Result<()> {
    for last in LASTS {
        writeln!(text, "\n## Both stages, at most {last} pairs each, in a suite of {SUITE}\n")?;
        writeln!(
            text,
            "The suite fails if any benchmark is called regressed by both stages. *At most*: with the one-sided 95 % limits of both rates.\n"
        )?;
        header(
            text,
            "noise | first stage, one comparison | second stage | suite fails after the first | after both | at most | 5 % slower: found by the first | by both | confirming pairs",
        )?;
        let first = Plan::first_stage(Limits::default(), last);
        let second = first.confirming(SUITE, None)?;
        for (name, noise) in SCENARIOS {
            let nulls = replicates * NULL_TIMES;
            let seed = 5_000 * last as u64;
            let one = simulate(first, noise, 0.0, nulls, seed)?;
            let two = simulate(second, noise, 0.0, nulls, seed + 1)?;
            let (slower, replicates) = (0.05_f64.ln_1p(), replicates);
            let found = simulate(first, noise, slower, replicates, seed + 2)?;
            let confirmed = simulate(second, noise, slower, replicates, seed + 3)?;
            let (false_one, false_two) = (one.rate(one.regressed), two.rate(two.regressed));
            let limit = |counts: Counts| highest_rate(counts.regressed as u64, counts.comparisons as u64, 0.95);
            let found_first = found.rate(found.regressed);
            writeln!(
                text,
                "| {name} | {} | {} | {} | {} | {} | {} | {} | {:.1} |",
                per_cent(false_one),
                per_cent(false_two),
                per_cent(suite_error_rate(false_one, 1.0, SUITE)?),
                per_cent(suite_error_rate(false_one, false_two, SUITE)?),
                per_cent(suite_error_rate(limit(one)?, limit(two)?, SUITE)?),
                per_cent(found_first),
                per_cent(found_first * confirmed.rate(confirmed.regressed)),
                confirmed.mean_pairs(),
            )?;
        }
    }
    fixed_layouts(text, replicates)
}

/// One executable a side, with the wider margin that stands in for layouts.
fn fixed_layouts(text: &mut String, replicates: usize) -> Result<()> {
    writeln!(text, "\n## One executable a side, where code cannot be ordered\n")?;
    writeln!(
        text,
        "The bias is the same in both stages, so that confirming does not help; only the margin does: so many standard \
         deviations of the difference of two layouts (3.5 are used). At most 40 pairs.\n"
    )?;
    header(
        text,
        "noise | layout's σ a side | deviations | margin | regressed without a change | suite of 50 fails | 5 % slower found | 10 %",
    )?;
    for (name, quiet) in [("base", false), ("quiet", true)] {
        for sigma in [0.0025, 0.005, 0.01] {
            for deviations in [2.0, 3.5] {
                let margin = (deviations * std::f64::consts::SQRT_2 * sigma).max(0.01_f64.ln_1p());
                let limits = Limits::new(margin.exp_m1(), (margin + 0.02).max(0.03_f64.ln_1p()).exp_m1())?;
                let plan = Plan::first_stage(limits, 40);
                let noise = Noise { layout: Layout::Fixed(sigma), ..if quiet { QUIET } else { BASE } };
                let null = simulate(plan, noise, 0.0, replicates * NULL_TIMES, 9)?;
                let alarms = null.rate(null.regressed);
                let found = |change: f64| simulate(plan, noise, change.ln_1p(), replicates, 10);
                let (five, ten) = (found(0.05)?, found(0.1)?);
                writeln!(
                    text,
                    "| {name} | {} | {deviations} | {} | {} | {} | {} | {} |",
                    per_cent(sigma),
                    per_cent(margin.exp_m1()),
                    per_cent(alarms),
                    per_cent(suite_error_rate(alarms, 1.0, SUITE)?),
                    per_cent(five.rate(five.regressed)),
                    per_cent(ten.rate(ten.regressed)),
                )?;
            }
        }
    }
    Ok(())
}

/// The head of a table.
fn header(text: &mut String, columns: &str) -> Result<()> {
    writeln!(text, "| {columns} |")?;
    writeln!(text, "|{}", "---|".repeat(columns.split('|').count()))?;
    Ok(())
}

/// Single processes, and the fastest of several, where half of all processes are slower.
fn two_speeds(text: &mut String, replicates: usize) -> Result<()> {
    writeln!(
        text,
        "\n## A machine of two speeds (at most 40 pairs)\n\nHalf of the processes are slower by so much, on both sides. \
         *Several*: where the first seven pairs show it, the fastest of three processes a side makes a pair. *Processes*: of \
         each side, until the decision.\n"
    )?;
    header(
        text,
        "noise | slower by | true change | a pair is made of | regressed | improved | unchanged | undecided | processes",
    )?;
    let design = Arc::new(Design::new(Plan::first_stage(Limits::default(), 40))?);
    let rows = [("quiet", QUIET, 0.35), ("base", BASE, 0.35), ("base", BASE, 0.15), ("base", BASE, 0.0)];
    for (name, noise, by) in rows {
        let noise = Noise { mode: f64::ln_1p(by), ..noise };
        for percent in [0.0, 3.0, 5.0] {
            for (word, several) in [("one", false), ("several", true)] {
                let effect = (percent / 100.0_f64).ln_1p();
                let batches = parallel::map(replicates.div_ceil(BATCH), |batch| {
                    let mut stream = Stream::new(99_000_000 + batch as u64);
                    let (mut counts, mut processes) = (Counts::default(), 0);
                    for _ in 0..BATCH {
                        let mut machine = Machine::new(noise, &mut stream);
                        let mut next =
                            || Some(machine.pair(&mut stream, effect)).map(|(base, head)| (base.exp(), head.exp()));
                        if let Some((decision, taken)) = grouped::compare(&design, several, &mut next)? {
                            counts = counts.add(Counts::of(&decision, effect));
                            processes += taken;
                        }
                    }
                    Ok::<_, anyhow::Error>((counts, processes))
                });
                let (mut counts, mut processes) = (Counts::default(), 0);
                for batch in batches {
                    let (more, taken) = batch?;
                    (counts, processes) = (counts.add(more), processes + taken);
                }
                let share = |count| per_cent(counts.rate(count));
                writeln!(
                    text,
                    "| {name} | {} | {percent:+} % | {word} | {} | {} | {} | {} | {:.1} |",
                    per_cent(by),
                    share(counts.regressed),
                    share(counts.improved),
                    share(counts.unchanged),
                    share(counts.undecided),
                    counts.rate(processes),
                )?;
            }
        }
    }
    Ok(())
}

/// A change that hits some starts only.
fn slow_starts(text: &mut String, replicates: usize) -> Result<()> {
    writeln!(text, "\n## Head's starts take twice as long now and then (base noise, at most 40 pairs)\n")?;
    header(text, "starts that do | regressed | unchanged | undecided | pairs")?;
    let design = Arc::new(Design::new(Plan::first_stage(Limits::default(), 40))?);
    for share in [0.0, 0.05, 0.1, 0.2, 0.3] {
        let mut stream = Stream::new(77);
        let mut counts = Counts::default();
        for _ in 0..replicates {
            let mut machine = Machine::new(BASE, &mut stream);
            let decision = compare(&design, || {
                let slow = if stream.unit() < share { 2.0_f64.ln() } else { 0.0 };
                let (base, head) = machine.pair(&mut stream, 0.0);
                (base, head + slow)
            })?;
            counts = counts.add(Counts::of(&decision, 0.0));
        }
        let rate = |count| per_cent(counts.rate(count));
        let (regressed, unchanged, undecided) =
            (rate(counts.regressed), rate(counts.unchanged), rate(counts.undecided));
        let (share, pairs) = (per_cent(share), counts.mean_pairs());
        writeln!(text, "| {share} | {regressed} | {unchanged} | {undecided} | {pairs:.1} |")?;
    }
    Ok(())
}

/// How often the sign-flip e-process reaches 200 within 24 pairs.
fn evidence(text: &mut String, replicates: usize) -> Result<()> {
    writeln!(text, "\n## The sign-flip e-process reaches {ENOUGH} within 24 pairs\n")?;
    header(text, "noise | change of the margin (at most .5 %) | 5 % slower | pairs to get there")?;
    let limits = Limits::default();
    for (name, noise) in SCENARIOS {
        let run = |effect: f64| {
            let counts = parallel::map(replicates.div_ceil(BATCH), |batch| {
                let mut stream = Stream::new(88_000_000 + batch as u64);
                let reached = (0..BATCH).map(|_| {
                    let mut machine = Machine::new(noise, &mut stream);
                    let mut process = SignFlip::new(limits.margin(), 0.02).ok()?;
                    (1..=24_usize).find(|_| {
                        let (base, head) = machine.pair(&mut stream, effect);
                        process.push(head - base);
                        process.value() >= ENOUGH
                    })
                });
                reached.flatten().fold((0_usize, 0_usize), |(count, pairs), needed| (count + 1, pairs + needed))
            });
            let sum = counts.iter().fold((0, 0), |sum, part| (sum.0 + part.0, sum.1 + part.1));
            (real(sum.0) / real(BATCH * replicates.div_ceil(BATCH)), real(sum.1) / real(sum.0.max(1)))
        };
        let (at_margin, (found, pairs)) = (run(limits.margin()).0, run(0.05_f64.ln_1p()));
        writeln!(text, "| {name} | {} | {} | {pairs:.1} |", per_cent(at_margin), per_cent(found))?;
    }
    Ok(())
}

/// The pooled scale beside Yuen's, where they differ.
fn pooled(text: &mut String, replicates: usize) -> Result<()> {
    writeln!(text, "\n## The pooled scale against Yuen's (at most 24 pairs)\n")?;
    header(text, "noise | true change | Yuen: regressed | unchanged | pairs | pooled: regressed | unchanged | pairs")?;
    let names = ["gauss", "base", "spiky", "drift", "sine P4 quiet", "bursts", "two modes 5 %", "3x outliers"];
    for name in names {
        let noise = super::noise::scenario(name).context("a known noise")?;
        for percent in [0.0, 3.0, 5.0] {
            let mut cells = String::new();
            for scale in [Scale::Yuen, Scale::Pooled] {
                let plan = Plan { scale, ..Plan::first_stage(Limits::default(), 24) };
                let counts = simulate(plan, noise, (percent / 100.0_f64).ln_1p(), replicates, 30)?;
                let (regressed, unchanged) = (counts.rate(counts.regressed), counts.rate(counts.unchanged));
                let pairs = counts.mean_pairs();
                write!(cells, " {} | {} | {pairs:.1} |", per_cent(regressed), per_cent(unchanged))?;
            }
            writeln!(text, "| {name} | {percent:+} % |{cells}")?;
        }
    }
    Ok(())
}

/// The tabled constants beside new ones from another seed.
fn constants(text: &mut String, replicates: usize) -> Result<()> {
    let paths = replicates * NULL_TIMES;
    writeln!(text, "\n## Constants C: tabled / simulated anew with {paths} paths\n")?;
    let levels: Vec<f64> = TABLE_LEVELS.into_iter().filter(|level| level * 2.0 * real(paths) >= 10.0).collect();
    let names: Vec<String> = levels.iter().map(ToString::to_string).collect();
    writeln!(text, "| scale | N | {} |", names.join(" | "))?;
    writeln!(text, "|---|---|{}", "---|".repeat(levels.len()))?;
    let rows: Vec<(Scale, usize)> = [Scale::Yuen, Scale::Pooled]
        .into_iter()
        .flat_map(|scale| [16, 20, 24, 32, 40, 48, 64, 128, 256].map(|last| (scale, last)))
        .collect();
    let simulated = parallel::map(rows.len(), |row| {
        let (scale, last) = rows[row];
        // The longest rows with fewer paths: they take longest.
        boundary_constants(scale, last, &levels, if last > 64 { paths / 4 } else { paths }, 20_261_121 + row as u64)
    });
    for ((scale, last), new) in rows.into_iter().zip(simulated) {
        let mut cells = String::new();
        match new {
            Ok(new) => {
                for (level, new) in levels.iter().zip(new) {
                    write!(cells, " {:.3} / {new:.3} |", boundary_constant(scale, last, *level)?)?;
                }
            }
            Err(error) => write!(cells, " {error} |")?,
        }
        writeln!(text, "| {scale:?} | {last} |{cells}")?;
    }
    let errors: Vec<String> = levels
        .iter()
        .map(|level| Ok(format!("{:.3}", constant_error(*level, boundary_constant(Scale::Yuen, 24, *level)?, paths))))
        .collect::<Result<_>>()?;
    writeln!(text, "| standard error | to 64 | {} |", errors.join(" | "))?;
    writeln!(
        text,
        "\nLevels: {:?} for the first stage, {:?} for the second in a suite of {SUITE}.",
        Levels::FIRST,
        Levels::confirming(SUITE)
    )?;
    Ok(())
}

/// The standard error of a constant from so many paths: that of the count beyond it, over how fast a normal tail falls.
fn constant_error(level: f64, constant: f64, paths: usize) -> f64 {
    1.0 / ((2.0 * real(paths) * level).sqrt() * (constant + 1.0 / constant))
}

/// A share in per cent, with the digits that matter.
fn per_cent(share: f64) -> String {
    let percent = share * 100.0;
    if percent <= 0.0 || percent >= 100.0 {
        format!("{percent:.0}")
    } else if percent < 5e-5 {
        "< .0001".to_owned()
    } else if !(0.1..=99.9).contains(&percent) {
        format!("{percent:.4}")
    } else {
        format!("{percent:.2}")
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
fn real(count: usize) -> f64 {
    count as f64
}
