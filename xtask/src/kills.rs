//! Kills perfguard at random moments and checks that what follows is as if nothing had happened.
//!
//! Each trial changes the sources (so that something is built), starts `run` or `baseline`, kills it with SIGKILL after
//! a random time, and resumes. Then every run in the store must be whole, the user's tree and repository as they were,
//! no process left, and the machine's lock free.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use perfguard_stats::random::Stream;

use crate::scratch::now;

/// Arguments of `kills`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How often to kill
    #[arg(long, default_value_t = 200)]
    kills: u32,
    /// Seed of the moments
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// The benchmarks of the scripted fixture and what each takes, nanoseconds.
const SCRIPT: &str = "a: 1\nb: 20\nc/with slash: 300\nd: 4000\n";
const BENCHMARKS: usize = 4;
/// So many that measuring takes about as long as building: kills hit both.
const OBSERVATIONS: usize = 60;
const OBSERVATIONS_WORD: &str = "60..60";

/// What a killed perfguard was doing, as the store and the cache tell.
#[derive(Debug, Default)]
struct Moments {
    finished: u32,
    before_run: u32,
    within_run: u32,
    left_at_once: u32,
}

/// A repository of its own with the scripted fixture.
struct World {
    program: PathBuf,
    folder: tempfile::TempDir,
}

/// Kills as often as asked; the first trial that leaves something wrong ends it.
pub(crate) fn run(root: &Path, args: &Args) -> Result<()> {
    let world = World::new(root)?;
    // How long each takes when nobody kills it.
    let mut whole = BTreeMap::new();
    for command in ["run", "baseline"] {
        world.change(command)?;
        let start = now();
        expect(&world.perfguard(&words(command, false)).output()?, "an undisturbed run")?;
        whole.insert(command, start.elapsed());
    }
    println!("undisturbed: {whole:.2?}; {} kills with seed {}", args.kills, args.seed);
    let mut random = Stream::new(args.seed);
    let mut moments = Moments::default();
    let mut runs = world.runs()?;
    for trial in 1..=args.kills {
        let command = if random.below(2) == 0 { "run" } else { "baseline" };
        world.change(&trial.to_string())?;
        let before = world.everything()?;
        let most = u64::try_from(whole[command].as_micros())?;
        let after = Duration::from_micros(random.below(most));
        let what = format!("trial {trial}: `{command}` killed after {after:.2?}");
        let mut child = world.perfguard(&words(command, false)).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        std::thread::sleep(after);
        child.kill()?;
        child.wait()?;
        if world.processes()?.is_empty() {
            moments.left_at_once += 1;
        }
        ensure!(world.everything()? == before, "{what}: the repository changed");
        let begun = world.runs()?.into_iter().find(|run| !runs.contains(run));
        // It may have written its end and been killed before it left.
        let finished = begun.as_ref().map(|run| world.is_finished(run)).transpose()?;
        *match finished {
            None => &mut moments.before_run,
            Some(false) => &mut moments.within_run,
            Some(true) => &mut moments.finished,
        } += 1;
        let resumed = world.perfguard(&words(command, true)).output()?;
        expect(&resumed, &what)?;
        ensure!(world.everything()? == before, "{what}, then resumed: the repository changed");
        // `run` measures again what was finished; `baseline` knows that the commit was.
        world.check_store(&what, 1 + usize::from(finished == Some(true) && command == "run"), &runs)?;
        runs = world.runs()?;
        let left = world.processes_after_a_while()?;
        ensure!(left.is_empty(), "{what}: processes are left: {left:?}");
        expect(&world.perfguard(&["list", "--no-wait"]).output()?, &format!("{what}: the lock"))?;
        if trial % 20 == 0 {
            println!("{trial} of {}", args.kills);
        }
    }
    let Moments { finished, before_run, within_run, left_at_once } = moments;
    println!(
        "{} kills: {before_run} before the first observation, {within_run} while it measured, {finished} after its end.\n\
         Every run was resumed to all of its {} observations, none twice; the repository never changed; no process was \
         left (in {left_at_once} cases none even at the moment of the kill); the lock was free.",
        args.kills,
        BENCHMARKS * OBSERVATIONS,
    );
    Ok(())
}

