//! The shape of the command line. Everything here is a promise: flags keep their meaning.

mod backfill_options;
mod bisect_options;
mod cargo_options;
mod compare_options;
mod doctor_options;
mod explain_options;
mod measure_options;

use std::process::ExitCode;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

pub use backfill_options::{BackfillArgs, Order};
pub use bisect_options::{BisectArgs, BisectVerb};
pub use cargo_options::CargoOptions;
pub use compare_options::{AcceptArgs, CheckArgs, CompareArgs, JudgeOptions, PairOptions, SelfTestArgs};
pub use doctor_options::DoctorArgs;
pub use explain_options::ExplainArgs;
pub use measure_options::{Flag, MeasureOptions};

use crate::exit_code::Exit;

/// Measure a workspace's benchmarks, tie them to commits, tell what changed
#[derive(Debug, Parser)]
#[command(name = "cargo perfguard", bin_name = "cargo perfguard", version, max_term_width = 100)]
#[command(after_help = "With every command, --log-file PATH writes down everything that happens.\n\n\
                  Exit codes: 0 well, 2 usage, 4 nothing to measure, 100 a regression,\n\
                  101 build, 103 a benchmark failed; docs/exit-codes.md has all.")]
pub struct Cli {
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub globals: GlobalOptions,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List every bench target, its harness and its benchmarks
    #[command(after_help = "Cargo's flags mean what they mean to cargo: -p, --workspace, --bench, -F,\n\
                            --profile, --target, --manifest-path, --locked, …; docs/cli.md has each.\n\n\
                            Examples:\n  cargo perfguard list\n  cargo perfguard list --format json parse")]
    List(ListArgs),
    /// Measure the working tree, and compare it with a base that is kept
    #[command(after_help = "Cargo's flags mean what they mean to cargo: -p, --workspace, --bench, -F,\n\
                            --profile, --target, --manifest-path, --locked, …; docs/cli.md has each.\n\
                            A change is judged as by `compare`: --threshold, --strict, --no-gate, --force.\n\n\
                            Examples:\n  cargo perfguard run\n  cargo perfguard run --quick parse\n  \
                            cargo perfguard run -p my-crate --budget 5m --precision 0.5%")]
    Run(Box<RunArgs>),
    /// Compare two commits, or two builds of one, and judge the change
    #[command(after_help = "Cargo's flags (-p, --bench, -F, --profile, …) mean what they mean to cargo.\n\n\
                            Examples:\n  cargo perfguard compare main...HEAD --strict -- parse\n  \
                            cargo perfguard compare --variant '' --variant 'lto=fat features=simd'")]
    Compare(Box<CompareArgs>),
    /// Compare quickly with HEAD: for hooks, and before a commit
    #[command(after_help = "Cargo's flags mean what they mean to cargo: -p, --workspace, --bench, -F,\n\
                            --profile, --target, --manifest-path, --locked, …; docs/cli.md has each.\n\n\
                            Examples:\n  cargo perfguard check\n  cargo perfguard check --staged --within 30s\n  \
                            cargo perfguard check origin/main")]
    Check(Box<CheckArgs>),
    /// Tell why a benchmark changed, function by function
    #[command(override_usage = "cargo perfguard explain [OPTIONS] [BASE [HEAD]] BENCHMARK")]
    #[command(after_help = "Cargo's flags (-p, --bench, -F, --profile, …) mean what they mean to cargo.\n\n\
                            Examples:\n  cargo perfguard explain parse/large\n  \
                            cargo perfguard explain main...HEAD parse/large --flame-graph")]
    Explain(Box<ExplainArgs>),
    /// Find the commit that made a benchmark slower
    #[command(after_help = "Cargo's flags mean what they mean to cargo. docs/cli.md has all flags.\n\n\
                            Examples:\n  cargo perfguard bisect --good v1.2.0 parse\n  \
                            cargo perfguard bisect --run 'target/release/x' --setup 'cargo build -r'")]
    Bisect(Box<BisectArgs>),
    /// Measure past commits, for the history that trends are drawn from
    #[command(after_help = "Cargo's flags (-p, --bench, -F, --profile, …) mean what they mean to cargo.\n\n\
                            Examples:\n  cargo perfguard backfill v1.0.0..HEAD --every 10\n  \
                            cargo perfguard backfill --since 2026-01-01 --order gaps --budget 1h -- parse")]
    Backfill(Box<BackfillArgs>),
    /// Count how often perfguard is wrong on this machine
    #[command(name = "self-test")]
    #[command(after_help = "Examples:\n  cargo perfguard self-test parse\n  \
                            cargo perfguard self-test --comparisons 100 --slowdown 3%")]
    SelfTest(Box<SelfTestArgs>),
    /// Accept a change that was shown, so that the gate lets it pass
    #[command(
        after_help = "Examples:\n  cargo perfguard accept my-crate::parse::parse/large --reason 'checks its input now'"
    )]
    Accept(AcceptArgs),
    /// Write a commented perfguard.toml, and a git hook if asked
    #[command(after_help = "Examples:\n  cargo perfguard init\n  cargo perfguard init --hook pre-commit")]
    Init(InitArgs),
    /// Measure a commit and give it a name to compare with
    #[command(after_help = "Cargo's flags mean what they mean to cargo: -p, --workspace, --bench, -F,\n\
                            --profile, --target, --manifest-path, --locked, …; docs/cli.md has each.\n\
                            How to measure is said as to `run`: --quick, --budget, --precision, ….\n\n\
                            Examples:\n  cargo perfguard baseline --commit HEAD~1\n  \
                            cargo perfguard baseline --commit v1.2.0 --name release\n  cargo perfguard baseline list")]
    Baseline(Box<BaselineArgs>),
    /// Show a recorded run
    #[command(after_help = "Examples:\n  cargo perfguard show\n  cargo perfguard show 0190a1 --format json")]
    Show(ShowArgs),
    /// List the recorded runs, newest first
    #[command(after_help = "Examples:\n  cargo perfguard runs\n  cargo perfguard runs --limit 100 --format json")]
    Runs(RunsArgs),
    /// Show the settings that hold and why, or write a commented file
    #[command(after_help = "Examples:\n  cargo perfguard config show --budget 5m\n  cargo perfguard config init")]
    Config(ConfigArgs),
    /// Check that the store is whole, or keep what of it is
    #[command(after_help = "Examples:\n  cargo perfguard store verify\n  cargo perfguard store repair")]
    Store(StoreArgs),
    /// Show what is kept outside the tree, and remove what may go
    #[command(after_help = "Examples:\n  cargo perfguard clean\n  cargo perfguard clean --unused")]
    Clean(CleanArgs),
    /// Examine this machine: what makes noise here, and what to change
    #[command(after_help = "Examples:\n  cargo perfguard doctor\n  cargo perfguard doctor --explain turbo\n  \
                            cargo perfguard doctor --format json --no-noise-floor")]
    Doctor(DoctorArgs),
    /// Print a completion script for a shell
    #[command(after_help = "Examples:\n  source <(cargo perfguard completions bash)\n  \
                            cargo perfguard completions fish > ~/.config/fish/completions/cargo-perfguard.fish")]
    Completions(CompletionsArgs),
    /// Print the manual page, or write one for each command
    #[command(
        after_help = "Examples:\n  cargo perfguard man | man -l -\n  cargo perfguard man --dir /usr/local/share/man/man1"
    )]
    Man(ManArgs),
}

