//! What came out, as Markdown.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::Result;
use perfguard_core::environment;
use perfguard_core::model::Verdict;
use perfguard_stats::power::rate_interval;

use super::Outcome;
use super::counted::{Row, Suite, middle};
use super::workspace::{ALL, GROUP, PLANTED};
use crate::weather::Weather;

/// One line while it runs.
pub(super) fn in_short(outcome: &Outcome) -> String {
    let rows = || outcome.same.iter().flat_map(|suite| &suite.rows);
    let found = outcome.planted.iter().filter(|suite| planted(suite).is_some_and(|row| row.is(Verdict::Regressed)));
    format!(
        "{} suites failed, {} of {} comparisons claim a change, {} undecided; 5 % found {} of {}; {:.2} s a comparison",
        outcome.same.iter().filter(|suite| suite.failed).count(),
        rows().filter(|row| row.claims()).count(),
        rows().count(),
        rows().filter(|row| row.is(Verdict::Undecided)).count(),
        found.count(),
        outcome.planted.len(),
        seconds(&outcome.same, GROUP),
    )
}

fn planted(suite: &Suite) -> Option<&Row> {
    suite.rows.iter().find(|row| row.benchmark == PLANTED)
}

/// Median time of a suite for each of its benchmarks.
#[expect(clippy::cast_precision_loss, reason = "benchmarks of a suite")]
fn seconds(suites: &[Suite], benchmarks: usize) -> f64 {
    middle(suites.iter().map(|suite| suite.seconds / benchmarks as f64))
}

/// The whole of it; the pairs are in the file of this name.
pub(super) fn text(name: &str, weather: Weather, outcome: &Outcome) -> Result<String> {
    let machine = environment::detect();
    let mut text = format!(
        "# An executable against itself, on {weather}\n\n\
         Written by `cargo xtask calibrate compare --weather {}`; do not edit. Suites of {GROUP} criterion benchmarks are \
         compared by `cargo perfguard compare --force` with themselves, and with a commit in which one of them is 5 % \
         slower; in the same run criterion's `--save-baseline` and `--baseline` judge the ten (1 s of warm-up, 2 s of \
         measuring). Every pair without a change is in `pairs/{}.csv.gz`. Machine: {} logical processors, {}.\n\n",
        weather.name(),
        name,
        std::thread::available_parallelism()?,
        machine.cpu_model,
    );
    text.push_str("| what | count | of | % | 95 % interval |\n|---|---|---|---|---|\n");
    let mut row = |what: &str, count: usize, all: usize| -> Result<()> {
        let (count, all) = (count as u64, all as u64);
        if all == 0 {
            writeln!(text, "| {what} | 0 | 0 | | |")?;
            return Ok(());
        }
        let interval = rate_interval(count, all, 0.95)?;
        #[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
        let share = count as f64 / all as f64;
        let (low, high) = (100.0 * interval.low, 100.0 * interval.high);
        writeln!(text, "| {what} | {count} | {all} | {:.2} | {low:.2} … {high:.2} |", 100.0 * share)?;
        Ok(())
    };
    let rows: Vec<&Row> = outcome.same.iter().flat_map(|suite| &suite.rows).collect();
    let count = |rows: &[&Row], is: &dyn Fn(&Row) -> bool| rows.iter().filter(|row| is(row)).count();
    let decided = |row: &Row| row.is(Verdict::Unchanged);
    row(
        "suites that fail without a change",
        outcome.same.iter().filter(|suite| suite.failed).count(),
        outcome.same.len(),
    )?;
    row("suites called untrusted", outcome.same.iter().filter(|suite| suite.untrusted).count(), outcome.same.len())?;
    row("comparisons that claim a change", count(&rows, &Row::claims), rows.len())?;
    row("… by criterion", usize::try_from(outcome.criterion.claims)?, usize::try_from(outcome.criterion.comparisons)?)?;
    row("comparisons decided: unchanged", count(&rows, &decided), rows.len())?;
    for (name, low, high) in BANDS {
        let band: Vec<&Row> = rows.iter().copied().filter(|row| in_band(row, low, high)).collect();
        row(&format!("… pair spread {name}"), count(&band, &decided), band.len())?;
    }
    let slower: Vec<&Row> = outcome.planted.iter().filter_map(planted).collect();
    row("5 % slower: found", count(&slower, &|row| row.is(Verdict::Regressed)), slower.len())?;
    let sharp: Vec<&Row> = slower.iter().copied().filter(|row| in_band(row, 0.0, 0.02)).collect();
    row("… pair spread up to 2 %", count(&sharp, &|row| row.is(Verdict::Regressed)), sharp.len())?;
    row("5 % slower: called unchanged", count(&slower, &decided), slower.len())?;
    let others: Vec<&Row> =
        outcome.planted.iter().flat_map(|suite| &suite.rows).filter(|row| row.benchmark != PLANTED).collect();
    row("its nine neighbours blamed", count(&others, &Row::claims), others.len())?;
    times(&mut text, outcome)?;
    noise(&mut text, &rows)?;
    Ok(text)
}

