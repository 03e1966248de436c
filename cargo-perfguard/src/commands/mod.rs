//! One file a verb: what the user typed, to a call of the engine, to what the user sees.

pub(crate) mod accept;
pub(crate) mod backfill;
pub(crate) mod baseline;
pub(crate) mod bisect;
pub(crate) mod clean;
pub(crate) mod compare;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod init;
pub(crate) mod list;
pub(crate) mod man;
pub(crate) mod run;
pub(crate) mod runs;
pub(crate) mod self_test;
pub(crate) mod show;
pub(crate) mod store;
pub(crate) mod variants;

use std::path::Path;

use perfguard_core::cancel::CancellationToken;
use perfguard_core::clock::{Clock, SystemClock};
use perfguard_core::config::{Config, Origin, Sources, Tables, keys};
use perfguard_core::model::{Baseline, IterationControl, RunId, RunSettings};
use perfguard_core::pipeline::{Detail, PipelineError, Place, Tools, judge_limits, locate, report_run};
use perfguard_core::plan::Filter;
use perfguard_core::report::{RunView, Style, run_table, to_json};
use perfguard_core::store::{Store, StoreLocation};

use crate::cli::{FilterOptions, Flag, Format, MeasureOptions, StoreOptions};
use crate::command_error::CommandError;
use crate::exit_code::Exit;
use crate::ui::{self, Ui};

/// Where the user stands, with what, and with which settings.
pub(crate) struct Here {
    pub(crate) tools: Tools,
    pub(crate) place: Place,
    pub(crate) config: Config,
}

impl Here {
    /// Finds the workspace and reads its configuration; `flags` beat what is in it.
    pub(crate) fn find(
        manifest: Option<&Path>,
        flags: &[Flag],
        ui: &Ui,
        cancel: &CancellationToken,
    ) -> Result<Self, CommandError> {
        let tools = Tools::find()?;
        let place = locate(manifest, &tools, cancel)?;
        let (config, unknown) = Config::load(&Sources {
            workspace: place.workspace.root(),
            manifest: &place.manifest,
            environment: &tools.environment,
            flags,
        })?;
        for name in unknown {
            let names: Vec<_> = keys::KEYS.iter().map(keys::variable).collect();
            let hint = keys::nearest(&name, names.iter().map(String::as_str));
            let hint = hint.map(|nearest| format!("did you mean `{nearest}`?"));
            if !ui.is_quiet() {
                ui::remark(&format!("variable `{name}` sets nothing"), hint.as_deref());
            }
        }
        Ok(Self { tools, place, config })
    }

    /// The store's place: as the settings say, else in the repository's git directory. A relative path in a file lies
    /// beside it; one in a flag or a variable, where the user stands.
    pub(crate) fn store_location(&self) -> Result<StoreLocation, CommandError> {
        let Some(text) = self.config.text("store.url") else {
            return Ok(StoreLocation(self.place.default_store(&self.tools)));
        };
        let location: StoreLocation = text.parse()?;
        let from_file = self
            .config
            .values
            .iter()
            .any(|setting| setting.key.path == "store.url" && matches!(setting.origin, Origin::File(_)));
        let base = if from_file { self.place.workspace.root() } else { &self.place.cwd };
        Ok(StoreLocation(base.join(location.0)))
    }

    /// The store, made where it is missing.
    pub(crate) fn store(&self) -> Result<Store, CommandError> {
        Ok(Store::open(&self.store_location()?)?)
    }

    /// The store to read from; an error where there is none yet.
    pub(crate) fn store_to_read(&self) -> Result<Store, CommandError> {
        let location = self.store_location()?;
        Store::open_to_read(&location)?.ok_or_else(|| {
            let message = format!("nothing is recorded yet: there is no `{}`", location.0.display());
            CommandError::usage(message, "`cargo perfguard run` measures and records")
        })
    }

    /// How to measure.
    pub(crate) fn settings(&self, filter: &FilterOptions, seed: u64) -> RunSettings {
        let config = &self.config;
        let has_default = "this key has a default";
        RunSettings {
            control: IterationControl {
                warm_up: config.duration("run.warm-up").expect(has_default),
                observation_time: config.duration("run.observation-time").expect(has_default),
                iterations: config.count("run.iterations"),
                ..IterationControl::default()
            },
            warm_up_processes: 1,
            observations: config.observations("run.observations").expect(has_default),
            precision: config.percent("run.precision").expect(has_default),
            budget: config.duration("run.budget").expect(has_default),
            timeout: config.duration("run.timeout").expect(has_default),
            output_limit: config.bytes("run.output-limit").expect(has_default),
            metrics: config.metrics(),
            timeline_ns: config
                .duration("run.timeline")
                .map(|period| u64::try_from(period.as_nanos()).unwrap_or(u64::MAX)),
            seed,
            filter: filter.filter.clone(),
            exact: filter.exact,
        }
    }
}

pub(crate) fn filter(options: &FilterOptions) -> Filter {
    Filter { words: options.filter.clone(), exact: options.exact }
}

/// The seed that the user gave, or else the time, which is as good as any and needs no other source.
pub(crate) fn seed(options: &MeasureOptions, clock: &SystemClock) -> u64 {
    options.seed.unwrap_or_else(|| clock.unix_ns().cast_unsigned())
}

/// All flags that stand for settings.
pub(crate) fn flags(measure: &MeasureOptions, store: &StoreOptions) -> Vec<Flag> {
    [measure.flags(), store.flags()].concat()
}

/// Writes a run as the user wants it, held against a baseline, and against the limits of these tables; gives what was written.
pub(crate) fn show_run(
    store: &Store,
    run: RunId,
    baseline: Option<&Baseline>,
    limits: Option<&Tables>,
    format: Format,
) -> Result<RunView, PipelineError> {
    let detail = match format {
        Format::Text => Detail::Estimates,
        Format::Json => Detail::Observations,
    };
    let mut view = report_run(store, run, baseline, detail)?;
    if let Some(tables) = limits {
        judge_limits(&mut view, tables);
    }
    show(&view, format, run_table);
    Ok(view)
}

/// Writes a view as the user wants it.
pub(crate) fn show<V: serde::Serialize>(view: &V, format: Format, table: impl FnOnce(&V, Style) -> String) {
    match format {
        Format::Text => Ui::data(&table(view, Ui::style())),
        Format::Json => Ui::data(&to_json(view)),
    }
}

/// How a command that measured ends, where several codes hold: the first of the documented order.
pub(crate) fn exit_of(view: &RunView, interrupted: bool, no_gate: bool) -> Exit {
    if interrupted {
        Exit::Interrupted
    } else if view.has_build_failures() {
        Exit::Build
    } else if view.misses_limits() && !no_gate {
        Exit::Regression
    } else if view.has_failures() {
        Exit::Benchmark
    } else {
        Exit::Success
    }
}
