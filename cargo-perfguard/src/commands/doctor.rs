//! `cargo perfguard doctor`.

use std::path::Path;

use perfguard_core::cancel::CancellationToken;
use perfguard_core::clock::SystemClock;
use perfguard_core::config::{Config, Sources, keys};
use perfguard_core::environment::{FINDINGS, FindingKind};
use perfguard_core::pipeline::{DoctorRequest, Tools, doctor, locate, own_metric_rows};
use perfguard_core::report::{doctor_table, explanation};

use super::show;
use crate::cli::DoctorArgs;
use crate::command_error::CommandError;
use crate::exit_code::Exit;
use crate::progress::Progress;
use crate::ui::Ui;

pub(crate) fn run(args: &DoctorArgs, ui: &mut Ui, cancel: &CancellationToken) -> Result<Exit, CommandError> {
    if let Some(id) = &args.explain {
        return explain(id);
    }
    let request = DoctorRequest { measure: !args.no_noise_floor, wait: !args.wait.no_wait };
    if request.measure {
        ui.say("examining this machine: some seconds");
    }
    let tools = Tools::find()?;
    let mut view = doctor(&tools, Path::new("/"), request, &SystemClock::default(), &mut Progress::new(ui), cancel)?;
    // It needs no workspace; where there is one, its own metrics belong to what is asked.
    if let Ok(place) = locate(None, &tools, cancel) {
        let (workspace, manifest) = (place.workspace.root(), &place.manifest);
        let sources = Sources { workspace, manifest, environment: &tools.environment, flags: &[] };
        let (config, _) = Config::load(&sources)?;
        view.metrics.extend(own_metric_rows(&config.own_metrics, &place, &tools));
    }
    show(&view, args.output.format, doctor_table);
    Ok(if args.strict && view.has_warnings() { Exit::Environment } else { Exit::Success })
}

fn explain(id: &str) -> Result<Exit, CommandError> {
    let Some(kind) = FindingKind::of(id) else {
        let names = || FINDINGS.iter().map(|kind| kind.id);
        let hint = match keys::nearest(id, names()) {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None => format!("there are {}", names().collect::<Vec<_>>().join(", ")),
        };
        return Err(CommandError::usage(format!("there is no finding `{id}`"), hint));
    };
    Ui::data(&explanation(kind, Ui::style()));
    Ok(Exit::Success)
}
