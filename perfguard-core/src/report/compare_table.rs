//! A comparison as a table that a person likes to read, with a sentence that says why for every row that is not dull.

use std::collections::BTreeMap;

use super::compare_view::CompareView;
use super::format::{bytes, change, count, duration, one_line, percent, quoted};
use super::table::{Column, Row, Style, render, wrap};
use crate::model::{Comparison, GateEffect, MetricId, NotMeasured, Severity, Verdict};

/// How much is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amount {
    /// Every benchmark.
    All,
    /// Only those that are not unchanged, as `check` shows it.
    Remarkable,
}

impl Amount {
    /// The flag by which whoever sees so much gives more time.
    fn more_time(self) -> &'static str {
        match self {
            Self::All => "a larger `--budget`",
            Self::Remarkable => "a larger `--within`",
        }
    }
}

/// The comparison's table, what the whole shows, and what the gate says.
pub fn compare_table(view: &CompareView, amount: Amount, style: Style) -> String {
    let mut text = String::new();
    let rows = rows(view, amount);
    if rows.iter().any(|row| matches!(row, Row::Cells(_))) {
        text += &render(&COLUMNS, &rows, style);
    } else if amount == Amount::All {
        for row in &rows {
            if let Row::Heading(heading) = row {
                text.extend([format!("{}\n", style.bold(heading))]);
            }
        }
    }
    text += &not_measured(view, style);
    text += &whole(view, amount, style);
    text += &summary(view, amount, style);
    text
}

const COLUMNS: [Column<'static>; 8] = [
    Column { title: "benchmark", gives_way: 0 },
    Column { title: "base", gives_way: 3 },
    Column { title: "head", gives_way: 2 },
    Column { title: "change", gives_way: 0 },
    Column { title: "95 %", gives_way: 1 },
    Column { title: "pairs", gives_way: 4 },
    Column { title: "spread", gives_way: 5 },
    Column { title: "verdict", gives_way: 0 },
];

fn rows(view: &CompareView, amount: Amount) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut by_target: BTreeMap<(&str, &str), Vec<&Comparison>> = BTreeMap::new();
    for one in &view.comparisons {
        by_target.entry((&one.id.package, &one.id.target)).or_default().push(one);
    }
    for ((package, target), all) in by_target {
        let not_run = all.iter().filter(|one| is_identical(one)).count();
        let is_shown = |one: &&&Comparison| {
            !is_identical(one) && !is_unreached(one) && (amount == Amount::All || is_remarkable(one))
        };
        let shown: Vec<&&Comparison> = all.iter().filter(is_shown).collect();
        let identical = match (not_run, all.len()) {
            (0, _) => String::new(),
            (count, all) if count == all => format!(": identical on both sides, {count} not run"),
            (count, _) => format!(" ({count} identical on both sides, not run)"),
        };
        if shown.is_empty() && amount == Amount::Remarkable {
            continue;
        }
        rows.push(Row::Heading(format!("{package}::{target}{identical}")));
        for one in shown {
            rows.push(Row::Cells(cells(one)));
            rows.extend(remarks(one).into_iter().map(Row::Remark));
        }
    }
    rows
}

/// Whether a benchmark was not run because both sides are the same.
fn is_identical(one: &Comparison) -> bool {
    one.verdict == Verdict::Unchanged && one.evidence.pairs == 0
}

/// Whether a benchmark's turn never came, and nothing else is known of it: all of these are one line below the table.
fn is_unreached(one: &Comparison) -> bool {
    let nothing = one.evidence.pairs == 0 && one.failure.is_none() && one.findings.is_empty();
    one.verdict == Verdict::Undecided && nothing
}

fn is_remarkable(one: &Comparison) -> bool {
    one.verdict != Verdict::Unchanged || !one.findings.is_empty()
}

pub(super) fn amount_of(metric: &MetricId) -> fn(f64) -> String {
    if *metric == MetricId::INSTRUCTIONS {
        count
    } else if *metric == MetricId::PEAK_MEMORY {
        bytes
    } else {
        duration
    }
}

fn cells(one: &Comparison) -> Vec<String> {
    let amount = amount_of(&one.metric);
    let change_of = |ratio: f64| change(ratio).replace(" %", "");
    let (ratio, ends) = match &one.effect {
        Some(effect) => {
            let ends = effect.interval.map(|ends| format!("{} … {}", change_of(ends.low), change_of(ends.high)));
            (change(effect.ratio), ends.unwrap_or_default())
        }
        None => (String::new(), String::new()),
    };
    let evidence = &one.evidence;
    let pairs = match (evidence.pairs, evidence.confirming) {
        (0, _) => String::new(),
        (pairs, 0) => pairs.to_string(),
        (pairs, fresh) => format!("{pairs}+{fresh}"),
    };
    let pairs =
        if evidence.repeats > 1 && evidence.pairs > 0 { format!("{pairs} ×{}", evidence.repeats) } else { pairs };
    vec![
        format!("  {}", one_line(&one.id.name)),
        one.base.map(amount).unwrap_or_default(),
        one.head.map(amount).unwrap_or_default(),
        ratio,
        ends,
        pairs,
        evidence.pair_spread.map(percent).unwrap_or_default(),
        verdict(one),
    ]
}

pub(super) fn verdict(one: &Comparison) -> String {
    match (&one.gate, one.severity) {
        (GateEffect::Accepted { .. }, _) => format!("{} (accepted)", one.verdict),
        (GateEffect::NotGated, _) => format!("{} (not gated)", one.verdict),
        (GateEffect::Passes | GateEffect::Fails, Severity::None) => one.verdict.to_string(),
        (GateEffect::Passes | GateEffect::Fails, severity) => format!("{} ({severity})", one.verdict),
    }
}

