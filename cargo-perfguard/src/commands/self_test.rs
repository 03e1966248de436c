//! `cargo perfguard self-test`.

use perfguard_core::cancel::CancellationToken;
use perfguard_core::clock::{Clock, SystemClock};
use perfguard_core::config::units::parse_percent;
use perfguard_core::pipeline::{SelfTestRequest, self_test};
use perfguard_core::report::self_test_text;

use super::compare::layout_choice;
use super::{Here, filter, show};
use crate::cli::SelfTestArgs;
use crate::command_error::CommandError;
use crate::exit_code::Exit;
use crate::progress::Progress;
use crate::ui::Ui;

pub(crate) fn run(args: &SelfTestArgs, ui: &mut Ui, cancel: &CancellationToken) -> Result<Exit, CommandError> {
    let here = Here::find(args.cargo.manifest_path.as_deref(), &args.pairs.flags(), ui, cancel)?;
    let clock = SystemClock::default();
    let seed = args.pairs.seed.unwrap_or_else(|| clock.unix_ns().cast_unsigned());
    let mut settings = here.settings(&args.filter, seed);
    settings.budget = here.config.duration("compare.budget").expect("this key has a default");
    let request = SelfTestRequest {
        options: args.cargo.build_options(!args.wait.no_wait, &here.config),
        filter: filter(&args.filter),
        settings,
        comparisons: args.comparisons,
        slowdown: parse_percent(&args.slowdown).expect("the command line checks it"),
        threshold: here.config.percent("compare.threshold").expect("this key has a default"),
        layouts: layout_choice(&here),
    };
    let view = self_test(&here.place, &here.tools, &request, &clock, &mut Progress::new(ui), cancel)?;
    show(&view, args.output.format, self_test_text);
    Ok(if cancel.is_cancelled() { Exit::Interrupted } else { Exit::Success })
}
