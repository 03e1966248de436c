//! `cargo perfguard explain`.

use std::path::Path;

use perfguard_core::cancel::CancellationToken;
use perfguard_core::clock::SystemClock;
use perfguard_core::pipeline::{ExplainRequest, explain, sides_of};
use perfguard_core::report::explain_table;

use super::{Here, show};
use crate::cli::{ExplainArgs, FilterOptions};
use crate::command_error::CommandError;
use crate::exit_code::Exit;
use crate::progress::Progress;
use crate::ui::Ui;

pub(crate) fn run(args: &ExplainArgs, ui: &mut Ui, cancel: &CancellationToken) -> Result<Exit, CommandError> {
    let timeout = args.timeout.iter().map(|text| ("run.timeout", "--timeout", text.clone()));
    let flags = [args.store.flags(), timeout.collect()].concat();
    let here = Here::find(args.cargo.manifest_path.as_deref(), &flags, ui, cancel)?;
    let (benchmark, revisions) = args.meant();
    let sides = revisions.map(|(base, head)| sides_of(&here.place, base, head)).transpose()?;
    let nothing_chosen = FilterOptions { filter: Vec::new(), exact: false };
    let request = ExplainRequest {
        options: args.cargo.build_options(!args.wait.no_wait, &here.config),
        benchmark: benchmark.to_owned(),
        sides,
        settings: here.settings(&nothing_chosen, 0),
        ignore: here.config.list("identity.ignore").to_vec(),
        most: args.top,
        draw: args.flame_graph.is_some(),
        strict: args.strict,
    };
    let store = here.store()?;
    let clock = SystemClock::default();
    let outcome = explain(&here.place, &here.tools, &request, &store, &clock, &mut Progress::new(ui), cancel)?;
    let mut view = outcome.view;
    if let (Some(file), Some(picture)) = (&args.flame_graph, &outcome.flame_graph) {
        write(&here.place.cwd.join(file), picture)?;
        view.flame_graph = Some(file.display().to_string());
    }
    show(&view, args.output.format, explain_table);
    if let Some(file) = &view.flame_graph {
        ui.say(&format!("wrote `{file}`: any browser shows it"));
    }
    Ok(Exit::Success)
}

fn write(file: &Path, picture: &str) -> Result<(), CommandError> {
    fs_err::write(file, picture).map_err(|error| {
        CommandError::usage(format!("could not write the flame graph: {error}"), "name a file that can be written")
    })
}
