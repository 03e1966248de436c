//! A matrix of variants: the comparisons of several builds with the first, as JSON, and as one table.

use std::collections::BTreeMap;

use serde::Serialize;

use super::compare_table::{Amount, amount_of, verdict, whole};
use super::compare_view::{CompareView, SideView};
use super::format::{change, one_line};
use super::table::{Column, Row, Style, render, wrap};
use super::view::VERSION;
use crate::model::{BenchmarkId, Comparison, Verdict};

/// Several builds of one tree, each compared with the first.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct MatrixView {
    /// Version of this format.
    pub version: u32,
    /// Always `matrix`.
    pub kind: &'static str,
    /// What all are compared with; absent where nothing was compared.
    pub base: Option<SideView>,
    /// Each comparison, as `compare` gives it, in the order of the variants.
    pub comparisons: Vec<CompareView>,
    /// Whether the gate is open for all of them.
    pub passed: bool,
}

impl MatrixView {
    /// The view of these comparisons with one base.
    pub fn new(comparisons: Vec<CompareView>) -> Self {
        Self {
            version: VERSION,
            kind: "matrix",
            base: comparisons.first().map(|first| first.base.clone()),
            passed: comparisons.iter().all(|one| one.gate.passed),
            comparisons,
        }
    }
}

/// The table: a row a benchmark, a column a variant; below it, what each comparison says as a whole.
pub fn matrix_table(view: &MatrixView, style: Style) -> String {
    let named = |side: &SideView| match side.variant.as_deref() {
        None | Some("") => "as cargo builds it".to_owned(),
        Some(variant) => one_line(variant),
    };
    let titles: Vec<String> = view.comparisons.iter().map(|one| named(&one.head)).collect();
    let base = view.base.as_ref().map(named).unwrap_or_default();
    let mut columns = vec![Column { title: "benchmark", gives_way: 0 }, Column { title: &base, gives_way: 1 }];
    columns.extend(titles.iter().map(|title| Column { title, gives_way: 0 }));
    let mut text = render(&columns, &rows(view), style);
    for (one, title) in view.comparisons.iter().zip(&titles) {
        let about = whole(one, Amount::All, style);
        if !about.is_empty() {
            text.extend(["\n", &style.bold(title), &about]);
        }
    }
    let label = view.base.as_ref().map(|base| base.label.as_str()).unwrap_or_default();
    text.extend(["\n", &style.bold(&format!("against {label}")), "\n"]);
    for (one, title) in view.comparisons.iter().zip(&titles) {
        let gate = if one.gate.failing > 0 { style.red("; the gate fails") } else { String::new() };
        let counts = if one.comparisons.is_empty() { "nothing".to_owned() } else { counts(one) };
        text += &wrap(&format!("{title}: {counts}{gate}"), style.width, 0);
        text.push('\n');
    }
    text
}

fn rows(view: &MatrixView) -> Vec<Row> {
    let mut order: Vec<&BenchmarkId> = Vec::new();
    let mut cells: BTreeMap<&BenchmarkId, Vec<Option<&Comparison>>> = BTreeMap::new();
    for (number, one) in view.comparisons.iter().enumerate() {
        for comparison in &one.comparisons {
            let row = cells.entry(&comparison.id).or_insert_with(|| {
                order.push(&comparison.id);
                vec![None; view.comparisons.len()]
            });
            row[number] = Some(comparison);
        }
    }
    let mut rows = Vec::new();
    let mut heading = None;
    for id in order {
        let target = format!("{}::{}", id.package, id.target);
        if heading.as_ref() != Some(&target) {
            rows.push(Row::Heading(target.clone()));
            heading = Some(target);
        }
        let all = &cells[id];
        let base = all.iter().flatten().find_map(|one| Some(amount_of(&one.metric)(one.base?)));
        let mut row = vec![format!("  {}", one_line(&id.name)), base.unwrap_or_default()];
        row.extend(all.iter().map(|one| one.map(cell).unwrap_or_default()));
        rows.push(Row::Cells(row));
        for (one, of) in all.iter().zip(&view.comparisons) {
            let Some(one) = one.filter(|one| needs_a_reason(one.verdict)) else { continue };
            let variant = of.head.variant.as_deref().unwrap_or_default();
            rows.push(Row::Remark(format!("{}: {}", one_line(variant), one_line(&one.reason))));
        }
    }
    rows
}

/// Whether a verdict says little without its reason.
fn needs_a_reason(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Failed | Verdict::Untrusted | Verdict::Layout | Verdict::New | Verdict::Removed)
}

fn cell(one: &Comparison) -> String {
    match &one.effect {
        Some(effect) => format!("{} {}", change(effect.ratio), verdict(one)),
        None if one.verdict == Verdict::Unchanged && one.evidence.pairs == 0 => "identical".to_owned(),
        None => verdict(one),
    }
}

fn counts(one: &CompareView) -> String {
    let mut counts: Vec<(Verdict, usize)> = Vec::new();
    for comparison in &one.comparisons {
        match counts.iter_mut().find(|(verdict, _)| *verdict == comparison.verdict) {
            Some((_, count)) => *count += 1,
            None => counts.push((comparison.verdict, 1)),
        }
    }
    counts.iter().map(|(verdict, count)| format!("{count} {verdict}")).collect::<Vec<_>>().join(", ")
}
