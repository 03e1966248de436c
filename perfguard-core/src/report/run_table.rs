//! A run as a table that a person likes to read.

use super::format::{amount, bytes, change, count, counted, duration, one_line, percent, short};
use super::table::{Column, Row, Style, render, wrap};
use super::timeline::timeline_line;
use super::view::{BenchmarkRow, NotMeasuredRow, RunView};
use crate::model::{Harness, MetricId, NotMeasured, Note, built_in_metrics};

/// The run's table, what was not measured and what failed, and a line that says which run it is.
pub fn run_table(view: &RunView, style: Style) -> String {
    let columns = [
        Column { title: "benchmark", gives_way: 0 },
        Column { title: "median", gives_way: 0 },
        Column { title: "± 95 %", gives_way: 0 },
        Column { title: "spread", gives_way: 4 },
        Column { title: "n", gives_way: 3 },
        Column { title: "peak mem", gives_way: 2 },
        Column { title: "baseline", gives_way: 5 },
        Column { title: "change*", gives_way: 0 },
        Column { title: "95 %", gives_way: 1 },
    ];
    let remark = |note: &Note| Row::Remark(format!("note: {}", one_line(&note.0)));
    let mut rows = Vec::new();
    let same_target =
        |a: &BenchmarkRow, b: &BenchmarkRow| (&a.id.package, &a.id.target) == (&b.id.package, &b.id.target);
    for benchmarks in view.benchmarks.chunk_by(same_target) {
        let BenchmarkRow { id, harness: by, .. } = &benchmarks[0];
        rows.push(Row::Heading(format!("{}::{} ({})", id.package, id.target, harness(by))));
        let shared = shared_notes(benchmarks);
        rows.extend(shared.iter().map(|note| remark(note)));
        for row in benchmarks {
            rows.push(Row::Cells(cells(row)));
            rows.extend(more_metrics(row, &view.run.settings.metrics).map(Row::Remark));
            rows.extend(row.findings.iter().map(|finding| Row::Remark(one_line(&finding.message))));
            rows.extend(row.timeline.as_ref().and_then(timeline_line).map(Row::Remark));
            rows.extend(row.notes.iter().filter(|note| !shared.contains(note)).map(remark));
        }
    }
    let mut text = String::new();
    if !rows.is_empty() {
        text += &render(&columns, &rows, style);
    }
    text += &not_measured(&view.not_measured, style);
    text += &failures(view, style);
    text += &missed(view, style);
    text += &footer(view, style);
    text
}

/// What is to be remarked of every benchmark of a target: said once rather than below each. Of a benchmark that had no
/// turn nothing may be known.
fn shared_notes(benchmarks: &[BenchmarkRow]) -> Vec<&Note> {
    let is_known = |row: &&BenchmarkRow| !row.notes.is_empty() || row.estimates.contains_key(&row.decides);
    let known: Vec<_> = benchmarks.iter().filter(is_known).collect();
    let (Some(first), true) = (known.first(), known.len() > 1) else { return Vec::new() };
    first.notes.iter().filter(|note| known.iter().all(|row| row.notes.contains(note))).collect()
}

/// The medians of the metrics that the user asked for, and of those that the bench or the user gives.
fn more_metrics(row: &BenchmarkRow, asked: &[MetricId]) -> Option<String> {
    let is_shown = |id: &MetricId| (asked.contains(id) || MetricId::OF_HEAP.contains(id)) && *id != row.decides;
    let asked = built_in_metrics().into_iter().filter(|metric| is_shown(&metric.id));
    let shown: Vec<String> = asked
        .chain(row.own_metrics.iter().cloned())
        .filter_map(|metric| {
            let estimate = row.estimates.get(&metric.id)?;
            Some(format!("{} {}", metric.id, amount(metric.unit, estimate.median)))
        })
        .collect();
    (!shown.is_empty()).then(|| shown.join(", "))
}

/// A harness with its version.
pub(super) fn harness(harness: &Harness) -> String {
    match &harness.version {
        Some(version) => format!("{} {version}", harness.kind),
        None => harness.kind.to_string(),
    }
}

