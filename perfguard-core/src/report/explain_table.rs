//! An explanation for people: a headline, what grew, what else differs, the next step.

use super::explain_view::ExplainView;
use super::format::{amount, change, counted, one_line};
use super::table::{Column, Row, Style, elide, render, wrap};
use crate::model::{
    DependencyChange, FunctionGrowth, InstructionGrowth, Instructions, MetricChange, PartGrowth, Sides, Unit,
};

/// So many parts of a function are shown, and none that is a smaller part of its change than this.
const MOST_PARTS: usize = 3;
const LEAST_PART: f64 = 0.05;
/// How far a line below a row stands in.
const INDENT: usize = 4;
/// A change of the whole this small is none (0.0001 is 0.01 %).
const NO_CHANGE: f64 = 1e-4;

/// The explanation as text.
pub fn explain_table(view: &ExplainView, style: Style) -> String {
    let explanation = &view.explanation;
    let mut text = style.bold(&wrap(&headline(view), style.width, 0)) + "\n";
    let sides = format!("{} against {}", view.head.label, view.base.label);
    text += &style.dim(&wrap(&one_line(&sides), style.width, 0));
    text.push('\n');
    match &explanation.instructions {
        Instructions::Counted(growth) => text += &functions(growth, style),
        Instructions::Identical => {}
        Instructions::NotCounted { reason, hint } => {
            text += &paragraph(&format!("instructions were not counted: {}", one_line(reason)), style);
            text.extend(hint.iter().map(|hint| hint_line(hint, style)));
        }
    }
    text += &numbers(&explanation.metrics, style);
    text += &lines("dependencies", explanation.dependencies.iter().map(dependency), style);
    text += &lines("what else differs", explanation.differences.iter().map(|text| one_line(text)), style);
    if !explanation.remarks.is_empty() {
        text.push('\n');
    }
    for remark in &explanation.remarks {
        text += &style.dim(&wrap(&format!("note: {}", one_line(remark)), style.width, 0));
        text.push('\n');
    }
    if let (Instructions::Counted(_), None) = (&explanation.instructions, &view.flame_graph) {
        text.extend(["\n".to_owned(), hint_line("`--flame-graph` draws both sides as one picture", style)]);
    }
    text
}

fn headline(view: &ExplainView) -> String {
    let id = one_line(&view.explanation.benchmark.to_string());
    match &view.explanation.instructions {
        Instructions::Counted(InstructionGrowth { per_iteration, total, .. }) => {
            let per = if *per_iteration { "an iteration" } else { "a process" };
            let sides = format!("{} → {}", number(total.base), number(total.head));
            format!("{id}: {sides} instructions {per} ({})", ratio(*total))
        }
        Instructions::Identical => format!("{id}: what both sides would run is the same: there is nothing to explain"),
        Instructions::NotCounted { .. } => id,
    }
}

fn number(value: f64) -> String {
    amount(Unit::Count, rounded(value))
}

/// What is left of a count an iteration: a slope has digits that mean nothing.
fn rounded(value: f64) -> f64 {
    let rounded = if value.abs() < 100.0 { (value * 100.0).round() / 100.0 } else { value.round() };
    // A little less than nothing is nothing, without a sign.
    rounded + 0.0
}

fn ratio(sides: Sides) -> String {
    sides.ratio().map_or_else(|| "from nothing".to_owned(), change)
}

/// A change with its sign.
fn signed(value: f64, unit: Unit) -> String {
    let value = if unit == Unit::Count { rounded(value) } else { value };
    let sign = if value > 0.0 {
        "+"
    } else if value < 0.0 {
        "-"
    } else {
        ""
    };
    format!("{sign}{}", amount(unit, value.abs()))
}

fn functions(growth: &InstructionGrowth, style: Style) -> String {
    let columns = [
        Column { title: if growth.total.change() < 0.0 { "shrank most" } else { "grew most" }, gives_way: 0 },
        Column { title: "base", gives_way: 2 },
        Column { title: "head", gives_way: 2 },
        Column { title: "self", gives_way: 0 },
        Column { title: "inclusive", gives_way: 1 },
    ];
    let mut text = String::new();
    if growth.total.ratio().is_some_and(|ratio| (ratio - 1.0).abs() <= NO_CHANGE) {
        text +=
            &paragraph("head executes no more than base: why it changed is in what it does, not in how much", style);
    }
    let rows: Vec<Row> = growth.functions.iter().flat_map(|function| rows(function, style)).collect();
    if !rows.is_empty() {
        text.extend(["\n", &render(&columns, &rows, style)]);
    }
    if growth.others > 0 {
        let changed = format!("{} changed, too", counted(growth.others, "other function"));
        text.extend([style.dim(&wrap(&changed, style.width, 2)), "\n".to_owned()]);
    }
    text
}

