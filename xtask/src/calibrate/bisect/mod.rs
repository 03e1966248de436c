//! The search, tried on simulated histories: how often it names the right commit, how certain it claims to be, and what
//! it costs, beside `git bisect run` on the same noise.

mod methods;
mod several;
mod single;
mod world;

use anyhow::{Result, bail};

/// Histories of a row: for a table that is kept, and for a first look.
const REPLICATES: (usize, usize) = (1_000, 50);
/// Histories of a row of the tables beside the first two, of five.
const LESS: usize = 2;

/// Arguments of `calibrate bisect`.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Args {
    /// Histories simulated for each row of a table
    #[arg(long)]
    replicates: Option<usize>,
    /// Few histories, for a first look; the tables are printed and not written
    #[arg(long)]
    quick: bool,
    /// One table only, printed and not written: base, noise, layout, unbuildable, costs, others or several
    #[arg(long)]
    table: Option<String>,
}

impl Args {
    /// The same wishes as for all parts.
    pub(crate) fn of(args: &super::StatsArgs) -> Self {
        Self { replicates: args.replicates, quick: args.quick, table: None }
    }

    /// Whether these are the tables to keep.
    pub(crate) fn is_whole(&self) -> bool {
        !self.quick && self.table.is_none()
    }
}

/// Makes one part of the text from a number of histories.
type Table = fn(usize) -> String;

const TABLES: [(&str, Table); 7] = [
    ("base", single::base),
    ("noise", single::noise),
    ("layout", single::layout),
    ("unbuildable", single::unbuildable),
    ("costs", single::costs),
    ("others", single::others),
    ("several", several::table),
];

/// The tables, as Markdown.
pub(crate) fn tables(args: &Args) -> Result<String> {
    let replicates = args.replicates.unwrap_or(if args.quick { REPLICATES.1 } else { REPLICATES.0 });
    let wanted = |name: &str| args.table.as_deref().is_none_or(|table| table == name);
    if !TABLES.iter().any(|(name, _)| wanted(name)) {
        bail!("there is no table of this name");
    }
    let mut text = INTRODUCTION.to_owned();
    for (name, table) in TABLES.iter().filter(|(name, _)| wanted(name)) {
        let whole = ["base", "noise"].contains(name);
        text.push_str(&table(if whole { replicates } else { (LESS * replicates).div_ceil(5) }));
    }
    Ok(text)
}

/// What every table needs to be read.
const INTRODUCTION: &str = "# How often the search is right

<!-- Written by `cargo xtask calibrate bisect`. -->

Simulated histories, seeded; the noise is that of the decision's tables. A block is two pairs,
four processes. Both ends are built and measured in eight blocks before the search starts; they count below. Unless a table
says otherwise there is one step, at a random commit, a build costs as much as three blocks, no build has a bias of its own
and the search allows for one of .25 %, and it claims a certainty of 99 %.

- **right**: exactly the culprit is named; behind commits that cannot be built, exactly those that no measurement can tell
  from it.
- **held**: the culprit is in the set returned.
- **claimed**: mean posterior of that set. **sure**: the search ended because it was certain. **set**: mean size.
- **builds**: executables built, both ends included; **failed**: builds that failed, not included.
- **blocks**: measured, those of the ends included.
";