/// Pair spreads, named.
const BANDS: [(&str, f64, f64); 3] =
    [("up to 2 %", 0.0, 0.02), ("2 to 4 %", 0.02, 0.04), ("above 4 %", 0.04, f64::INFINITY)];

fn in_band(row: &Row, low: f64, high: f64) -> bool {
    row.spread.is_some_and(|spread| low <= spread && spread < high)
}

fn times(text: &mut String, outcome: &Outcome) -> Result<()> {
    let ten = seconds(&outcome.same, GROUP);
    let fifty = seconds(&outcome.whole, ALL);
    let criterion = middle(outcome.criterion_seconds.iter().copied());
    #[expect(clippy::cast_precision_loss, reason = "fifty")]
    let all = ALL as f64;
    let whole: Vec<String> = outcome.whole.iter().map(|suite| format!("{:.1}", suite.seconds)).collect();
    writeln!(
        text,
        "\nTime of the whole command, linking included, executables built: {ten:.2} s a benchmark in suites of {GROUP}; \
         {:.1} s for {ALL} (median of {}). Criterion's two passes at its defaults take {criterion:.1} s a benchmark, \
         {:.0} s for {ALL}: {:.0} times as long.",
        fifty * all,
        whole.join(", "),
        criterion * all,
        criterion / fifty,
    )?;
    Ok(())
}

fn noise(text: &mut String, rows: &[&Row]) -> Result<()> {
    text.push_str(
        "\n| benchmark | pair spread, median % | 90th percentile % | layout's part | pairs | undecided |\n|---|---|---|---|---|---|\n",
    );
    let mut of: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        of.entry(&row.benchmark).or_default().push(row);
    }
    for (benchmark, rows) in of {
        let mut spreads: Vec<f64> = rows.iter().filter_map(|row| row.spread).collect();
        spreads.sort_by(f64::total_cmp);
        let ninth = spreads.get(spreads.len() * 9 / 10).copied().unwrap_or(f64::NAN);
        let undecided = rows.iter().filter(|row| row.is(Verdict::Undecided)).count();
        writeln!(
            text,
            "| {benchmark} | {:.2} | {:.2} | {} | {:.1} | {undecided} of {} |",
            100.0 * middle(spreads),
            100.0 * ninth,
            layout_part(&rows),
            mean(rows.iter().map(|row| f64::from(row.pairs))),
            rows.len(),
        )?;
    }
    Ok(())
}

/// What layouts have of the spread. A benchmark whose pairs hardly differ has nothing to take a part of.
fn layout_part(rows: &[&Row]) -> String {
    let share = middle(rows.iter().filter_map(|row| row.layout_share));
    if share.is_nan() { "-".to_owned() } else { format!("{share:.2}") }
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "rows of a table")]
    let count = values.len().max(1) as f64;
    values.sum::<f64>() / count
}