fn rows(growth: &FunctionGrowth, style: Style) -> Vec<Row> {
    let name = match &growth.object {
        Some(object) => format!("  {} [{object}]", one_line(&growth.function)),
        None => format!("  {}", one_line(&growth.function)),
    };
    let cells = vec![
        name,
        number(growth.own.base),
        number(growth.own.head),
        signed(growth.own.change(), Unit::Count),
        signed(growth.inclusive.change(), Unit::Count),
    ];
    let least = growth.own.change().abs() * LEAST_PART;
    let parts = growth.parts.iter().filter(|part| part.own.change().abs() >= least && is_known(part));
    let parts = parts.take(MOST_PARTS).map(|part| Row::Remark(elide(&part_line(part), style.width - INDENT)));
    std::iter::once(Row::Cells(cells)).chain(parts).collect()
}

/// Whether something is known of where a part is.
fn is_known(part: &PartGrowth) -> bool {
    part.line > 0 || !part.inlined.is_empty()
}

fn part_line(part: &PartGrowth) -> String {
    let place = if part.line > 0 { format!("{}:{}", part.file, part.line) } else { part.file.clone() };
    let through = through(&part.inlined);
    one_line(&format!("{} {place}{through}", signed(part.own.change(), Unit::Count)))
}

/// Through which functions code was inlined, of many the first and the last two; whatever they are instances of is left
/// out, which may be longer than a page.
fn through(inlined: &[String]) -> String {
    let names: Vec<String> = inlined.iter().map(|name| without_generics(name)).collect();
    match &names[..] {
        [] => String::new(),
        [first, _, .., one, last] => format!(", inlined {first} › … › {one} › {last}"),
        all => format!(", inlined {}", all.join(" › ")),
    }
}

/// A function's name without its generic arguments: `fold<u64, F>` is `fold`. What is before the first name stays, as in
/// `<Vec as Extend>::extend`.
fn without_generics(name: &str) -> String {
    let mut kept = String::new();
    let (mut depth, mut before) = (0_usize, ' ');
    for letter in name.chars() {
        let is_arrow = before == '-';
        match letter {
            '<' if depth > 0 => depth += 1,
            '<' if kept.ends_with(|c: char| c.is_alphanumeric() || "_}:".contains(c)) => depth = 1,
            '>' if depth > 0 && !is_arrow => depth -= 1,
            _ if depth == 0 => kept.push(letter),
            _ => {}
        }
        before = letter;
    }
    kept.replace("::::", "::").trim_end_matches(':').to_owned()
}

fn numbers(metrics: &[MetricChange], style: Style) -> String {
    let columns = [
        Column { title: "beside it", gives_way: 0 },
        Column { title: "base", gives_way: 1 },
        Column { title: "head", gives_way: 1 },
        Column { title: "change", gives_way: 0 },
    ];
    let shown = |unit: Unit, value: f64| amount(unit, if unit == Unit::Count { rounded(value) } else { value });
    let row = |metric: &MetricChange| {
        let MetricChange { metric, unit, sides } = metric;
        let change = match sides.ratio() {
            Some(ratio) if (ratio - 1.0).abs() > 0.0 => change(ratio),
            Some(_) => "the same".to_owned(),
            None => signed(sides.change(), *unit),
        };
        Row::Cells(vec![
            format!("  {}", one_line(metric).replace('-', " ").replace(" l1 ", " L1 ")),
            shown(*unit, sides.base),
            shown(*unit, sides.head),
            change,
        ])
    };
    let rows: Vec<Row> = metrics.iter().map(row).collect();
    if rows.is_empty() { String::new() } else { format!("\n{}", render(&columns, &rows, style)) }
}

fn dependency(one: &DependencyChange) -> String {
    let DependencyChange { name, base, head } = one;
    let text = match (base.is_empty(), head.is_empty()) {
        (true, _) => format!("{name}: {} is new", head.join(", ")),
        (_, true) => format!("{name}: {} is gone", base.join(", ")),
        (false, false) => format!("{name}: {} → {}", base.join(", "), head.join(", ")),
    };
    one_line(&text)
}

fn lines(title: &str, all: impl Iterator<Item = String>, style: Style) -> String {
    let lines: Vec<String> = all.map(|line| wrap(&line, style.width, 2)).collect();
    if lines.is_empty() { String::new() } else { format!("\n{}\n{}\n", style.bold(title), lines.join("\n")) }
}

fn paragraph(text: &str, style: Style) -> String {
    format!("\n{}\n", wrap(text, style.width, 0))
}

fn hint_line(hint: &str, style: Style) -> String {
    style.dim(&wrap(&format!("hint: {hint}"), style.width, 2)) + "\n"
}

#[cfg(test)]
mod tests;
