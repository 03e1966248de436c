//! `cargo xtask calibrate`: how often the statistics are wrong, by simulation on noise whose truth is known.
//!
//! Each part returns its tables as Markdown; here they are printed and written to `docs/methodology`.

mod bisect;
mod decide;
pub(crate) mod noise;
pub(crate) mod parallel;

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
        Subject::Bisect(args) => return publish(root, "bisect.md", &bisect::tables(args)?, args.is_whole()),
    };
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
