//! `cargo perfguard baseline`.

use perfguard_core::cancel::CancellationToken;
use perfguard_core::clock::SystemClock;
use perfguard_core::environment;
use perfguard_core::model::Baseline;
use perfguard_core::pipeline::{
    BaselineRequest, PipelineError, promote_run, record_baseline, remove_baseline, verify_baseline,
};
use perfguard_core::report::{BaselinesView, baselines_table};
use perfguard_core::store::Store;

use super::{Here, exit_of, filter, flags, seed, show, show_run};
use crate::cli::{BaselineArgs, BaselineVerb};
use crate::command_error::CommandError;
use crate::exit_code::Exit;
use crate::progress::Progress;
use crate::ui::Ui;

pub(crate) fn run(args: &BaselineArgs, ui: &mut Ui, cancel: &CancellationToken) -> Result<Exit, CommandError> {
    let flags = flags(&args.measure, &args.store);
    let here = Here::find(args.cargo.manifest_path.as_deref(), &flags, ui, cancel)?;
    match &args.verb {
        None => record(args, &here, ui, cancel),
        Some(BaselineVerb::List) => {
            let store = here.store_to_read()?;
            let view = BaselinesView::new(store.baselines()?, &environment::detect().fingerprint());
            show(&view, args.output.format, baselines_table);
            Ok(Exit::Success)
        }
        Some(BaselineVerb::Show(which)) => {
            let store = here.store_to_read()?;
            let baseline = find(&store, &which.name)?;
            show_run(&store, baseline.run, None, None, args.output.format)?;
            Ok(Exit::Success)
        }
        Some(BaselineVerb::Promote { run, name }) => promote(args, &here, run, name, ui, cancel),
        Some(BaselineVerb::Verify(which)) => verify(args, &here, &which.name, ui, cancel),
        Some(BaselineVerb::Remove(which)) => remove(args, &here, &which.name, ui, cancel),
    }
}

/// The baseline of a name: this environment's where there is one, else the newest.
fn find(store: &Store, name: &str) -> Result<Baseline, PipelineError> {
    let here = environment::detect().fingerprint();
    let mut named: Vec<_> = store.baselines()?.into_iter().filter(|baseline| baseline.name == name).collect();
    named.sort_by_key(|baseline| baseline.fingerprint != here);
    named.into_iter().next().ok_or(PipelineError::Unknown { what: "baseline", name: name.to_owned() })
}

fn record(args: &BaselineArgs, here: &Here, ui: &mut Ui, cancel: &CancellationToken) -> Result<Exit, CommandError> {
    let mut store = here.store()?;
    let clock = SystemClock::default();
    let request = BaselineRequest {
        options: args.cargo.build_options(!args.wait.no_wait, &here.config),
        filter: filter(&args.filter),
        settings: here.settings(&args.filter, seed(&args.measure, &clock)),
        resume: args.resume,
        revision: args.commit.clone(),
        name: args.name.clone(),
        fresh: args.fresh,
    };
    let outcome =
        record_baseline(&here.place, &here.tools, &request, &mut store, &clock, &mut Progress::new(ui), cancel)?;
    let report = show_run(&store, outcome.run, None, None, args.output.format)?;
    match &outcome.baseline {
        Some(baseline) => {
            let how = if outcome.reused { ", already measured here; `--fresh` measures it again" } else { "" };
            ui.say(&format!("baseline `{}` is commit {}{how}", baseline.name, &baseline.commit[..9]));
        }
        None => ui.say("interrupted: what was measured is kept, the baseline is as it was; `--resume` goes on"),
    }
    Ok(exit_of(&report, outcome.baseline.is_none(), true))
}

fn promote(
    args: &BaselineArgs,
    here: &Here,
    run: &str,
    name: &str,
    ui: &mut Ui,
    cancel: &CancellationToken,
) -> Result<Exit, CommandError> {
    let mut store = here.store()?;
    let id = store.find_run(run)?.ok_or(PipelineError::Unknown { what: "run", name: run.to_owned() })?;
    let options = args.cargo.build_options(!args.wait.no_wait, &here.config);
    let clock = SystemClock::default();
    let mut progress = Progress::new(ui);
    let baseline =
        promote_run(&here.place, &here.tools, &options, id, name, &mut store, &clock, &mut progress, cancel)?;
    ui.say(&format!("baseline `{name}` is commit {}, run {id}", &baseline.commit[..9]));
    Ok(Exit::Success)
}

fn verify(
    args: &BaselineArgs,
    here: &Here,
    name: &str,
    ui: &mut Ui,
    cancel: &CancellationToken,
) -> Result<Exit, CommandError> {
    let store = here.store_to_read()?;
    let baseline = find(&store, name)?;
    let options = args.cargo.build_options(!args.wait.no_wait, &here.config);
    let problems =
        verify_baseline(&here.place, &here.tools, &options, &baseline, &store, &mut Progress::new(ui), cancel)?;
    if problems.is_empty() {
        ui.say(&format!("baseline `{name}` ({}) is whole", &baseline.commit[..9]));
        return Ok(Exit::Success);
    }
    Err(CommandError {
        exit: Exit::Environment,
        message: format!("baseline `{name}` ({}) is not whole", &baseline.commit[..9]),
        causes: problems.iter().map(ToString::to_string).collect(),
        hint: Some(format!("`cargo perfguard baseline --commit {} --name {name} --fresh`", &baseline.commit[..9])),
    })
}

fn remove(
    args: &BaselineArgs,
    here: &Here,
    name: &str,
    ui: &mut Ui,
    cancel: &CancellationToken,
) -> Result<Exit, CommandError> {
    let mut store = here.store()?;
    let options = args.cargo.build_options(!args.wait.no_wait, &here.config);
    remove_baseline(&here.place, &here.tools, &options, name, &mut store, &mut Progress::new(ui), cancel)?;
    ui.say(&format!("baseline `{name}` is removed; its runs stay recorded"));
    Ok(Exit::Success)
}
