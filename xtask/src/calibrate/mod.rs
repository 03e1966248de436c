//! `cargo xtask calibrate`: how often the statistics are wrong, by simulation on noise whose truth is known.
//!
//! Each part returns its tables as Markdown; here they are printed and written to `docs/methodology`.

mod bisect;
mod compare;
mod decide;
mod grouped;
pub(crate) mod noise;
mod pair_list;
pub(crate) mod parallel;
mod recorded;

use std::path::Path;

use anyhow::Result;

/// Arguments of `calibrate`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    subject: Subject,
}

#[derive(Debug, clap::Subcommand)]
enum Subject {
    /// The methods: error rates of the decision and of the search, under every kind of noise
    Stats(StatsArgs),
    /// The search alone, table by table
    Bisect(bisect::Args),
    /// The real program on this machine, beside criterion's own verdicts: an hour or so
    Compare(compare::Args),
    /// A repository's newest commits, with the executables as built and on common layouts
    Layouts(compare::history::Args),
}

/// Arguments of `calibrate stats`.
#[derive(Debug, clap::Args)]
pub(crate) struct StatsArgs {
    /// Comparisons simulated for each row of a table (histories, for the search)
    #[arg(long)]
    pub(crate) replicates: Option<usize>,
    /// Few replicates, for a first look; the tables are printed and not written
    #[arg(long)]
    pub(crate) quick: bool,
    /// One part only
    #[arg(long)]
    only: Option<Part>,
    /// The designs on recorded pairs instead of simulated ones
    #[arg(long, conflicts_with_all = ["replicates", "quick", "only"])]
    recorded: bool,
}

/// A part of the calibration, with a file of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    Decide,
    Bisect,
}

/// Runs the parts asked for.
pub(crate) fn run(root: &Path, args: &Args) -> Result<()> {
    let args = match &args.subject {
        Subject::Stats(args) => args,
        Subject::Compare(args) => return compare::run(root, args),
        Subject::Layouts(args) => return compare::history::run(root, args),
        Subject::Bisect(args) => return publish(root, "bisect.md", &bisect::tables(args)?, args.is_whole()),
    };
    if args.recorded {
        return publish(root, "recorded.md", &recorded::tables(root)?, true);
    }
    for part in [Part::Decide, Part::Bisect] {
        if args.only.is_some_and(|only| only != part) {
            continue;
        }
        let (file, text) = match part {
            Part::Decide => ("decision.md", decide::tables(args)?),
            Part::Bisect => ("bisect.md", bisect::tables(&bisect::Args::of(args))?),
        };
        publish(root, file, &text, !args.quick)?;
    }
    Ok(())
}

/// Prints a part's tables, and writes them where they are kept.
fn publish(root: &Path, file: &str, text: &str, keep: bool) -> Result<()> {
    println!("{text}");
    if keep {
        let folder = root.join("docs/methodology");
        fs_err::create_dir_all(&folder)?;
        fs_err::write(folder.join(file), text)?;
    }
    Ok(())
}
