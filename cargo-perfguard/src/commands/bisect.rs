//! `cargo perfguard bisect`.

use std::ffi::OsString;

use perfguard_core::cancel::CancellationToken;
use perfguard_core::clock::{Clock, SystemClock};
use perfguard_core::config::units;
use perfguard_core::pipeline::{
    BisectRequest, BisectState, MeasuredCommand, abort_bisect, bisect, bisect_state, check_range, commit_of,
    plan_bisect,
};
use perfguard_core::plan::Filter;
use perfguard_core::report::{BisectEnded, bisect_plan_text, bisect_status_text, bisect_text};

use super::compare::layout_choice;
use super::{Here, show};
use crate::cli::{BisectArgs, BisectVerb, Cli, Command, FilterOptions, Flag};
use crate::command_error::CommandError;
use crate::exit_code::Exit;
use crate::progress::Progress;
use crate::ui::Ui;

pub(crate) fn run(args: &BisectArgs, ui: &mut Ui, cancel: &CancellationToken) -> Result<Exit, CommandError> {
    let here = find(args, ui, cancel)?;
    let state = bisect_state(&here.place)?;
    if let Some(verb) = args.verb {
        return look_after(verb, args, &here, &state, ui);
    }
    if args.resume {
        return go_on(args, &state, ui, cancel);
    }
    if let Some(file) = &args.replay {
        state.replay(file)?;
        return go_on(args, &bisect_state(&here.place)?, ui, cancel);
    }
    let clock = SystemClock::default();
    let request = request(args, &here, &clock)?;
    if args.dry_run {
        let plan = plan_bisect(&here.place, &here.tools, &request, &state)?;
        show(&plan, args.output.format, bisect_plan_text);
        return Ok(Exit::Success);
    }
    check_range(&here.place, &request)?;
    let journal = state.begin(words(&request, std::env::args_os().collect()), &clock)?;
    perform(args, &here, &request, journal, &clock, ui, cancel)
}

fn find(args: &BisectArgs, ui: &Ui, cancel: &CancellationToken) -> Result<Here, CommandError> {
    let threshold = args.threshold.iter().map(|text| ("compare.threshold", "--threshold", text.clone()));
    // The budget of a bisection is of everything, and none of a single comparison.
    let pairs = args.pairs.flags().into_iter().filter(|(key, ..)| *key != "compare.budget");
    let flags: Vec<Flag> = pairs.chain(threshold).chain(args.store.flags()).collect();
    Here::find(args.cargo.manifest_path.as_deref(), &flags, ui, cancel)
}

fn look_after(
    verb: BisectVerb,
    args: &BisectArgs,
    here: &Here,
    state: &BisectState,
    ui: &Ui,
) -> Result<Exit, CommandError> {
    match verb {
        BisectVerb::Status => show(&state.status()?, args.output.format, bisect_status_text),
        BisectVerb::Log => Ui::data(&state.log()?),
        BisectVerb::Abort => {
            abort_bisect(&here.place)?;
            ui.say("forgotten; what was measured stays in the store, what was built in the cache");
        }
    }
    Ok(Exit::Success)
}

/// Goes on with the bisection of a journal, by the command line that stands in it.
fn go_on(
    given: &BisectArgs,
    state: &BisectState,
    ui: &mut Ui,
    cancel: &CancellationToken,
) -> Result<Exit, CommandError> {
    let journal = state.resume()?;
    let words = ["cargo-perfguard", "bisect"].into_iter().map(OsString::from);
    let words = words.chain(state.args()?.iter().map(OsString::from)).collect();
    let unreadable = |error: clap::Error| {
        CommandError::usage(
            format!("the journal's command line cannot be read: {}", error.kind()),
            "it is another perfguard's: `cargo perfguard bisect abort` forgets it",
        )
    };
    let Cli { command: Command::Bisect(mut args), .. } = crate::cli::parse(words).map_err(unreadable)? else {
        return Err(CommandError::usage("the journal's command line is no bisection's", "`bisect abort` forgets it"));
    };
    // Time, place and form of what is shown are this sitting's.
    args.pairs.budget.clone_from(&given.pairs.budget);
    args.output = given.output.clone();
    args.store = given.store.clone();
    if given.cargo.manifest_path.is_some() {
        args.cargo.manifest_path.clone_from(&given.cargo.manifest_path);
    }
    let here = find(&args, ui, cancel)?;
    let clock = SystemClock::default();
    let request = request(&args, &here, &clock)?;
    perform(&args, &here, &request, journal, &clock, ui, cancel)
}

