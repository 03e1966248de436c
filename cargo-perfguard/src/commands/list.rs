//! `cargo perfguard list`.

use std::time::Duration;

use perfguard_core::cancel::CancellationToken;
use perfguard_core::model::NotMeasured;
use perfguard_core::pipeline::list_benchmarks;
use perfguard_core::process::Limits;
use perfguard_core::report::list_table;

use super::{Here, filter, show};
use crate::cli::ListArgs;
use crate::command_error::CommandError;
use crate::exit_code::Exit;
use crate::progress::Progress;
use crate::ui::Ui;

/// Limits of a process that lists.
const LIMITS: Limits = Limits { timeout: Duration::from_mins(1), output_bytes: 16 << 20 };

pub(crate) fn run(args: &ListArgs, ui: &mut Ui, cancel: &CancellationToken) -> Result<Exit, CommandError> {
    let here = Here::find(args.cargo.manifest_path.as_deref(), &[], ui, cancel)?;
    let options = args.cargo.build_options(!args.wait.no_wait, &here.config);
    let filter = filter(&args.filter);
    let view = list_benchmarks(&here.place, &here.tools, &options, &filter, LIMITS, &mut Progress::new(ui), cancel)?;
    show(&view, args.output.format, list_table);
    let reasons: Vec<_> = view.targets.iter().filter_map(|target| target.not_measured.as_ref()).collect();
    let failed = |reason: &NotMeasured| reasons.iter().any(|row| row.reason == *reason);
    if failed(&NotMeasured::BuildFailed) {
        return Ok(Exit::Build);
    }
    Ok(if reasons.iter().any(|row| row.reason.is_failure()) { Exit::Benchmark } else { Exit::Success })
}