/// What holds for every command.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Output")]
pub struct GlobalOptions {
    /// Print results and errors only
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Tell each call of cargo and each decision
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// Write everything that happens to this file
    #[arg(long, value_name = "PATH", global = true, hide = true)]
    pub log_file: Option<std::path::PathBuf>,
    /// Colour the output [default: auto]
    #[arg(long, value_name = "WHEN", global = true, value_parser = ["auto", "always", "never"], hide_possible_values = true)]
    pub color: Option<String>,
}

/// How results are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A table for people.
    #[default]
    Text,
    /// Versioned JSON, complete.
    Json,
}

/// What is printed.
#[derive(Debug, Clone, Args)]
pub struct OutputOptions {
    /// Print results as `text` or as `json` [default: text]
    #[arg(long, value_enum, default_value_t, global = true, help_heading = "Output")]
    #[arg(hide_possible_values = true, hide_default_value = true)]
    pub format: Format,
}

/// Where results are kept.
#[derive(Debug, Clone, Args)]
pub struct StoreOptions {
    /// Keep results in this file, not in the git directory
    #[arg(long, value_name = "PATH|URL", global = true, help_heading = "Output")]
    pub store: Option<String>,
}

impl StoreOptions {
    /// What the user gave, by the key that it stands for.
    pub(crate) fn flags(&self) -> Vec<Flag> {
        self.store.iter().map(|store| ("store.url", "--store", store.clone())).collect()
    }
}

