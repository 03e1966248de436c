//! `cargo perfguard compare`.

use std::sync::Arc;
use std::time::Duration;

use perfguard_core::cancel::CancellationToken;
use perfguard_core::clock::{Clock, SystemClock};
use perfguard_core::pipeline::{CompareRequest, CompareRules, LayoutChoice, SideSpec, compare, sides_of};
use perfguard_core::plan::Filter;
use perfguard_core::report::{Amount, CompareView, compare_table};

use super::{Here, show, variants};
use crate::cli::{CheckArgs, CompareArgs, FilterOptions, Format, JudgeOptions};
use crate::command_error::CommandError;
use crate::exit_code::Exit;
use crate::progress::Progress;
use crate::ui::Ui;

/// Pairs and layouts of a quick check, at most.
const QUICK_PAIRS: usize = 24;
const QUICK_LAYOUTS: usize = 4;

/// On how many layouts pairs run.
pub(crate) fn layout_choice(here: &Here) -> LayoutChoice {
    match here.config.count_or_auto("compare.layouts") {
        None => LayoutChoice::Auto,
        Some(count) => LayoutChoice::Exactly(usize::try_from(count).unwrap_or(usize::MAX)),
    }
}

/// How a comparison is judged, by settings and flags.
pub(crate) fn rules(here: &Here, judge: &JudgeOptions) -> CompareRules {
    let config = &here.config;
    CompareRules {
        threshold: config.percent("compare.threshold").expect("this key has a default"),
        layouts: layout_choice(here),
        force: judge.force,
        gate: config.list("compare.gate").to_vec(),
        ignore: config.list("identity.ignore").to_vec(),
        witness: config.text("compare.witness") == Some("instructions"),
        strict: judge.strict,
        most_pairs: None,
    }
}

pub(crate) fn run(args: &CompareArgs, ui: &mut Ui, cancel: &CancellationToken) -> Result<Exit, CommandError> {
    let witness = args.witness.iter().map(|what| ("compare.witness", "--witness", what.clone()));
    let metrics = args.metrics.iter().map(|names| ("metrics.take", "--metrics", names.clone()));
    let more: Vec<_> = witness.chain(metrics).collect();
    let flags = [args.pairs.flags(), args.judge.flags(), args.store.flags(), more].concat();
    let here = Here::find(args.cargo.manifest_path.as_deref(), &flags, ui, cancel)?;
    let clock = SystemClock::default();
    let filter = FilterOptions { filter: args.filter.clone(), exact: args.exact };
    let (variants, others) = variants::parse(args)?;
    let (base, head) = if variants::is_wanted(args) {
        let side = variants::side(&here, args, "variants are builds", "--variant")?;
        (side.clone(), side)
    } else if args.between.is_some() {
        let side = variants::side(&here, args, "both benchmarks are", "--between")?;
        (side.clone(), side)
    } else {
        sides_of(&here.place, args.base.as_deref().expect("clap asks for it"), args.head.as_deref())?
    };
    let seed = args.pairs.seed.unwrap_or_else(|| clock.unix_ns().cast_unsigned());
    let mut settings = here.settings(&filter, seed);
    settings.budget = here.config.duration("compare.budget").expect("this key has a default");
    let request = CompareRequest {
        options: args.cargo.build_options(!args.wait.no_wait, &here.config),
        filter: super::filter(&filter),
        settings,
        base,
        head,
        variants,
        between: args.between.clone().and_then(|words| <[String; 2]>::try_from(words).ok()),
        rules: rules(&here, &args.judge),
        purpose: "cargo perfguard compare",
        only_affected: false,
        all_the_same: Some("`--force` measures them all the same"),
    };
    if args.variants.matrix {
        return variants::matrix(&here, request, others, args, &clock, ui, cancel);
    }
    perform(&here, &request, &args.judge, args.output.format, Amount::All, &clock, ui, cancel)
}

/// `cargo perfguard check`.
pub(crate) fn check(args: &CheckArgs, ui: &mut Ui, cancel: &CancellationToken) -> Result<Exit, CommandError> {
    let clock = Arc::new(SystemClock::default());
    let within = args.within.iter().map(|text| ("check.within", "--within", text.clone()));
    let flags = [args.judge.flags(), args.store.flags(), within.collect()].concat();
    let here = Here::find(args.cargo.manifest_path.as_deref(), &flags, ui, cancel)?;
    let filter = FilterOptions { filter: args.filter.clone(), exact: args.exact };
    let (base, _) = sides_of(&here.place, &args.base, None)?;
    let within: Duration = here.config.duration("check.within").expect("this key has a default");
    let mut settings = here.settings(&filter, clock.unix_ns().cast_unsigned());
    settings.budget = within;
    let request = CompareRequest {
        options: args.cargo.build_options(!args.wait.no_wait, &here.config),
        filter: Filter { words: filter.filter.clone(), exact: filter.exact },
        settings,
        base,
        variants: Default::default(),
        between: None,
        head: if args.staged { SideSpec::Index } else { SideSpec::WorkingTree },
        rules: CompareRules {
            layouts: LayoutChoice::Exactly(QUICK_LAYOUTS),
            most_pairs: Some(QUICK_PAIRS),
            ..rules(&here, &args.judge)
        },
        purpose: "cargo perfguard check",
        only_affected: true,
        all_the_same: None,
    };
    // The clock started when the command did: all that it does counts.
    let cancel = cancel.until(clock.clone(), within);
    perform(&here, &request, &args.judge, args.output.format, Amount::Remarkable, &*clock, ui, &cancel)
}

#[expect(clippy::too_many_arguments, reason = "one call of a private step")]
fn perform(
    here: &Here,
    request: &CompareRequest,
    judge: &JudgeOptions,
    format: Format,
    amount: Amount,
    clock: &dyn Clock,
    ui: &mut Ui,
    cancel: &CancellationToken,
) -> Result<Exit, CommandError> {
    let mut store = here.store()?;
    let outcome = compare(&here.place, &here.tools, request, &mut store, clock, &mut Progress::new(ui), cancel)?;
    let view = outcome.view();
    show(&view, format, |view, style| compare_table(view, amount, style));
    if outcome.interrupted {
        ui.say("interrupted: the pairs that were taken are kept");
        return Ok(Exit::Interrupted);
    }
    Ok(exit_of(&view, judge))
}

/// How a comparison ends, where several codes hold: the first of the documented order.
pub(crate) fn exit_of(view: &CompareView, judge: &JudgeOptions) -> Exit {
    if view.has_build_failures() {
        Exit::Build
    } else if !view.gate.passed && !judge.no_gate {
        Exit::Regression
    } else if view.has_failures() {
        Exit::Benchmark
    } else if judge.strict && view.gate.undecided > 0 {
        Exit::Undecided
    } else {
        Exit::Success
    }
}
