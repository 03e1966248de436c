//! From what was seen to findings: what it costs and what to change, what gains most first. Pure.

mod kinds;
mod machine_checks;
mod setup_checks;

use crate::model::{Ability, FindingLevel, MachineFinding, MetricId, MetricRow, Seen};

pub use kinds::{FINDINGS, FindingKind};

/// Everything that there is to say, warnings first, and among them what gains most.
pub fn diagnose(seen: &Seen) -> Vec<MachineFinding> {
    let mut findings = machine_checks::all(seen);
    findings.extend(setup_checks::all(seen));
    let place = |finding: &MachineFinding| FINDINGS.iter().position(|kind| kind.id == finding.id);
    findings.sort_by_key(|finding| (finding.level, place(finding)));
    findings
}

/// The metrics, and whether they work here.
pub fn metrics(seen: &Seen) -> Vec<MetricRow> {
    let row = |metric: String, ability: Ability, hint: Option<&str>| MetricRow {
        metric,
        hint: hint.filter(|_| ability.failure().is_some()).map(str::to_owned),
        ability,
    };
    let names = |ids: &[MetricId]| ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let counted = |by: &str| match &seen.io_accounting {
        Ok(_) => Ability::works(by),
        Err(reason) => Ability::fails(reason.clone()),
    };
    let moved = match &seen.io_accounting {
        Ok(true) => Ability::works("the kernel's accounting of each process"),
        Ok(false) => Ability::fails("the kernel does not count what a process reads and writes"),
        Err(reason) => Ability::fails(reason.clone()),
    };
    let clock = seen.machine.clock_source.as_deref().map(|source| format!("the clock is {source}"));
    let clock = clock.unwrap_or_else(|| "the system's clock".to_owned());
    let valgrind = match &seen.valgrind {
        Ability::Works { by } => {
            Ability::works(format!("{by}, for harnesses that count, `--metrics instructions` and `--witness`"))
        }
        fails @ Ability::Fails { .. } => fails.clone(),
    };
    let instructions = match &seen.counters {
        Ability::Works { by } => Ability::works(format!("{by}, of whole processes, `--metrics instructions`")),
        Ability::Fails { .. } => valgrind,
    };
    let heap = match &seen.valgrind {
        Ability::Works { by } => format!("the bench's own allocator where it counts, else {by}"),
        Ability::Fails { .. } => "the bench's own allocator where it counts".to_owned(),
    };
    vec![
        row(names(&[MetricId::WALL_TIME]), Ability::works(clock), None),
        row(names(&[MetricId::USER_TIME, MetricId::SYSTEM_TIME]), counted("the launcher, in steps of 1 µs"), None),
        row(names(&[MetricId::PEAK_MEMORY]), counted("the launcher"), None),
        row(names(&[MetricId::PAGE_FAULTS, MetricId::CONTEXT_SWITCHES]), counted("the launcher"), None),
        row(
            names(&[MetricId::BYTES_READ, MetricId::BYTES_WRITTEN]),
            moved,
            Some("a kernel with CONFIG_TASK_IO_ACCOUNTING"),
        ),
        row(
            names(&[MetricId::EXECUTABLE_SIZE, MetricId::TEXT_SIZE, MetricId::DATA_SIZE]),
            Ability::works("the executable's file: ELF, Mach-O or PE"),
            None,
        ),
        row(names(&[MetricId::INSTRUCTIONS]), instructions, Some(setup_checks::INSTALL_VALGRIND)),
        row(names(&MetricId::OF_HEAP), Ability::works(heap), None),
        row(
            names(&[MetricId::CYCLES, MetricId::BRANCH_MISSES, MetricId::CACHE_MISSES]),
            seen.counters.clone(),
            setup_checks::grant_counters(seen),
        ),
    ]
}

/// All is well.
fn good(id: &'static str, seen: impl Into<String>) -> MachineFinding {
    MachineFinding { id, level: FindingLevel::Good, seen: seen.into(), cost: String::new(), change: Vec::new() }
}

/// Something that costs, with what to change.
fn finding(
    id: &'static str,
    level: FindingLevel,
    seen: impl Into<String>,
    cost: impl Into<String>,
    change: &[&str],
) -> MachineFinding {
    let change = change.iter().map(|line| (*line).to_owned()).collect();
    MachineFinding { id, level, seen: seen.into(), cost: cost.into(), change }
}

/// A share as whole percent, more exactly where it is small.
fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent < 9.95 { format!("{percent:.1} %") } else { format!("{percent:.0} %") }
}

/// Bytes in the unit that people count memory in.
fn gibibytes(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "to be shown")]
    let size = bytes as f64 / f64::from(1 << 30);
    format!("{size:.1} GiB")
}

#[cfg(test)]
mod tests;