fn words(command: &'static str, resume: bool) -> Vec<&'static str> {
    let mut words = vec![command, "--observations", OBSERVATIONS_WORD, "--budget", "10m", "--seed", "7"];
    words.extend(resume.then_some("--resume"));
    words
}

/// The command ended well; otherwise the error has what it said.
fn expect(output: &Output, what: &str) -> Result<()> {
    ensure!(output.status.success(), "{what}: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
    Ok(())
}

impl World {
    fn new(root: &Path) -> Result<Self> {
        let mut build = command("cargo", root);
        build.args(["build", "--release", "--package", "cargo-perfguard"]);
        ensure!(build.status()?.success(), "cargo-perfguard does not build");
        let world = Self { program: root.join("target/release/cargo-perfguard"), folder: tempfile::tempdir()? };
        let fixture = root.join("fixtures/scripted");
        let repository = world.repository();
        for folder in ["src", "benches"] {
            fs_err::create_dir_all(repository.join(folder))?;
        }
        fs_err::copy(fixture.join("Cargo_test.toml"), repository.join("Cargo.toml"))?;
        for file in ["src/lib.rs", "benches/script.rs"] {
            fs_err::copy(fixture.join(file), repository.join(file))?;
        }
        fs_err::write(repository.join("script.txt"), SCRIPT)?;
        world.git(&["init", "--quiet", "--initial-branch=main"])?;
        Ok(world)
    }

    fn repository(&self) -> PathBuf {
        self.folder.path().join("repository")
    }

    /// Commits another source: the next build has something to do.
    fn change(&self, trial: &str) -> Result<()> {
        fs_err::write(self.repository().join("src/lib.rs"), format!("//! Source of trial {trial}.\n"))?;
        self.git(&["add", "--all"])?;
        self.git(&["-c", "user.name=A", "-c", "user.email=a@example.com", "commit", "--quiet", "--message", "next"])
    }

    fn git(&self, args: &[&str]) -> Result<()> {
        expect(&command("git", &self.repository()).args(args).output()?, &format!("git {args:?}"))
    }

    fn perfguard(&self, args: &[&str]) -> Command {
        let mut perfguard = command(&self.program.to_string_lossy(), &self.repository());
        perfguard.args(args).env("PERFGUARD_CACHE", self.folder.path().join("cache"));
        perfguard
    }

    /// The ids of all runs.
    fn runs(&self) -> Result<Vec<String>> {
        let runs = self.json(&["runs", "--limit", "1000", "--format", "json"])?;
        let ids = runs["runs"].as_array().into_iter().flatten().filter_map(|run| run["id"].as_str());
        Ok(ids.map(str::to_owned).collect())
    }

    fn json(&self, args: &[&str]) -> Result<serde_json::Value> {
        let output = self.perfguard(args).output()?;
        expect(&output, &args.join(" "))?;
        serde_json::from_slice(&output.stdout).with_context(|| format!("{args:?} gave no JSON"))
    }

    fn is_finished(&self, run: &str) -> Result<bool> {
        Ok(self.json(&["show", run, "--format", "json"])?["run"]["finished_at"].is_string())
    }

    /// There are just so many runs beyond those of before, and they are whole.
    fn check_store(&self, what: &str, wanted: usize, known: &[String]) -> Result<()> {
        let runs = self.runs()?;
        let new: Vec<_> = runs.iter().filter(|run| !known.contains(run)).collect();
        ensure!(new.len() == wanted, "{what}: {} runs came of it, not {wanted}", new.len());
        for run in &new {
            let view = self.json(&["show", run, "--format", "json"])?;
            ensure!(view["run"]["finished_at"].is_string(), "{what}: run {run} is not finished");
            let rows = view["benchmarks"].as_array().context("rows")?;
            ensure!(rows.len() == BENCHMARKS, "{what}: run {run} has {} benchmarks", rows.len());
            for row in rows {
                let count = row["observations"].as_array().map(Vec::len);
                ensure!(count == Some(OBSERVATIONS), "{what}: {} of run {run} has {count:?} observations", row["id"]);
            }
        }
        Ok(())
    }

    /// Every file of the repository with its time and content, perfguard's own folder apart.
    fn everything(&self) -> Result<BTreeMap<PathBuf, (std::time::SystemTime, Vec<u8>)>> {
        let mut found = BTreeMap::new();
        let mut open = vec![self.repository()];
        while let Some(folder) = open.pop() {
            for entry in fs_err::read_dir(&folder)? {
                let path = entry?.path();
                if path.ends_with(".git/perfguard") {
                    continue;
                }
                if path.is_dir() {
                    open.push(path);
                } else {
                    found.insert(path.clone(), (fs_err::metadata(&path)?.modified()?, fs_err::read(&path)?));
                }
            }
        }
        Ok(found)
    }

    /// Processes whose executable, directory, words or variables name this world, but those of this task.
    fn processes(&self) -> Result<Vec<String>> {
        let mark = self.folder.path().to_string_lossy().into_owned();
        let mut found = Vec::new();
        for entry in fs_err::read_dir("/proc")? {
            let path = entry?.path();
            let read = |name: &str| std::fs::read(path.join(name)).unwrap_or_default();
            let text = [read("cmdline"), read("environ")].concat();
            let text = String::from_utf8_lossy(&text).into_owned();
            let cwd = std::fs::read_link(path.join("cwd")).unwrap_or_default();
            if text.contains(&mark) || cwd.starts_with(&mark) {
                found.push(text.replace('\0', " ").chars().take(200).collect());
            }
        }
        Ok(found)
    }

    /// What is left once those that were told to end have had the time to.
    fn processes_after_a_while(&self) -> Result<Vec<String>> {
        for _ in 0..100 {
            let left = self.processes()?;
            if left.is_empty() {
                return Ok(left);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        self.processes()
    }
}

fn command(program: &str, folder: &Path) -> Command {
    #[expect(clippy::disallowed_methods, reason = "a task calls cargo, git and perfguard")]
    let mut command = Command::new(program);
    command.current_dir(folder).stdin(Stdio::null());
    command
}