/// What is said below a row.
fn remarks(one: &Comparison) -> Vec<String> {
    let mut said = Vec::new();
    if one.verdict != Verdict::Unchanged {
        let mut reason = one_line(&one.reason);
        if one.verdict == Verdict::Undecided {
            if let Some(smallest) = one.evidence.smallest_visible {
                reason.extend([format!("; a change of {} would have been seen", percent(smallest))]);
            }
            if let Some(needed) = one.evidence.pairs_needed {
                reason.extend([format!("; about {needed} more pairs are needed")]);
            }
            if let Some(share) = one.evidence.layout_share.filter(|share| *share > 0.5) {
                reason.extend([format!("; {} of the noise is layout", percent(share))]);
            }
        }
        said.push(reason);
    }
    if one.suite_wide {
        said.push("suite-wide: most benchmarks moved by one factor".to_owned());
    }
    if let GateEffect::Accepted { reason } = &one.gate {
        said.push(format!("accepted: {}", one_line(reason)));
    }
    said.extend(one.findings.iter().map(|finding| one_line(&finding.message)));
    said.extend(one.notes.iter().map(|note| format!("note: {}", one_line(&note.0))));
    if let Some(failure) = &one.failure {
        said.extend(failure.output.lines().map(|line| format!("| {}", one_line(line))));
    }
    said
}

fn not_measured(view: &CompareView, style: Style) -> String {
    let mut text = String::new();
    let dull = |reason: &NotMeasured| {
        matches!(reason, NotMeasured::FilteredOut | NotMeasured::NoBenchmarks | NotMeasured::OutOfTime)
    };
    for row in view.not_measured.iter().filter(|row| !dull(&row.reason)) {
        if text.is_empty() {
            text.extend([format!("\n{}\n", style.bold("not measured"))]);
        }
        text += &wrap(&format!("{}: {}", row.target, one_line(&row.message)), style.width, 2);
        text.push('\n');
        if let Some(hint) = &row.hint {
            text += &style.dim(&wrap(&format!("hint: {hint}"), style.width, 4));
            text.push('\n');
        }
    }
    text
}

/// What holds for the comparison as a whole.
pub(super) fn whole(view: &CompareView, amount: Amount, style: Style) -> String {
    let mut lines = Vec::new();
    if let Some(found) = &view.suite_wide {
        let size = change(found.ratio);
        lines.push(format!("suite-wide: {} benchmarks moved by {size} together", found.benchmarks));
        lines.extend(found.causes.iter().map(|cause| format!("  perhaps because {cause}")));
    }
    if let Some(control) = view.null_control.as_ref().filter(|control| control.moved) {
        lines.push(format!(
            "untrusted: in {} pairs, base differed from its own copy: something on this machine disturbed the comparison",
            control.pairs
        ));
    }
    lines.extend(view.remarks.iter().cloned());
    let unreached = view.comparisons.iter().filter(|one| is_unreached(one) && one.evidence.planned > 0).count();
    if unreached > 0 {
        let all = view.comparisons.len();
        let more = amount.more_time();
        lines.push(format!("{unreached} of {all} benchmarks were not reached within the budget: a filter chooses some, {more} reaches more"));
    }
    if lines.is_empty() {
        return String::new();
    }
    let lines: Vec<String> = lines.iter().map(|line| style.dim(&wrap(&one_line(line), style.width, 0))).collect();
    format!("\n{}\n", lines.join("\n"))
}

/// How many of each verdict, and the gate.
fn summary(view: &CompareView, amount: Amount, style: Style) -> String {
    let mut counts: BTreeMap<usize, (Verdict, usize)> = BTreeMap::new();
    for one in &view.comparisons {
        let place = ORDER.iter().position(|verdict| *verdict == one.verdict).unwrap_or(ORDER.len());
        counts.entry(place).or_insert((one.verdict, 0)).1 += 1;
    }
    let counts: Vec<String> = counts
        .into_values()
        .map(|(verdict, count)| {
            let text = format!("{count} {verdict}");
            if verdict == Verdict::Regressed { style.red(&text) } else { text }
        })
        .collect();
    let sides = format!("{} against {}", view.head.label, view.base.label);
    let gate = &view.gate;
    let nothing = if gate.undecided > 0 { "undecided" } else { "nothing" };
    let mut text = format!("\n{sides}: {}\n", if counts.is_empty() { nothing.to_owned() } else { counts.join(", ") });
    if gate.failing > 0 {
        text += &style.red("the gate fails");
        let ids: Vec<String> = view
            .comparisons
            .iter()
            .filter(|one| one.gate == GateEffect::Fails)
            .map(|one| quoted(&one.id.to_string()))
            .take(3)
            .collect();
        let of_variants = view.base.variant.is_some() || view.head.variant.is_some();
        if !ids.is_empty() && !of_variants {
            let accept = format!("if it is meant: `cargo perfguard accept {} --reason '…'`", ids.join(" "));
            text.extend([format!("\n{}", style.dim(&wrap(&format!("hint: {accept}"), style.width, 2)))]);
        }
        text.push('\n');
    } else if gate.undecided > 0 && view.comparisons.iter().any(|one| one.evidence.planned > 0) {
        let hint = format!("{} decides more; `--strict` makes undecided ones fail", amount.more_time());
        text += &style.dim(&wrap(&format!("hint: {hint}"), style.width, 2));
        text.push('\n');
    }
    text
}

/// Verdicts in the order in which they matter.
const ORDER: [Verdict; 9] = [
    Verdict::Regressed,
    Verdict::Failed,
    Verdict::Untrusted,
    Verdict::Layout,
    Verdict::Undecided,
    Verdict::Improved,
    Verdict::Unchanged,
    Verdict::New,
    Verdict::Removed,
];