fn cells(row: &BenchmarkRow) -> Vec<String> {
    let name = format!("  {}", one_line(&row.id.name));
    let empty = String::new;
    let shown: fn(f64) -> String = if row.harness.kind.counts() { count } else { duration };
    let Some(time) = row.estimates.get(&row.decides) else {
        let said = if row.failure.is_some() { "failed" } else { "not reached" }.to_owned();
        let mut cells = vec![name, said];
        cells.resize(9, empty());
        return cells;
    };
    let unknown = if row.harness.kind.counts() { "exact" } else { "n/a" };
    let interval = time.relative_half_width().map_or_else(|| unknown.to_owned(), percent);
    let spread = time.spread.map_or_else(empty, percent);
    let memory = row.estimates.get(&MetricId::PEAK_MEMORY).map_or_else(empty, |estimate| bytes(estimate.median));
    let change_of = |ratio: f64| change(ratio).replace(" %", "");
    let (base, ratio, ends) = match &row.baseline {
        Some(base) => {
            let ends = base.interval.map(|ends| format!("{} … {}", change_of(ends.low), change_of(ends.high)));
            (shown(base.base.median), change(base.ratio), ends.unwrap_or_else(|| unknown.to_owned()))
        }
        None => (empty(), empty(), empty()),
    };
    vec![name, shown(time.median), interval, spread, time.observations.to_string(), memory, base, ratio, ends]
}

/// Targets that are not measured, those with the same reason together.
pub(super) fn not_measured<'a>(rows: impl IntoIterator<Item = &'a NotMeasuredRow>, style: Style) -> String {
    let mut groups: Vec<(&NotMeasuredRow, Vec<String>)> = Vec::new();
    for row in rows.into_iter().filter(|row| row.reason != NotMeasured::FilteredOut) {
        let target = row.target.to_string();
        match groups.iter_mut().find(|(first, _)| first.reason == row.reason) {
            Some((_, targets)) => targets.push(target),
            None => groups.push((row, vec![target])),
        }
    }
    let mut text = String::new();
    if !groups.is_empty() {
        text.extend([format!("\n{}\n", style.bold("not measured"))]);
    }
    for (row, targets) in groups {
        text += &wrap(&format!("{}: {}", targets.join(", "), one_line(&row.message)), style.width, 2);
        text.push('\n');
        if let Some(hint) = &row.hint {
            text += &style.dim(&wrap(&format!("hint: {hint}"), style.width, 4));
            text.push('\n');
        }
    }
    text
}

fn failures(view: &RunView, style: Style) -> String {
    let mut text = String::new();
    for row in &view.benchmarks {
        let Some(failure) = &row.failure else { continue };
        if text.is_empty() {
            text.extend([format!("\n{}\n", style.red("failed"))]);
        }
        text += &wrap(&format!("{}: {}", one_line(&row.id.to_string()), one_line(&failure.message)), style.width, 2);
        text.push('\n');
        for line in failure.output.lines() {
            text += &style.dim(&format!("    {}\n", one_line(line)));
        }
    }
    text
}

/// How many benchmarks miss a limit that fails the gate.
fn missed(view: &RunView, style: Style) -> String {
    let misses = |row: &&BenchmarkRow| row.findings.iter().any(|finding| finding.fails_gate);
    match view.benchmarks.iter().filter(misses).count() {
        0 => String::new(),
        count => {
            let which = counted(count, "benchmark");
            format!("\n{}\n", style.red(&format!("the gate fails: limits are missed by {which}")))
        }
    }
}

/// Which run this is, and of what.
fn footer(view: &RunView, style: Style) -> String {
    let mut text = String::new();
    if let Some(base) = view.benchmarks.iter().find_map(|row| row.baseline.as_ref()) {
        let commit = short(&base.commit);
        let words = format!(
            "* not paired: against baseline `{}` ({commit}), measured earlier; what drifted on the machine since is in it",
            base.name
        );
        text.extend([format!("\n{}\n", style.dim(&wrap(&words, style.width, 0)))]);
    }
    let source = &view.run.source;
    let of = match &source.commit {
        Some(commit) if source.dirty => format!("{} with changes", short(commit)),
        Some(commit) => short(commit).to_owned(),
        None => "no commit".to_owned(),
    };
    let when = view.run.started_at.get(..19).unwrap_or_default().replace('T', " ");
    let unfinished = if view.run.finished_at.is_some() { "" } else { ", not finished" };
    let run = style.cyan(&format!("run {}", view.run.id));
    text.extend([format!("\n{run} of {of}\n{when} UTC{unfinished}\n")]);
    text
}

#[cfg(test)]
mod tests;
