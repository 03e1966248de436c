//! What people read, at several widths.

use std::collections::BTreeMap;

use unicode_width::UnicodeWidthStr;

use super::*;
use crate::model::{
    ArtifactHash, BuildContext, Environment, Estimate, Failure, FailureKind, HarnessKind, Interval, IterationControl,
    Note, Observations, Run, RunCommand, RunId, RunSettings, Source, Stopped, TargetId, TargetKind,
};
use crate::report::{ChangeRow, NotMeasuredRow};

fn estimate(median: f64, half: f64, observations: usize) -> Estimate {
    let interval = Interval { low: median * (1.0 - half), high: median * (1.0 + half), level: 0.95 };
    let interval = (observations >= 6).then_some(interval);
    Estimate { median, interval, spread: Some(half), observations }
}

fn row(id: &str, time: Option<Estimate>, change: Option<f64>) -> BenchmarkRow {
    let mut estimates = BTreeMap::new();
    if let Some(time) = time {
        estimates.insert(MetricId::WALL_TIME, time);
        estimates.insert(MetricId::PEAK_MEMORY, estimate(4.5e6, 0.0, 8));
    }
    BenchmarkRow {
        own_metrics: Vec::new(),
        findings: Vec::new(),
        timeline: None,
        id: id.parse().unwrap(),
        harness: Harness { kind: HarnessKind::Criterion, version: Some("0.8.2".into()) },
        decides: MetricId::WALL_TIME,
        artifact: ArtifactHash("a".repeat(64)),
        stopped: Some(Stopped::Precise),
        estimates,
        baseline: change.map(|ratio| ChangeRow {
            name: "main".into(),
            commit: "0123456789abcdef".into(),
            base: estimate(100.0, 0.01, 8),
            ratio,
            interval: Some(Interval { low: ratio - 0.01, high: ratio + 0.012, level: 0.95 }),
            paired: false,
        }),
        failure: None,
        notes: Vec::new(),
        observations: Vec::new(),
    }
}

fn view() -> RunView {
    let run = Run {
        id: RunId(uuid::Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001)),
        started_at_ns: 1_790_000_000_000_000_000,
        finished_at_ns: Some(1_790_000_060_000_000_000),
        command: RunCommand::Run,
        source: Source { commit: Some("fedcba9876543210".into()), dirty: true, branch: None, subject: None },
        build: BuildContext {
            toolchain: "rustc 1".into(),
            triple: "x".into(),
            profile: "bench".into(),
            features: Vec::new(),
            lock_hash: None,
        },
        environment: Environment {
            architecture: String::new(),
            cpu_model: String::new(),
            cpu_flags_hash: String::new(),
            physical_cores: 1,
            operating_system: String::new(),
            kernel_major: String::new(),
            virtualisation: String::new(),
        },
        settings: RunSettings {
            control: IterationControl::default(),
            warm_up_processes: 1,
            observations: Observations { min: 8, max: 40 },
            precision: 0.01,
            budget: std::time::Duration::from_mins(1),
            timeout: std::time::Duration::from_mins(1),
            output_limit: 1,
            metrics: Vec::new(),
            timeline_ns: None,
            seed: 1,
            filter: Vec::new(),
            exact: false,
        },
        tool_version: "0".into(),
    };
    let mut panicked = row("crate::parse::panics", None, None);
    let kind = FailureKind::Exited;
    panicked.failure =
        Some(Failure { kind, message: "panicked: on purpose (at b.rs:1:2)".into(), output: "note: x\n".into() });
    let mut noted = row("crate::parse::group/Größe ∑/10", Some(estimate(2_345_678.0, 0.21, 40)), Some(1.31));
    noted.notes.push(Note("the group's own sample size of 20 is used".into()));
    let rows = vec![
        row("crate::parse::small", Some(estimate(98.76, 0.004, 8)), Some(0.9)),
        noted,
        row(
            &format!("crate::parse::{}", "a long name of a benchmark/".repeat(4)),
            Some(estimate(1.5e9, 0.01, 5)),
            None,
        ),
        panicked,
        row("crate::render::late", None, None),
    ];
    let target = TargetId { package: "crate".into(), kind: TargetKind::Bench, name: "gated".into() };
    let reason = NotMeasured::NeedsFeatures { missing: vec!["extra".into()] };
    RunView::new(run, rows, vec![NotMeasuredRow::new(target, None, reason)])
}

#[test]
fn a_run_is_readable_at_sixty_eighty_and_a_hundred_and_twenty_columns() {
    for width in [60, 80, 120] {
        let text = run_table(&view(), Style { width, color: false });
        insta::assert_snapshot!(format!("run_{width}"), text);
    }
}

#[test]
fn colours_change_no_column() {
    let plain = run_table(&view(), Style { width: 100, color: false });
    let coloured = run_table(&view(), Style { width: 100, color: true });
    assert_ne!(plain, coloured);
    let mut stripped = String::new();
    let mut rest = coloured.as_str();
    while let Some(at) = rest.find('\u{1b}') {
        stripped.push_str(&rest[..at]);
        rest = &rest[at + rest[at..].find('m').unwrap() + 1..];
    }
    assert_eq!(stripped + rest, plain);
}

#[test]
fn no_line_of_the_table_is_wider_than_the_terminal() {
    for width in [60, 80, 120, 200] {
        let text = run_table(&view(), Style { width, color: false });
        let widest = text.lines().map(UnicodeWidthStr::width).max().unwrap_or_default();
        // The run's own id is never cut.
        assert!(widest <= width.max(66), "{width}: {widest}");
    }
}

#[test]
fn a_note_on_every_measured_benchmark_of_a_target_is_said_once() {
    let mut view = view();
    for row in view.benchmarks.iter_mut().filter(|row| row.estimates.contains_key(&row.decides)) {
        row.notes.push(Note("whole seconds only".into()));
    }
    let text = run_table(&view, Style { width: 100, color: false });
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[2], "    note: whole seconds only", "below the target's name: {text}");
    assert_eq!(text.matches("whole seconds only").count(), 1);
    assert_eq!(text.matches("own sample size").count(), 1, "what holds for one benchmark stays there");
}

#[test]
fn targets_that_are_not_measured_for_the_same_reason_share_a_row() {
    let target = |name: &str| TargetId { package: name.into(), kind: TargetKind::Lib, name: name.into() };
    let rows = ["one", "two"].map(|name| NotMeasuredRow::new(target(name), None, NotMeasured::NoBenchmarks));
    let failed = NotMeasuredRow::new(target("three"), None, NotMeasured::BuildFailed);
    let text = not_measured([&rows[0], &failed, &rows[1]], Style { width: 80, color: false });
    assert!(text.contains("  one::lib, two::lib: lists no benchmark\n"), "{text}");
    assert!(text.contains("  three::lib: did not build\n"), "{text}");
}