/// Which benchmarks.
#[derive(Debug, Clone, Args)]
pub struct FilterOptions {
    /// Only benchmarks whose id contains this; several mean or
    #[arg(value_name = "FILTER")]
    pub filter: Vec<String>,
    /// Only benchmarks whose whole id is a FILTER
    #[arg(long)]
    pub exact: bool,
}

/// Waiting for others.
#[derive(Debug, Clone, Args)]
pub struct WaitOptions {
    /// Leave with code 97 rather than wait for another
    #[arg(long)]
    pub no_wait: bool,
}

/// Arguments of `list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub filter: FilterOptions,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub wait: WaitOptions,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub output: OutputOptions,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub cargo: CargoOptions,
}

/// Arguments of `run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub filter: FilterOptions,
    /// Compare with what is kept of this one
    #[arg(long, value_name = "NAME|REV", conflicts_with = "no_baseline")]
    pub baseline: Option<String>,
    /// Compare with nothing
    #[arg(long)]
    pub no_baseline: bool,
    /// Go on with this command's last run if it did not finish
    #[arg(long)]
    pub resume: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub wait: WaitOptions,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub measure: MeasureOptions,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub judge: JudgeOptions,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub store: StoreOptions,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub output: OutputOptions,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub cargo: CargoOptions,
}

/// Arguments of `init`.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// Write a git hook that runs `cargo perfguard check`
    #[arg(long, value_name = "HOOK", value_parser = ["pre-commit", "pre-push"])]
    pub hook: Option<String>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub manifest: ManifestOptions,
}

/// Arguments of `baseline`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct BaselineArgs {
    /// What to do with baselines, where it is not measuring one.
    #[command(subcommand)]
    pub verb: Option<BaselineVerb>,
    /// Measure this revision [default: HEAD]
    #[arg(long, value_name = "REV", default_value = "HEAD", hide_default_value = true)]
    pub commit: String,
    /// Give the commit this name
    #[arg(long, value_name = "NAME", default_value = "main")]
    pub name: String,
    /// Measure again although the commit was measured here before
    #[arg(long)]
    pub fresh: bool,
    /// Go on with this command's last run if it did not finish
    #[arg(long)]
    pub resume: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub filter: FilterOptions,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub wait: WaitOptions,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub measure: MeasureOptions,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub store: StoreOptions,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub output: OutputOptions,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub cargo: CargoOptions,
}

/// What to do with baselines.
#[derive(Debug, Clone, Subcommand)]
pub enum BaselineVerb {
    /// List all baselines
    List,
    /// Show what a baseline's run measured
    Show(BaselineName),
    /// Give a recorded run of a commit a name
    Promote {
        /// The run: the beginning of its id, or `latest`
        #[arg(value_name = "RUN")]
        run: String,
        /// Give the run this name
        #[arg(long, value_name = "NAME", default_value = "main")]
        name: String,
    },
    /// Check that a baseline's run and executables are whole
    Verify(BaselineName),
    /// Remove a name; its run stays recorded
    Remove(BaselineName),
}

/// A baseline's name.
#[derive(Debug, Clone, Args)]
pub struct BaselineName {
    /// The baseline
    #[arg(value_name = "NAME", default_value = "main")]
    pub name: String,
}

/// Arguments of `show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The run: the beginning of its id, or `latest`
    #[arg(value_name = "RUN", default_value = "latest")]
    pub run: String,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub manifest: ManifestOptions,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub store: StoreOptions,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub output: OutputOptions,
}

/// Arguments of `runs`.
#[derive(Debug, Args)]
pub struct RunsArgs {
    /// Show at most this many
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub limit: usize,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub manifest: ManifestOptions,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub store: StoreOptions,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub output: OutputOptions,
}

/// Arguments of `config`.
#[derive(Debug, Args)]
pub struct ConfigArgs {
    /// What to do with the configuration.
    #[command(subcommand)]
    pub verb: ConfigVerb,
}

/// What to do with the configuration.
#[derive(Debug, Subcommand)]
pub enum ConfigVerb {
    /// Show every setting that holds, with its origin
    Show(Box<ConfigShowArgs>),
    /// Write a commented perfguard.toml to the workspace's root
    Init {
        #[command(flatten)]
        #[expect(missing_docs, reason = "documented at the type")]
        manifest: ManifestOptions,
    },
}

