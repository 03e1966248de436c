//! What is generated from the code and checked in: schemas, the command line's reference, the exit codes.

use std::fmt::Write;
use std::path::Path;

use anyhow::{Context, Result, bail};
use cargo_perfguard::exit_code::Exit;
use perfguard_core::config::keys::{KEYS, Key, TABLE_KEYS, variable};
use perfguard_core::config::{commented_file, json_schema};
use perfguard_core::environment::FINDINGS;
use perfguard_core::measure::{PROVIDERS, VARIABLES};
use perfguard_core::model::{Direction, built_in_metrics};
use perfguard_core::report::{
    BackfillView, BaselinesView, BisectPlanView, BisectStatusView, BisectView, CleanView, CompareView, ConfigView,
    DoctorView, ExplainView, ListView, MatrixView, RunView, RunsView, SelfTestView,
};
use schemars::{JsonSchema, schema_for};

/// Writes the files, or compares them with what is checked in.
pub(crate) fn run(root: &Path, check: bool) -> Result<()> {
    let mut stale = Vec::new();
    for (path, text) in files()? {
        let file = root.join(path);
        if fs_err::read_to_string(&file).ok().as_deref() == Some(&text) {
            continue;
        }
        if check {
            stale.push(path);
        } else {
            fs_err::create_dir_all(file.parent().context("a file has a folder")?)?;
            fs_err::write(&file, text)?;
            println!("wrote {path}");
        }
    }
    if !stale.is_empty() {
        bail!("not up to date: {}; `cargo xtask codegen` writes them anew", stale.join(", "));
    }
    Ok(())
}

fn files() -> Result<Vec<(&'static str, String)>> {
    Ok(vec![
        ("schemas/run.json", schema::<RunView>()?),
        ("schemas/list.json", schema::<ListView>()?),
        ("schemas/runs.json", schema::<RunsView>()?),
        ("schemas/baselines.json", schema::<BaselinesView>()?),
        ("schemas/clean.json", schema::<CleanView>()?),
        ("schemas/compare.json", schema::<CompareView>()?),
        ("schemas/bisect.json", schema::<BisectView>()?),
        ("schemas/bisect-status.json", schema::<BisectStatusView>()?),
        ("schemas/bisect-plan.json", schema::<BisectPlanView>()?),
        ("schemas/backfill.json", schema::<BackfillView>()?),
        ("schemas/matrix.json", schema::<MatrixView>()?),
        ("schemas/explain.json", schema::<ExplainView>()?),
        ("schemas/config.json", schema::<ConfigView>()?),
        ("schemas/self-test.json", schema::<SelfTestView>()?),
        ("schemas/doctor.json", schema::<DoctorView>()?),
        ("schemas/perfguard.toml.json", serde_json::to_string_pretty(&json_schema())? + "\n"),
        ("docs/cli.md", reference()),
        ("docs/exit-codes.md", exit_codes()),
        ("docs/configuration.md", configuration()),
        ("docs/doctor.md", doctor()),
        ("docs/metrics.md", metrics()?),
    ])
}

fn schema<T: JsonSchema>() -> Result<String> {
    Ok(serde_json::to_string_pretty(&schema_for!(T))? + "\n")
}

/// Every command's help, as the command prints it.
fn reference() -> String {
    let mut text = String::from(
        "# Command line\n\nGenerated from the command line's own definition by `cargo xtask codegen`; do not edit.\n",
    );
    let mut root = cargo_perfguard::cli::command().term_width(100);
    root.build();
    section(&mut text, &mut root, "cargo perfguard");
    text
}

fn section(text: &mut String, command: &mut clap::Command, name: &str) {
    let help = command.render_long_help().to_string();
    let help: Vec<_> = help.lines().map(str::trim_end).collect();
    write!(text, "\n## `{name}`\n\n```text\n{}\n```\n", help.join("\n")).expect("writing to a string");
    for inner in command.get_subcommands_mut().filter(|inner| inner.get_name() != "help") {
        let name = format!("{name} {}", inner.get_name());
        section(text, inner, &name);
    }
}

