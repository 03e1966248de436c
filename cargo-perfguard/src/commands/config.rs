//! `cargo perfguard config`.

use perfguard_core::cancel::CancellationToken;
use perfguard_core::config::FILE;
use perfguard_core::pipeline::{Tools, locate};
use perfguard_core::report::{ConfigView, config_text};

use super::init::write_configuration;
use super::{Here, flags, show};
use crate::cli::{ConfigArgs, ConfigVerb};
use crate::command_error::CommandError;
use crate::exit_code::Exit;
use crate::ui::Ui;

pub(crate) fn run(args: &ConfigArgs, ui: &mut Ui, cancel: &CancellationToken) -> Result<Exit, CommandError> {
    match &args.verb {
        ConfigVerb::Show(args) => {
            let flags = flags(&args.measure, &args.store);
            let here = Here::find(args.manifest.manifest_path.as_deref(), &flags, ui, cancel)?;
            show(&ConfigView::new(&here.config), args.output.format, config_text);
        }
        ConfigVerb::Init { manifest } => {
            // Not `Here`: the configuration at hand may be what is to be replaced.
            let place = locate(manifest.manifest_path.as_deref(), &Tools::find()?, cancel)?;
            let path = place.workspace.root().join(FILE);
            write_configuration(&path)?;
            ui.say(&format!("wrote `{}`: every key is there, as a comment", path.display()));
        }
    }
    Ok(Exit::Success)
}