fn request(args: &BisectArgs, here: &Here, clock: &SystemClock) -> Result<BisectRequest, CommandError> {
    let commit = |revision: &String| commit_of(&here.place, revision);
    let filter = FilterOptions { filter: args.benchmark.clone(), exact: args.exact };
    let mut settings = here.settings(&filter, args.pairs.seed.unwrap_or_else(|| clock.unix_ns().cast_unsigned()));
    settings.budget = here.config.duration("compare.budget").expect("this key has a default");
    let usage = |message: String| CommandError::usage(message, "see `cargo perfguard bisect --help`");
    let certainty = match &args.certainty {
        Some(text) => units::parse_percent(text).map_err(|error| usage(error.to_string()))?,
        None => CERTAINTY,
    };
    if !(0.5..1.0).contains(&certainty) {
        return Err(CommandError::usage(
            format!("a certainty of {} % is not one", certainty * 100.0),
            "between 50 and 100 %: `--certainty 99%`",
        ));
    }
    let budget = args.pairs.budget.as_ref().map(|text| units::parse_duration(text)).transpose();
    Ok(BisectRequest {
        options: args.cargo.build_options(!args.wait.no_wait, &here.config),
        filter: Filter { words: args.benchmark.clone(), exact: args.exact },
        settings,
        good: args.good.as_ref().map(commit).transpose()?,
        bad: commit(&args.bad)?,
        certainty,
        budget: budget.map_err(|error| usage(error.to_string()))?,
        threshold: here.config.percent("compare.threshold").expect("this key has a default"),
        layouts: layout_choice(here),
        ignore: here.config.list("identity.ignore").to_vec(),
        faster: args.faster,
        all: args.all,
        all_parents: args.all_parents,
        bench_from: args.bench_from.as_ref().map(commit).transpose()?,
        command: args.run.clone().map(|run| MeasuredCommand { run, set_up: args.setup.clone() }),
    })
}

/// The posterior at which a commit is named.
const CERTAINTY: f64 = 0.99;

fn perform(
    args: &BisectArgs,
    here: &Here,
    request: &BisectRequest,
    journal: (perfguard_core::bisect::Journal, Vec<perfguard_core::bisect::Fact>),
    clock: &SystemClock,
    ui: &mut Ui,
    cancel: &CancellationToken,
) -> Result<Exit, CommandError> {
    let mut store = here.store()?;
    let is_fresh = journal.1.len() == 1;
    let found = bisect(&here.place, &here.tools, request, journal, &mut store, clock, &mut Progress::new(ui), cancel);
    let view = match found {
        Ok(view) => view,
        Err(error) => {
            let error = CommandError::from(error);
            let state = bisect_state(&here.place)?;
            if is_fresh && state.is_empty() {
                // Nothing was found out: there is nothing to go on with.
                abort_bisect(&here.place)?;
            } else if error.exit == Exit::Interrupted {
                ui.say("interrupted: `cargo perfguard bisect --resume` goes on with it");
                return Ok(Exit::Interrupted);
            }
            return Err(error);
        }
    };
    show(&view, args.output.format, bisect_text);
    Ok(if view.ended == BisectEnded::Interrupted { Exit::Interrupted } else { Exit::Success })
}

/// The words after `bisect` with which this search begins again: revisions and seed as they are now.
fn words(request: &BisectRequest, typed: Vec<OsString>) -> Vec<String> {
    /// Flags that are said anew, or belong to one sitting: those with a value, and those without.
    const VALUED: [&str; 7] = ["--good", "--bad", "--seed", "--bench-from", "--budget", "--replay", "--log-file"];
    const BARE: [&str; 7] = ["--dry-run", "--resume", "--quiet", "-q", "--verbose", "-v", "--no-wait"];
    let mut kept = Vec::new();
    let mut typed = typed.into_iter().map(|word| word.to_string_lossy().into_owned());
    let mut rest = typed.by_ref().skip_while(|word| word != "bisect").skip(1);
    while let Some(word) = rest.next() {
        if word == "--" {
            kept.push(word);
            kept.extend(rest.by_ref());
            break;
        }
        let name = word.split('=').next().unwrap_or_default();
        if VALUED.contains(&name) {
            if name == word {
                rest.next();
            }
        } else if !BARE.contains(&word.as_str()) {
            kept.push(word);
        }
    }
    let mut words = Vec::new();
    let mut say = |flag: &str, value: String| words.extend([flag.to_owned(), value]);
    if let Some(good) = &request.good {
        say("--good", good.to_string());
    }
    say("--bad", request.bad.to_string());
    if let Some(commit) = &request.bench_from {
        say("--bench-from", commit.to_string());
    }
    say("--seed", request.settings.seed.to_string());
    words.extend(kept);
    words
}
