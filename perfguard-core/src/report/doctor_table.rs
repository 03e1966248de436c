//! What `doctor` says, for people: the machine in a few lines, the noise floor, the metrics, then what to change.

use super::DoctorView;
use super::format::{duration, one_line, percent};
use super::table::{Style, wrap};
use crate::environment::FindingKind;
use crate::model::{Ability, FindingLevel, MachineFacts, MachineFinding, NoiseFloor};

/// The examined machine.
pub fn doctor_table(view: &DoctorView, style: Style) -> String {
    let mut text = String::new();
    for (name, what) in
        [("machine", machine(view)), ("now", one_line(&view.weather.to_string())), ("noise", noise(view))]
    {
        text += &entry(name, &what, style);
    }
    text.push('\n');
    text += &style.bold("metrics");
    text.push('\n');
    for row in &view.metrics {
        let (mark, what) = match &row.ability {
            Ability::Works { by } => ("works: ", by),
            Ability::Fails { reason } => ("does not work: ", reason),
        };
        let line = wrap(&format!("{}: {mark}{}", row.metric, one_line(what)), style.width, 2);
        text += &if row.ability.failure().is_some() { line } else { style.dim(&line) };
        text.push('\n');
        if let Some(hint) = &row.hint {
            text += &style.dim(&wrap(&format!("hint: {hint}"), style.width, 4));
            text.push('\n');
        }
    }
    for (level, heading) in [(FindingLevel::Warning, "warnings"), (FindingLevel::Note, "notes")] {
        text += &section(view, level, heading, style);
    }
    text += &all_well(view, style);
    text += &summary(view, style);
    text
}

/// A name and what belongs to it, hanging.
fn entry(name: &str, what: &str, style: Style) -> String {
    const INDENT: usize = 9;
    let lines = wrap(what, style.width, INDENT);
    format!("{}{}\n", style.bold(&format!("{name:<INDENT$}")), lines.trim_start())
}

fn machine(view: &DoctorView) -> String {
    let facts: &MachineFacts = &view.machine;
    let processors = if facts.allowed == facts.processors {
        format!("{} processors", facts.processors)
    } else {
        format!("{} of {} processors", facts.allowed, facts.processors)
    };
    let mut parts = vec![
        one_line(&facts.environment.cpu_model),
        format!("{processors} on {} cores", facts.environment.physical_cores),
        facts.environment.architecture.clone(),
    ];
    let kernel = facts.kernel.as_deref().map(one_line).unwrap_or_default();
    parts.push(format!("{} {kernel}", facts.environment.operating_system).trim_end().to_owned());
    parts.extend(facts.container.as_deref().map(|name| format!("in {}", one_line(name))));
    if facts.virtual_machine {
        parts.push("virtual".to_owned());
    }
    parts.extend(view.ci.map(|service| format!("run by {}", service.name)));
    parts.join(", ")
}

fn noise(view: &DoctorView) -> String {
    let Some(floor) = &view.noise_floor else {
        let reason = view.noise_floor_missing.as_deref().unwrap_or("nobody knows why");
        return format!("not measured: {}", one_line(reason));
    };
    let NoiseFloor { pairs, pair_spread, between_processes, within_process, smallest_in_24, smallest_in_40, sample_ns } =
        floor;
    format!(
        "{pairs} pairs of one loop spread by {} ({} between processes, {} within; samples of {}); the smallest change \
         that shows is {} in 24 pairs, {} in 40",
        percent(*pair_spread),
        percent(*between_processes),
        percent(*within_process),
        duration(*sample_ns),
        percent(*smallest_in_24),
        percent(*smallest_in_40),
    )
}

/// The findings of a level, each with its cost and what to change.
fn section(view: &DoctorView, level: FindingLevel, heading: &str, style: Style) -> String {
    let findings: Vec<&MachineFinding> = view.findings.iter().filter(|finding| finding.level == level).collect();
    if findings.is_empty() {
        return String::new();
    }
    let mut text = format!("\n{}\n", style.bold(heading));
    for finding in findings {
        let id = if level == FindingLevel::Warning { style.red(finding.id) } else { style.cyan(finding.id) };
        // The id is painted after the lines are broken: colours have no width.
        let said = wrap(&format!("{}: {}", finding.id, one_line(&finding.seen)), style.width, 2);
        text += &said.replacen(finding.id, &id, 1);
        text.push('\n');
        if !finding.cost.is_empty() {
            text += &style.dim(&wrap(&one_line(&finding.cost), style.width, 4));
            text.push('\n');
        }
        for change in &finding.change {
            text += &arrow(&one_line(change), style);
            text.push('\n');
        }
    }
    text
}

/// What to change. A command stays in one line, so that it can be copied; words are broken.
fn arrow(change: &str, style: Style) -> String {
    const INDENT: usize = 6;
    let is_command = ["sudo ", "echo "].iter().any(|word| change.starts_with(word)) || change.contains('`');
    let lines = if is_command { change.to_owned() } else { wrap(change, style.width, INDENT) };
    format!("    → {}", lines.trim_start())
}

fn all_well(view: &DoctorView, style: Style) -> String {
    let good: Vec<&str> =
        view.findings.iter().filter(|one| one.level == FindingLevel::Good).map(|one| one.id).collect();
    if good.is_empty() {
        return String::new();
    }
    format!("\n{}\n{}\n", style.bold("as it should be"), style.dim(&wrap(&good.join(", "), style.width, 2)))
}

fn summary(view: &DoctorView, style: Style) -> String {
    let count = |level| view.findings.iter().filter(|one| one.level == level).count();
    let noun = |count: usize, noun: &str| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
    let (warnings, notes) = (count(FindingLevel::Warning), count(FindingLevel::Note));
    let mut text = format!("\n{}, {}\n", noun(warnings, "warning"), noun(notes, "note"));
    let first = view.findings.first().filter(|finding| finding.level != FindingLevel::Good);
    if let Some(finding) = first {
        let hint = format!("hint: `cargo perfguard doctor --explain {}` says more", finding.id);
        text += &style.dim(&wrap(&hint, style.width, 0));
        text.push('\n');
    }
    text
}

/// What there is to know of a kind of finding.
pub fn explanation(kind: &FindingKind, style: Style) -> String {
    let mut text = format!("{}: {}\n", style.bold(kind.id), kind.title);
    for (name, what) in [("seen by", kind.seen_by), ("why", kind.why), ("change", kind.change)] {
        text.extend(["\n", &style.bold(name), "\n", &wrap(what, style.width, 2), "\n"]);
    }
    text
}

#[cfg(test)]
mod tests;