/// Arguments of `config show`.
#[derive(Debug, Args)]
pub struct ConfigShowArgs {
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub measure: MeasureOptions,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub manifest: ManifestOptions,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub store: StoreOptions,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub output: OutputOptions,
}

/// Arguments of `store`.
#[derive(Debug, Args)]
pub struct StoreArgs {
    /// What to do with the store.
    #[command(subcommand)]
    pub verb: StoreVerb,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub manifest: ManifestOptions,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub store: StoreOptions,
}

/// What to do with the store.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum StoreVerb {
    /// Look through all of it and name what cannot be read
    Verify,
    /// Move it aside and keep what is whole in a new one
    Repair,
}

/// Arguments of `clean`.
#[derive(Debug, Args)]
pub struct CleanArgs {
    /// Remove commits and executables that no baseline needs
    #[arg(long)]
    pub unused: bool,
    /// Remove everything: the build tree and what baselines need, too
    #[arg(long, conflicts_with = "unused")]
    pub all: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub wait: WaitOptions,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub manifest: ManifestOptions,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub store: StoreOptions,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub output: OutputOptions,
}

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell: bash, zsh, fish, elvish or powershell
    #[arg(value_name = "SHELL", value_enum, hide_possible_values = true)]
    pub shell: clap_complete::Shell,
}

/// Arguments of `man`.
#[derive(Debug, Args)]
pub struct ManArgs {
    /// Write a page for each command to this folder
    #[arg(long, value_name = "PATH")]
    pub dir: Option<std::path::PathBuf>,
}

/// Where the workspace is.
#[derive(Debug, Clone, Args)]
pub struct ManifestOptions {
    /// Use the workspace of this Cargo.toml
    #[arg(long, value_name = "PATH", help_heading = "Cargo", global = true)]
    pub manifest_path: Option<std::path::PathBuf>,
}

/// Reads the words of a command line.
///
/// # Errors
/// What clap has to say: help is an error too.
pub(crate) fn parse(words: Vec<std::ffi::OsString>) -> Result<Cli, clap::Error> {
    Cli::from_arg_matches_mut(&mut for_a_screen().try_get_matches_from(words)?)
}

/// The definition with help that fits a screen: how `baseline` measures and how `run` judges is named in one line.
fn for_a_screen() -> clap::Command {
    let without = |command: clap::Command, heading: &'static str| {
        command.mut_args(|argument| {
            let is_under = argument.get_help_heading() == Some(heading);
            if is_under { argument.hide(true) } else { argument }
        })
    };
    definition()
        .mut_subcommand("bisect", |command| {
            command.disable_help_subcommand(true).mut_arg("no_wait", |argument| argument.hide(true))
        })
        .mut_subcommand("baseline", |command| without(command, "Measuring").disable_help_subcommand(true))
        .mut_subcommand("run", |command| without(command, "Judging"))
}

/// The command line's own definition, for the reference that is generated from it.
///
/// Arguments that help leaves out, so that it fits a screen, are in it.
pub fn command() -> clap::Command {
    shown(definition())
}

/// The definition as it is parsed.
fn definition() -> clap::Command {
    // Cargo's old name of `--workspace` is another flag of `bisect`; searches have a budget of everything.
    let of_everything = |argument: clap::Arg| argument.help("Time of everything, builds too [default: none]");
    Cli::command()
        .mut_subcommand("bisect", |command| {
            command.mut_arg("workspace", |argument| argument.alias(None)).mut_arg("budget", of_everything)
        })
        .mut_subcommand("backfill", |command| command.mut_arg("budget", of_everything))
}

fn shown(command: clap::Command) -> clap::Command {
    let tell_all = |argument: clap::Arg| {
        let argument = argument.hide(false);
        if argument.get_id() == "variant" { argument.long_help(compare_options::VARIANT_HELP) } else { argument }
    };
    command.mut_args(tell_all).mut_subcommands(shown)
}

/// Prints what clap has to say; gives the exit code.
pub(crate) fn report(error: &clap::Error) -> ExitCode {
    error.print().ok();
    if error.use_stderr() { Exit::Usage.into() } else { Exit::Success.into() }
}

#[cfg(test)]
mod tests;
