//! The designs replayed on recorded pairs: real noise of this kind of machine, and a change whose size is known because it
//! is added.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Result, ensure};
use perfguard_stats::power::rate_interval;
use perfguard_stats::sequential::{Design, Limits, Plan, Scale, Verdict};

use super::grouped;
use super::pair_list::{self, Recorded};

/// Most pairs of a comparison.
const LAST: usize = 40;
/// Changes that are added, in per cent.
const CHANGES: [f64; 3] = [0.0, 3.0, 5.0];

/// A way to decide.
struct Method {
    name: &'static str,
    scale: Scale,
    /// Whether several processes may make one pair.
    several: bool,
}

const METHODS: [Method; 4] = [
    Method { name: "Yuen, fastest of several", scale: Scale::Yuen, several: true },
    Method { name: "Yuen, single processes", scale: Scale::Yuen, several: false },
    Method { name: "pooled, fastest of several", scale: Scale::Pooled, several: true },
    Method { name: "pooled, single processes", scale: Scale::Pooled, several: false },
];

/// What came out of one method on one file.
#[derive(Debug, Default)]
struct Counts {
    comparisons: u64,
    changed: u64,
    regressed: u64,
    unchanged: u64,
    pairs: usize,
    processes: usize,
}

/// The tables as Markdown.
pub(super) fn tables(root: &Path) -> Result<String> {
    let folder = pair_list::folder(root);
    let mut files: Vec<_> =
        fs_err::read_dir(&folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_, std::io::Error>>()?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "gz"));
    files.sort();
    ensure!(
        !files.is_empty(),
        "{} has no recorded pairs: `cargo xtask calibrate compare` makes them",
        folder.display()
    );
    let mut text = String::from(INTRODUCTION);
    for path in files {
        let pairs = pair_list::read(&path)?;
        let series = series(&pairs);
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();

        write!(
            text,
            "\n## `pairs/{name}`: {} pairs of {} benchmarks\n\n\
             | design | added | comparisons | called changed % | 95 % interval | regressed % | unchanged % | undecided % | pairs | processes a side |\n\
             |---|---|---|---|---|---|---|---|---|---|\n",
            pairs.len(),
            series.len()
        )?;
        for change in CHANGES {
            for method in &METHODS {
                row(&mut text, method, change, &replayed(&series, method, change)?)?;
            }
        }
    }
    Ok(text)
}

const INTRODUCTION: &str = "# The designs on recorded pairs\n
Written by `cargo xtask calibrate stats --recorded`; do not edit. The pairs that `cargo xtask calibrate compare` recorded \
of executables against themselves are dealt, benchmark by benchmark and in their order, to one comparison after the other; \
a change is added to head. Limits: margin 1 %, threshold 3 %; at most 40 pairs; first stage only (what it suspects is shown \
again on fresh pairs before it counts). *Fastest of several*: where the first seven pairs show two speeds, the fastest of \
three processes a side makes a pair. *Pooled* is the cheaper scale of all contrasts of two processes.\n";

/// The values of each benchmark, base's and head's, in the order in which they were taken.
fn series(pairs: &[Recorded]) -> BTreeMap<&str, Vec<(f64, f64)>> {
    let mut series: BTreeMap<&str, Vec<(f64, f64)>> = BTreeMap::new();
    for pair in pairs.iter().filter(|pair| pair.base > 0.0 && pair.head > 0.0) {
        series.entry(&pair.benchmark).or_default().push((pair.base, pair.head));
    }
    series
}

fn replayed(series: &BTreeMap<&str, Vec<(f64, f64)>>, method: &Method, change: f64) -> Result<Counts> {
    let plan = Plan { scale: method.scale, ..Plan::first_stage(Limits::default(), LAST) };
    let design = Arc::new(Design::new(plan)?);
    let factor = 1.0 + change / 100.0;
    let mut counts = Counts::default();
    for values in series.values() {
        let slower: Vec<(f64, f64)> = values.iter().map(|(base, head)| (*base, head * factor)).collect();
        let mut place = 0;
        loop {
            let mut left = slower.iter().skip(place);
            let next = || left.next().copied();
            let Some((decision, taken)) = grouped::compare(&design, method.several, next)? else { break };
            let is = |verdict| u64::from(decision.verdict == verdict);
            counts.comparisons += 1;
            counts.regressed += is(Verdict::Regressed);
            counts.changed += is(Verdict::Regressed) + is(Verdict::Improved);
            counts.unchanged += is(Verdict::Unchanged);
            counts.pairs += decision.pairs;
            counts.processes += taken;
            place += taken;
        }
    }
    Ok(counts)
}

fn row(text: &mut String, method: &Method, change: f64, counts: &Counts) -> Result<()> {
    let Counts { comparisons, changed, regressed, unchanged, .. } = *counts;
    if comparisons == 0 {
        writeln!(text, "| {} | {change} % | 0 | | | | | | | |", method.name)?;
        return Ok(());
    }
    let interval = rate_interval(changed, comparisons, 0.95)?;
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
    let (all, share) = (comparisons as f64, |count: u64| 100.0 * count as f64 / comparisons as f64);
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
    let (pairs, processes) = (counts.pairs as f64 / all, counts.processes as f64 / all);
    writeln!(
        text,
        "| {} | {change} % | {comparisons} | {:.2} | {:.2} … {:.2} | {:.2} | {:.2} | {:.2} | {pairs:.1} | {processes:.1} |",
        method.name,
        share(changed),
        100.0 * interval.low,
        100.0 * interval.high,
        share(regressed),
        share(unchanged),
        share(comparisons - changed - unchanged),
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Base and head with a wobble of half a per cent, and every so-manieth process a third slower.
    fn values(count: usize, slow_every: usize) -> Vec<(f64, f64)> {
        let wobble = |index: usize| f64::from(u32::try_from(index * 7 % 11).unwrap_or(0)) * 0.001;
        let slow = |index: usize| if index.is_multiple_of(slow_every) { 1.33 } else { 1.0 };
        let one = |index: usize| ((1.0 + wobble(index)) * slow(index), (1.0 + wobble(index + 5)) * slow(index + 1));
        (0..count).map(one).collect()
    }

    #[test]
    fn values_are_dealt_to_one_comparison_after_the_other_and_none_twice() {
        let series = BTreeMap::from([("quiet", values(100, 1000))]);
        let counts = replayed(&series, &METHODS[1], 0.0).expect("replayed");
        assert!(counts.comparisons > 5 && counts.processes <= 100, "{counts:?}");
        assert_eq!(counts.unchanged, counts.comparisons);
    }

    #[test]
    fn an_added_change_is_found_where_the_machine_has_two_speeds_too() {
        let series = BTreeMap::from([("two speeds", values(400, 3))]);
        let found = |method| replayed(&series, method, 5.0).expect("replayed");
        let (several, single) = (found(&METHODS[0]), found(&METHODS[1]));
        assert_eq!(several.regressed, several.comparisons);
        assert!(several.comparisons > 0 && single.regressed < single.comparisons, "{several:?} {single:?}");
    }
}
