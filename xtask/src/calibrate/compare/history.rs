//! `cargo xtask calibrate layouts`: a repository's newest commits one after the other, each against its parent, with the
//! executables as built and on common layouts.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, ensure};
use perfguard_core::model::Verdict;

use super::counted::{Row, Suite};
use crate::scratch::program;

/// Arguments of `calibrate layouts`.
#[derive(Debug, clap::Args)]
pub(in super::super) struct Args {
    /// A clone of the repository
    repository: PathBuf,
    /// How many commits
    #[arg(long, default_value_t = 8)]
    commits: u32,
    /// The perfguard to look at, rather than one that is built now
    #[arg(long)]
    program: Option<PathBuf>,
    /// Only benchmarks whose id contains one of these
    filters: Vec<String>,
}

/// The two ways, by the flag's value.
const WAYS: [(&str, &str); 2] = [("1", "as built"), ("auto", "on common layouts")];

/// Compares each commit with its parent in both ways, and prints the table.
pub(in super::super) fn run(root: &Path, args: &Args) -> Result<()> {
    let program = program(root, args.program.as_deref())?;
    let folder = tempfile::tempdir()?;
    let store = folder.path().join("history.db");
    let commits = commits(&args.repository, args.commits)?;
    let mut text = String::from(
        "| commit | subject | benchmark | as built | | on common layouts | |\n|---|---|---|---|---|---|---|\n",
    );
    // Of each way: comparisons, regressed or improved as built, undecided.
    let mut counts = [[0_u32; 3]; 2];
    for pair in commits.windows(2) {
        let [(newer, subject), (older, _)] = pair else { continue };
        let mut rows: [Vec<Row>; 2] = [Vec::new(), Vec::new()];
        for ((layouts, way), rows) in WAYS.iter().zip(&mut rows) {
            let mut perfguard = command(&program, &args.repository);
            perfguard.args(["perfguard", "compare", older, newer, "--layouts", layouts, "--no-gate", "--quiet"]);
            perfguard.arg("--store").arg(&store).arg("--").args(&args.filters);
            let output = perfguard.output()?;
            if output.status.success() {
                *rows = Suite::newest(&store, 0, false, 0.0)?.rows;
            } else {
                eprintln!("{newer} {way}: {}", last_line(&output));
            }
        }
        for (way, rows) in rows.iter().enumerate() {
            for row in rows.iter().filter(|row| row.pairs > 0) {
                counts[way][0] += 1;
                counts[way][1] += u32::from(row.claims() || row.is(Verdict::Layout));
                counts[way][2] += u32::from(row.is(Verdict::Undecided));
            }
        }
        let [built, common] = &rows;
        for one in built.iter().filter(|row| row.pairs > 0) {
            let Some(other) = common.iter().find(|other| other.benchmark == one.benchmark) else { continue };
            let cells = [one, other].map(|row| format!("{} | {}", change(row), row.verdict));
            writeln!(text, "| {newer} | {subject} | {} | {} |", one.benchmark, cells.join(" | "))?;
        }
        eprintln!("{newer} {subject}");
    }
    for ((_, way), [all, changed, undecided]) in WAYS.iter().zip(counts) {
        writeln!(
            text,
            "\n{way}: {all} comparisons, {changed} with a change as the executables ran, {undecided} undecided"
        )?;
    }
    println!("{text}");
    Ok(())
}

fn change(row: &Row) -> String {
    row.ratio.map_or_else(String::new, |ratio| format!("{:+.1} %", 100.0 * (ratio - 1.0)))
}

/// The newest commits and one more, newest first: short id and subject.
fn commits(repository: &Path, count: u32) -> Result<Vec<(String, String)>> {
    let mut git = command(Path::new("git"), repository);
    let output = git.args(["log", "--first-parent", "--format=%h %s", "-n", &(count + 1).to_string()]).output()?;
    ensure!(output.status.success(), "git log: {}", last_line(&output));
    let text = String::from_utf8(output.stdout)?;
    text.lines()
        .map(|line| {
            let (id, subject) = line.split_once(' ').context("a commit has an id and a subject")?;
            Ok((id.to_owned(), subject.replace('|', "/")))
        })
        .collect()
}

fn command(program: &Path, folder: &Path) -> Command {
    #[expect(clippy::disallowed_methods, reason = "a task calls git and perfguard")]
    let mut command = Command::new(program);
    command.current_dir(folder).stdin(Stdio::null());
    command
}

fn last_line(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default().to_owned()
}
