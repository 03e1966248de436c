//! One file a verb: what the user typed, to a call of the engine, to what the user sees.

pub(crate) mod baseline;
pub(crate) mod list;
pub(crate) mod run;
pub(crate) mod runs;
pub(crate) mod show;

use std::path::Path;

use perfguard_core::cancel::CancellationToken;
use perfguard_core::clock::{Clock, SystemClock};
use perfguard_core::pipeline::{Place, Tools, locate};
use perfguard_core::plan::Filter;
use perfguard_core::report::{RunView, Style, run_table, to_json};
use perfguard_core::store::{Store, StoreLocation};

use crate::cli::{FilterOptions, Format, StoreOptions};
use crate::command_error::CommandError;
use crate::exit_code::Exit;
use crate::ui::Ui;

/// Where the user stands, and with what.
pub(crate) struct Here {
    pub(crate) tools: Tools,
    pub(crate) place: Place,
}

impl Here {
    pub(crate) fn find(manifest: Option<&Path>, cancel: &CancellationToken) -> Result<Self, CommandError> {
        let tools = Tools::find()?;
        let place = locate(manifest, &tools, cancel)?;
        Ok(Self { tools, place })
    }

    /// The store's place: as the user says, else in the repository's git directory.
    fn store_location(&self, options: &StoreOptions) -> Result<StoreLocation, CommandError> {
        match &options.store {
            Some(text) => Ok(text.parse()?),
            None => Ok(StoreLocation(self.place.default_store(&self.tools))),
        }
    }

    /// The store, made where it is missing.
    pub(crate) fn store(&self, options: &StoreOptions) -> Result<Store, CommandError> {
        Ok(Store::open(&self.store_location(options)?)?)
    }

    /// The store to read from; an error where there is none yet.
    pub(crate) fn store_to_read(&self, options: &StoreOptions) -> Result<Store, CommandError> {
        let location = self.store_location(options)?;
        Store::open_to_read(&location)?.ok_or_else(|| {
            let message = format!("nothing is recorded yet: there is no `{}`", location.0.display());
            CommandError::usage(message, "`cargo perfguard run` measures and records")
        })
    }
}

pub(crate) fn filter(options: &FilterOptions) -> Filter {
    Filter { words: options.filter.clone(), exact: options.exact }
}

/// A seed for a run whose user gave none: the time, which is as good as any and needs no other source.
pub(crate) fn fresh_seed(clock: &SystemClock) -> u64 {
    clock.unix_ns().cast_unsigned()
}

/// Writes a run as the user wants it.
pub(crate) fn show_run(view: &RunView, format: Format) {
    match format {
        Format::Text => Ui::data(&run_table(view, Ui::style())),
        Format::Json => Ui::data(&to_json(view)),
    }
}

/// Writes a view as the user wants it.
pub(crate) fn show<V: serde::Serialize>(view: &V, format: Format, table: impl FnOnce(&V, Style) -> String) {
    match format {
        Format::Text => Ui::data(&table(view, Ui::style())),
        Format::Json => Ui::data(&to_json(view)),
    }
}

/// How a command that measured ends, where several codes hold: the first of the documented order.
pub(crate) fn exit_of(view: &RunView, interrupted: bool) -> Exit {
    if interrupted {
        Exit::Interrupted
    } else if view.has_build_failures() {
        Exit::Build
    } else if view.has_failures() {
        Exit::Benchmark
    } else {
        Exit::Success
    }
}
