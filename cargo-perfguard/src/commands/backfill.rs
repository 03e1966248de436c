//! `cargo perfguard backfill`.

use perfguard_core::cancel::CancellationToken;
use perfguard_core::clock::{Clock, SystemClock};
use perfguard_core::config::units;
use perfguard_core::pipeline::{
    BackfillOrder, BackfillRequest, CompareRequest, CompareRules, PastSelection, SideSpec, backfill, commit_of,
    past_commits,
};
use perfguard_core::report::backfill_table;

use super::compare::rules;
use super::{Here, show};
use crate::cli::{BackfillArgs, FilterOptions, Flag, JudgeOptions, Order};
use crate::command_error::CommandError;
use crate::exit_code::Exit;
use crate::progress::Progress;
use crate::ui::Ui;

pub(crate) fn run(args: &BackfillArgs, ui: &mut Ui, cancel: &CancellationToken) -> Result<Exit, CommandError> {
    // The budget is of everything, and none of a single comparison.
    let pairs = args.pairs.flags().into_iter().filter(|(key, ..)| *key != "compare.budget");
    let flags: Vec<Flag> = pairs.chain(args.store.flags()).collect();
    let here = Here::find(args.cargo.manifest_path.as_deref(), &flags, ui, cancel)?;
    let clock = SystemClock::default();
    let selection = PastSelection {
        every: args.every.and_then(|every| usize::try_from(every).ok()),
        since_ns: args.since.as_deref().map(day).transpose()?,
        tags: args.tags,
    };
    let commits = past_commits(&here.place, &args.range, &selection)?;
    let anchor = match &args.anchor {
        Some(revision) => commit_of(&here.place, revision)?,
        None => commits[commits.len() - 1].clone(),
    };
    let filter = FilterOptions { filter: args.benchmark.clone(), exact: args.exact };
    let seed = args.pairs.seed.unwrap_or_else(|| clock.unix_ns().cast_unsigned());
    let mut settings = here.settings(&filter, seed);
    settings.budget = here.config.duration("compare.budget").expect("this key has a default");
    let budget = args.pairs.budget.as_deref().map(units::parse_duration).transpose();
    let side = SideSpec::Commit(anchor.clone());
    let request = BackfillRequest {
        compare: CompareRequest {
            options: args.cargo.build_options(!args.wait.no_wait, &here.config),
            filter: super::filter(&filter),
            settings,
            base: side.clone(),
            head: side,
            variants: Default::default(),
            // The past is told, not judged.
            rules: CompareRules { gate: Vec::new(), ..rules(&here, &JudgeOptions::default()) },
            purpose: "cargo perfguard backfill",
            only_affected: false,
            all_the_same: None,
        },
        commits,
        anchor,
        order: match args.order {
            Order::Newest => BackfillOrder::Newest,
            Order::Gaps => BackfillOrder::Gaps,
        },
        budget: budget.map_err(|error| CommandError::usage(error.to_string(), "`--budget 30m`"))?,
    };
    let mut store = here.store()?;
    let mut progress = Progress::new(ui);
    let view = backfill(&here.place, &here.tools, &request, &mut store, &clock, &mut progress, cancel)?;
    show(&view, args.output.format, backfill_table);
    Ok(if cancel.is_cancelled() { Exit::Interrupted } else { Exit::Success })
}

/// The beginning of a day, UTC, nanoseconds since the Unix epoch.
fn day(text: &str) -> Result<i64, CommandError> {
    let unreadable = || CommandError::usage(format!("`{text}` is no day"), "write it as `--since 2026-03-01`");
    let start: jiff::Timestamp = format!("{text}T00:00:00Z").parse().map_err(|_| unreadable())?;
    i64::try_from(start.as_nanosecond()).map_err(|_| unreadable())
}