/// Every key of the configuration.
fn configuration() -> String {
    let mut text = String::from(
        "# Configuration\n\nGenerated from the list of keys by `cargo xtask codegen`; do not edit.\n\n\
         `perfguard.toml` at the workspace's root; the same tables in a `Cargo.toml` as `[package.metadata.perfguard]` and\n\
         `[workspace.metadata.perfguard]`. A flag beats a variable, a variable beats `perfguard.toml`, that beats the\n\
         package's metadata, and that the workspace's. The configuration of the tree in which the command is called counts,\n\
         whatever revision is measured. `cargo perfguard config show` tells what holds, and why; `config init` writes a\n\
         commented file. An unknown key is an error (code 96). Every value has its unit.\n\n\
         Editors that take JSON schemas find it by the first line that `config init` writes, `#:schema URL`.\n\n| key | default | variable | what it means |\n|---|---|---|---|\n",
    );
    let default = |key: &Key| {
        key.default.filter(|default| !default.is_empty()).map_or_else(String::new, |text| format!("`{text}`"))
    };
    for key in KEYS {
        let Key { path, doc, .. } = key;
        writeln!(text, "| `{path}` | {} | `{}` | {doc}: {} |", default(key), variable(key), key.kind.expected())
            .expect("writing to a string");
    }
    text += "\n`PERFGUARD_CACHE` names the folder in which everything is built.\n\n\
             ## Some benchmarks only\n\n`[benchmark.\"GLOB\"]` is for the benchmarks whose id, `package::target::name`, the glob matches (`*`, `?`,\n\
             `[a-z]`); `[category.NAME]` for those that one of its `benchmarks = [GLOB, …]` matches. The last table that matches\n\
             and has the key wins.\n\n| key | what it means |\n|---|---|\n";
    for Key { path, doc, kind, .. } in TABLE_KEYS {
        writeln!(text, "| `{path}` | {doc}: {} |", kind.expected()).expect("writing to a string");
    }
    text += "\nLimits of any metric stand there too: `METRIC.max` and `METRIC.min`, or `max-METRIC` and `min-METRIC`, in the metric's unit\n\
             (`max` and `min` alone are `wall-time`'s, `max-rss` is `peak-memory.max`). `compare`, `check` and `run` leave with 100\n\
             where the near end of the interval lies beyond one. What has to come of a load scenario, for instance:\n\n\
             ```toml\n[benchmark.\"my-crate::server::load/*\"]\nmax-p99 = \"20ms\"\nmin-success-rate = \"99.9%\"\n\
             max-memory-growth = 1.5          # bytes an operation, without end; needs `.watch_memory()`\n```\n";
    write!(text, "\n## What `config init` writes\n\n```toml\n{}```\n", commented_file()).expect("writing to a string");
    text
}

/// Every finding of `doctor`.
fn doctor() -> String {
    let mut text = String::from(
        "# What `cargo perfguard doctor` finds\n\nGenerated from the list of findings by `cargo xtask codegen`; do not edit.\n\n\
         `doctor` reads what the system tells of the machine, tries what can be tried (the cache's file system, the linker,\n\
         hardware counters, Valgrind), and runs a built-in loop in pairs of processes, as a benchmark would be run. It needs\n\
         no workspace and changes nothing. Each finding is *good*, a *note* or a *warning*; it leaves with 0 whatever it\n\
         finds, with 97 under `--strict` where there is a warning. `--explain ID` prints a section of this page. The order is\n\
         that of what a change usually gains.\n\n\
         While benchmarks are measured, the same monitor takes a reading between observations, at most ten a second. What it\n\
         saw is noted beside the benchmarks whose observations were taken meanwhile: steal from 2 % of the time on, other\n\
         load from 25 % of all processors, memory pressure from 1 %, I/O pressure from 10 %, a frequency 10 % below the\n\
         highest that was seen. Nothing is dropped because of it.\n",
    );
    for kind in &FINDINGS {
        write!(
            text,
            "\n## `{}`\n\n{}.\n\n- **Seen by:** {}\n- **Why:** {}\n- **Change:** {}\n",
            kind.id, kind.title, kind.seen_by, kind.why, kind.change
        )
        .expect("writing to a string");
    }
    text
}

/// Every metric, with what it needs and costs.
fn metrics() -> Result<String> {
    let word = |value: serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let mut text = String::from(METRICS_BEFORE);
    for provider in PROVIDERS {
        write!(text, "\n## From {}\n\n", provider.name())?;
        text +=
            "| metric | what | unit | better | needs | costs | repeats | taken |\n|---|---|---|---|---|---|---|---|\n";
        for offer in provider.offers() {
            let known = built_in_metrics().into_iter().find(|metric| *metric.id.0 == *offer.metric);
            let known = known.with_context(|| format!("`{}` is no metric", offer.metric))?;
            let better = if known.direction == Direction::LowerIsBetter { "less" } else { "more" };
            let taken = if offer.always { "always" } else { "where it is wanted" };
            writeln!(
                text,
                "| `{}` | {} | {} | {better} | {} | {} | {} | {taken} |",
                offer.metric,
                offer.what,
                word(serde_json::to_value(known.unit)?),
                offer.needs,
                offer.cost,
                offer.repeats
            )?;
        }
    }
    text += METRICS_OWN;
    for (name, what) in VARIABLES {
        writeln!(text, "| `{name}` | {what} |")?;
    }
    text += METRICS_AFTER;
    Ok(text)
}

const METRICS_BEFORE: &str = "\
# Metrics

Generated from the providers' own words by `cargo xtask codegen`; do not edit.

`wall-time` decides (harnesses that count instructions decide by those). Everything else is recorded beside it, shown,
compared, limited and gated by the same code. `cargo perfguard doctor` tells which of them work on this machine.

