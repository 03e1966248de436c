//! The smaller tables: targets, runs, baselines.

use super::format::{bytes, counted, one_line, short};
use super::run_table::{harness, not_measured};
use super::table::{Column, Row, Style, render, wrap};
use super::view::{BaselinesView, CleanView, KeptRow, ListView, RunsView};
use crate::model::KeptKind;

/// All targets with their benchmarks.
pub fn list_table(view: &ListView, style: Style) -> String {
    let mut text = String::new();
    let listed = || view.targets.iter().filter(|target| target.not_measured.is_none());
    for target in listed() {
        let by = target.harness.as_ref().map(|known| format!(" ({})", harness(known))).unwrap_or_default();
        text += &style.bold(&format!("{}{by}", target.target));
        text.push('\n');
        for id in &target.benchmarks {
            text.extend([format!("  {}\n", one_line(&id.name))]);
        }
    }
    text += &not_measured(view.targets.iter().filter_map(|target| target.not_measured.as_ref()), style);
    let count: usize = listed().map(|target| target.benchmarks.len()).sum();
    let (benchmarks, targets) = (counted(count, "benchmark"), counted(listed().count(), "target"));
    text.extend([format!("\n{benchmarks} in {targets}\n")]);
    text
}

/// The runs of the store, newest first.
pub fn runs_table(view: &RunsView, style: Style) -> String {
    let columns = [
        Column { title: "run", gives_way: 0 },
        Column { title: "started", gives_way: 0 },
        Column { title: "commit", gives_way: 0 },
        Column { title: "branch", gives_way: 2 },
        Column { title: "benchmarks", gives_way: 1 },
        Column { title: "observations", gives_way: 3 },
        Column { title: "failed", gives_way: 1 },
        Column { title: "", gives_way: 0 },
    ];
    let rows = view.runs.iter().map(|row| {
        let source = &row.run.source;
        let mark = if source.dirty && source.commit.is_some() { "+" } else { "" };
        let commit = source.commit.as_deref().map_or("none", short);
        let failed = if row.failures == 0 { String::new() } else { row.failures.to_string() };
        let state = if row.run.finished_at.is_some() { "" } else { "not finished" };
        Row::Cells(vec![
            row.run.id.to_string(),
            row.run.started_at[..row.run.started_at.len().min(16)].replace('T', " "),
            format!("{commit}{mark}"),
            source.branch.clone().unwrap_or_default(),
            row.benchmarks.to_string(),
            row.observations.to_string(),
            failed,
            state.to_owned(),
        ])
    });
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() { "no runs yet\n".to_owned() } else { render(&columns, &rows, style) }
}

/// The baselines of the store.
pub fn baselines_table(view: &BaselinesView, style: Style) -> String {
    let columns = [
        Column { title: "baseline", gives_way: 0 },
        Column { title: "commit", gives_way: 0 },
        Column { title: "set", gives_way: 0 },
        Column { title: "profile", gives_way: 2 },
        Column { title: "features", gives_way: 3 },
        Column { title: "environment", gives_way: 1 },
        Column { title: "run", gives_way: 4 },
    ];
    let rows = view.baselines.iter().map(|row| {
        let known = &row.baseline;
        Row::Cells(vec![
            one_line(&known.name),
            short(&known.commit).to_owned(),
            row.set_at[..row.set_at.len().min(16)].replace('T', " "),
            known.profile.clone(),
            known.features.join(" "),
            if row.here { "this one".to_owned() } else { known.fingerprint.to_string() },
            known.run.to_string(),
        ])
    });
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() { "no baselines yet\n".to_owned() } else { render(&columns, &rows, style) }
}

/// What is kept of a repository, and what may go.
pub fn clean_table(view: &CleanView, style: Style) -> String {
    let columns = [
        Column { title: "kept", gives_way: 0 },
        Column { title: "size", gives_way: 0 },
        Column { title: "last used", gives_way: 1 },
        Column { title: "", gives_way: 0 },
    ];
    #[expect(clippy::cast_precision_loss, reason = "sizes to be shown")]
    let size = |size: u64| bytes(size as f64);
    let rows = view.kept.iter().map(|row| {
        let state = match (row.is_removed, row.is_needed, row.kind) {
            (true, ..) => "removed",
            (false, true, _) => "a baseline needs it",
            (false, false, KeptKind::BuildTree) => "the next build needs it",
            (false, false, KeptKind::Commit | KeptKind::Executable) => "may go",
        };
        let key = short(&row.key);
        let name = if key.is_empty() { row.kind.to_string() } else { format!("{} {key}", row.kind) };
        Row::Cells(vec![
            name,
            size(row.bytes),
            row.last_used.get(..16).unwrap_or_default().replace('T', " "),
            state.to_owned(),
        ])
    });
    let rows: Vec<_> = rows.collect();
    let sum = |wanted: &dyn Fn(&&KeptRow) -> bool| size(view.kept.iter().filter(wanted).map(|row| row.bytes).sum());
    let mut text = render(&columns, &rows, style);
    let removed = sum(&|row| row.is_removed);
    let left = sum(&|row| !row.is_removed);
    let may_go = sum(&|row| !row.is_removed && !row.is_needed && row.kind != KeptKind::BuildTree);
    let words = format!("{left} in {}, of which {may_go} may go; {removed} removed", view.folder);
    text.extend([format!("\n{}\n", wrap(&words, style.width, 0))]);
    if view.other_repositories > 0 {
        let noun = if view.other_repositories == 1 { "repository" } else { "repositories" };
        text.extend([format!("{} other {noun} in the cache: {}\n", view.other_repositories, size(view.other_bytes))]);
    }
    text
}
