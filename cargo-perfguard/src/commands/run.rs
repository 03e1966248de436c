//! `cargo perfguard run`.

use perfguard_core::cancel::CancellationToken;
use perfguard_core::clock::SystemClock;
use perfguard_core::pipeline::{BaselineChoice, RunOutcome, RunRequest, run_working_tree};
use perfguard_core::report::{Amount, compare_table};

use super::compare::{self, rules};
use super::{Here, exit_of, filter, flags, seed, show, show_run};
use crate::cli::RunArgs;
use crate::command_error::CommandError;
use crate::exit_code::Exit;
use crate::progress::Progress;
use crate::ui::Ui;

pub(crate) fn run(args: &RunArgs, ui: &mut Ui, cancel: &CancellationToken) -> Result<Exit, CommandError> {
    let flags = [flags(&args.measure, &args.store), args.judge.flags()].concat();
    let here = Here::find(args.cargo.manifest_path.as_deref(), &flags, ui, cancel)?;
    let mut store = here.store()?;
    let clock = SystemClock::default();
    let request = RunRequest {
        options: args.cargo.build_options(!args.wait.no_wait, &here.config),
        filter: filter(&args.filter),
        settings: here.settings(&args.filter, seed(&args.measure, &clock)),
        resume: args.resume,
        rules: rules(&here, &args.judge),
        default_branch: here.config.text("vcs.default-branch").map(str::to_owned),
        baseline: match &args.baseline {
            Some(name) => BaselineChoice::Named(name.clone()),
            None if args.no_baseline => BaselineChoice::None,
            None => BaselineChoice::Default,
        },
    };
    let outcome =
        run_working_tree(&here.place, &here.tools, &request, &mut store, &clock, &mut Progress::new(ui), cancel)?;
    let outcome = match outcome {
        RunOutcome::Alone(outcome) => outcome,
        RunOutcome::Paired(outcome) => {
            let view = outcome.view();
            show(&view, args.output.format, |view, style| compare_table(view, Amount::All, style));
            if outcome.interrupted {
                ui.say("interrupted: the pairs that were taken are kept");
                return Ok(Exit::Interrupted);
            }
            return Ok(compare::exit_of(&view, &args.judge));
        }
    };
    let tables = here.config.tables();
    let report = show_run(&store, outcome.run, outcome.base.as_ref(), Some(&tables), args.output.format)?;
    if outcome.interrupted {
        ui.say("interrupted: what was measured is kept; `--resume` goes on");
    }
    Ok(exit_of(&report, outcome.interrupted, args.judge.no_gate))
}