Metrics of the process are always taken. Those that cost something are taken where somebody wants them: `--metrics
executable-size,cycles` on `run`, `baseline` and `compare`, `[metrics] take = [\"executable-size\"]` in
`perfguard.toml`, a limit (`executable-size.max = \"2MiB\"`), or, for sizes and counters, a name in `compare.gate`. An unknown name is an
error: 2 for a flag, 96 for a file.

What was asked for by name is a number or a note of every benchmark that was measured, never silence: the note says what
is missing. Under `--strict` it is an error (97) after everything was measured and recorded; a Valgrind that is missing is
told before.

In a comparison, metrics of the process are judged by pairs, like time ([methodology](../METHODOLOGY.md#other-metrics)).
Metrics without spread (sizes, instructions), and those by command, are compared as they are: a ratio beyond the threshold
is a finding below the row, and fails the gate where `compare.gate` names the metric. One number a side has no interval:
give a metric that varies a threshold that it does not reach by itself.
";

const METRICS_OWN: &str = "
**Fallback.** `instructions` are counted by the processor where the kernel grants its counters, else by Valgrind; where that is
not installed, or the harness lets nobody choose iterations, `user-time`, which is always there, stands in for them, as it
does for `cycles`, `branch-misses` and `cache-misses` that are not granted. A note of the row says which it was, and why
not the one before. Under `--strict`, what neither counts is an error (97) that says what to install or to set.
`--witness instructions` always asks Valgrind.

**Allocations** come from the bench where its allocator counts (perfguard-harness, divan's `AllocProfiler`), unasked, of each
process; asked for by name, else from Valgrind, once a side, by the same two processes as instructions. divan prints
nothing where nothing was allocated: in a comparison that is nothing if the other side has its profiler, alone it is not
known. An allocator of its own that Valgrind does not know (mimalloc, jemalloc, a static musl) is said to be one.

**Of nothing there is no ratio.** A metric that goes from 0 to 5, or from 5 to 0, is told with both numbers and without a
size. It counts as shown, and may fail the gate, where every observation of one side lies beyond every one of the other,
eight a side at least; a number by command, or one that Valgrind counted, is compared as it is.

**The processor's counters** are opened on the benchmark's process before it begins and follow it into its threads and
children; only what happens in user space is counted. They are totals of a process: compared where both sides ran the same
known number of iterations (`--iterations`, or a harness that chooses them once), and else said to be not judged. Where a
processor has too few, they take turns; what was counted is then scaled up to the whole time, and a note says so.
`kernel.perf_event_paranoid` above 2 and the filters of many containers forbid them; most virtual machines have none.
`doctor` tells.

Where benchmarks share a process, what the kernel counted belongs to none of them, and is left out of all.

**A timeline.** `--timeline 100ms` (`run.timeline`, also on `compare` and `baseline`) samples at that period, from `/proc`, what
the process of a benchmark and all that it started use: resident memory, CPU time (in the kernel's ticks, mostly 10 ms),
threads, bytes read and written. For benchmarks that run long: one that ends before the first point has no timeline, and its
row says so. The points are kept with the observation, 600 at most: of a longer one, every second goes, and the others
follow at twice the distance. `show` draws the longest one of each benchmark, `show --format json` has all points. What the
sampling itself took is in a note; it shares the machine with the benchmark.

## From the bench itself

A bench that speaks the [native protocol](protocol.md) gives metrics of its own, with unit and direction. They are always
taken.

## From a command of your own

```toml
[[metric]]
name = \"accuracy\"                    # lower-case letters, digits and `-`; of no other metric
unit = \"ratio\"                       # nanoseconds, bytes, count, ratio, per-second, bytes-per-second
direction = \"higher\"                 # which is better: lower, higher
command = \"python3 accuracy.py\"      # words as a shell would split them, or a list; no shell is called
benchmarks = [\"my-crate::model::*\"]  # globs over ids; left out: all
timeout = \"10s\"                      # left out: `run.timeout`
```

The command runs once for each benchmark that was observed, after the last observation of all (in a comparison: once a
side, among that side's own files), in the workspace's root of the tree that was measured. Its time is not part of the
budget. Its environment is that of the bench, and these:

| variable | what it holds |
|---|---|
";

const METRICS_AFTER: &str = "
It prints a number (`0.97`), or lines each of which is a number or JSON with a number `value` (`{\"value\": 0.97}`): several
values belong to as many observations, and their median is what is compared. Where it fails, runs too long, prints
something else, NaN or infinity, or nothing, the row has a note with what it said, and everything else goes on.
";

fn exit_codes() -> String {
    let mut text = String::from(
        "# Exit codes\n\nGenerated by `cargo xtask codegen`; do not edit. Where several hold, the first of this order \
         counts:\n130, 70, 96–98, 101 and 102, 100, 103, 104, 4. A target that lists no benchmark changes no code.\n\n\
         | code | meaning |\n|---|---|\n",
    );
    for exit in Exit::ALL {
        writeln!(text, "| {} | {} |", exit.code(), exit.meaning()).expect("writing to a string");
    }
    text
}
