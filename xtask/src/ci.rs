//! Everything that a change must pass, in one command.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// Programs that the build and the tests need, with the Debian package that has each.
const TOOLS: [(&str, &str); 8] = [
    ("git", "git"),
    ("cc", "gcc"),
    ("setsid", "util-linux"),
    ("pgrep", "procps"),
    ("python3", "python3"),
    ("ld", "binutils"),
    ("bash", "bash"),
    ("valgrind", "valgrind"),
];

/// What runs gungraun's benchmarks: it must have the version of the library in `fixtures/harnesses/Cargo.lock`.
const GUNGRAUN_RUNNER: &str = "0.20.0";

/// A check: its name, cargo's words, and variables.
type Check = (&'static str, &'static [&'static str], &'static [(&'static str, &'static str)]);

/// The checks, in the order of how soon they fail.
const CHECKS: [Check; 4] = [
    ("format", &["fmt", "--all", "--check"], &[]),
    ("clippy", &["clippy", "--workspace", "--all-targets", "--all-features", "--locked", "--", "-D", "warnings"], &[]),
    (
        "docs",
        &["doc", "--workspace", "--all-features", "--no-deps", "--document-private-items", "--locked"],
        &[("RUSTDOCFLAGS", "-D warnings")],
    ),
    ("tests", &["test", "--workspace", "--all-features", "--locked"], &[]),
];

/// Runs all checks; the first that fails ends it.
pub(crate) fn run(root: &Path) -> Result<()> {
    let mut times = vec![("tools", timed(|| tools().and_then(|()| gungraun_runner(root)))?)];
    times.push(("tidy", timed(|| crate::tidy::run(root))?));
    times.push(("codegen", timed(|| crate::codegen::run(root, true))?));
    for (name, args, env) in CHECKS {
        println!("== {name}: cargo {}", args.join(" "));
        times.push((name, timed(|| cargo(root, args, env))?));
    }
    println!("\nall checks passed:");
    for (name, time) in &times {
        println!("  {name:<8} {:>6.1} s", time.as_secs_f64());
    }
    Ok(())
}

fn timed(act: impl FnOnce() -> Result<()>) -> Result<Duration> {
    #[expect(clippy::disallowed_methods, reason = "tells how long the checks take")]
    let start = Instant::now();
    act()?;
    Ok(start.elapsed())
}

fn cargo(root: &Path, args: &[&str], env: &[(&str, &str)]) -> Result<()> {
    #[expect(clippy::disallowed_methods, reason = "a task calls cargo")]
    let status = Command::new("cargo").args(args).envs(env.iter().copied()).current_dir(root).status();
    let status = status.context("could not call cargo")?;
    if !status.success() {
        bail!("`cargo {}` failed", args.join(" "));
    }
    Ok(())
}

/// Sees to the tools: as root on a Debian, missing ones are installed; else they are named.
fn tools() -> Result<()> {
    let missing: Vec<&str> = TOOLS.iter().filter(|(tool, _)| !is_there(tool)).map(|(_, package)| *package).collect();
    for component in ["rustfmt", "clippy"] {
        if !succeeds(&["cargo", if component == "rustfmt" { "fmt" } else { "clippy" }, "--version"]) {
            bail!("cargo's {component} is missing: `rustup component add {component}`");
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    let packages = missing.join(" ");
    if !is_there("apt-get") || !succeeds(&["test", "-w", "/var/lib/dpkg"]) {
        bail!("missing tools: install the packages {packages}");
    }
    println!("installing {packages}");
    let install = [&["apt-get", "install", "--yes", "--no-install-recommends"][..], &missing].concat();
    if !(succeeds(&["apt-get", "update"]) && succeeds(&install)) {
        bail!("could not install {packages}");
    }
    Ok(())
}

/// Sees to gungraun's runner, which the tests look for below `target/tools`: nothing outside the tree is changed.
fn gungraun_runner(root: &Path) -> Result<()> {
    let tools = root.join("target/tools");
    let runner = tools.join("bin/gungraun-runner");
    let version = format!("={GUNGRAUN_RUNNER}");
    let installed = std::fs::read_to_string(tools.join(".crates.toml")).unwrap_or_default();
    if runner.is_file() && installed.contains(&format!("\"gungraun-runner {GUNGRAUN_RUNNER} ")) {
        return Ok(());
    }
    let tools = tools.to_string_lossy();
    let tools = tools.as_ref();
    cargo(root, &["install", "gungraun-runner", "--version", &version, "--locked", "--force", "--root", tools], &[])
}

fn is_there(tool: &str) -> bool {
    std::env::split_paths(&path()).any(|folder| folder.join(tool).is_file())
}

#[expect(clippy::disallowed_methods, reason = "a task looks for tools")]
fn path() -> std::ffi::OsString {
    std::env::var_os("PATH").unwrap_or_default()
}

#[expect(clippy::disallowed_methods, reason = "a task calls tools")]
fn succeeds(words: &[&str]) -> bool {
    Command::new(words[0]).args(&words[1..]).output().is_ok_and(|output| output.status.success())
}
