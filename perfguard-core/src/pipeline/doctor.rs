//! `doctor`: looks at the machine, tries what can be tried, runs a kernel against itself, and says what it found.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use super::{PipelineError, Place, Tools};
use crate::analyse::noise_floor;
use crate::build::{LinkerProbe, MachineLock, probe_cache};
use crate::cancel::CancellationToken;
use crate::clock::Clock;
use crate::config::OwnMetric;
use crate::environment::{self, Monitor, vars};
use crate::event::{Event, EventSink};
use crate::measure::{Command, FIRST_ITERATIONS, KernelRun, run_kernel};
use crate::model::{Ability, MetricRow, NoiseFloor, Seen};
use crate::process::{CommandSpec, Launcher, Limits, ProcessError, Stream, ToolEnd, run_tool};
use crate::report::DoctorView;

/// Pairs of the kernel: as many as a usual comparison takes, so many at least, and the time after which no further one
/// begins.
const PAIRS: usize = 40;
const FEWEST_PAIRS: usize = 12;
const TIME: Duration = Duration::from_secs(3);
/// After so long it ends, however few there are.
const LONGEST: Duration = Duration::from_secs(20);
/// How long the machine is watched before anything is started.
const WATCH: Duration = Duration::from_millis(300);
/// One process of the kernel takes some 12 ms.
const LIMITS: Limits = Limits { timeout: Duration::from_secs(10), output_bytes: 1 << 16 };

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DoctorRequest {
    /// Whether to measure the noise floor, which takes some three seconds.
    pub measure: bool,
    /// Whether to wait for another perfguard that measures.
    pub wait: bool,
}

/// Examines the machine whose root this is (`/`, but in tests).
///
/// # Errors
/// When another perfguard measures and this one may not wait, or the user ended it. Whatever does not work on the machine
/// is a finding, no error.
pub fn doctor(
    tools: &Tools,
    root: &Path,
    request: DoctorRequest,
    clock: &dyn Clock,
    events: &mut dyn EventSink,
    cancel: &CancellationToken,
) -> Result<DoctorView, PipelineError> {
    let cwd = vars::current_dir().map_err(PipelineError::Cache)?;
    let cache = probe_cache(&tools.cache, &cwd).map_err(|error| error.to_string());
    // Without a cache nobody else measures either.
    let lock = match &cache {
        Ok(_) if request.measure => {
            Some(MachineLock::acquire(&tools.cache, request.wait, "cargo perfguard doctor", events, cancel)?)
        }
        Ok(_) | Err(_) => None,
    };
    events.event(Event::Detail("watching the machine".to_owned()));
    let mut monitor = Monitor::new(root);
    monitor.sample(clock);
    std::thread::sleep(WATCH);
    monitor.sample(clock);
    let machine = environment::machine_below(root);

    let mut examination = Examination { tools, request, monitor: &mut monitor, clock, cancel };
    let (io_accounting, noise) = match examination.kernels(events) {
        Ok(found) => found,
        Err(error) => (Err(error.to_string()), Err(error.to_string())),
    };
    drop(lock);
    let weather = monitor.summary();
    let each = monitor.spent() / weather.readings.max(1);
    events.event(Event::Detail(format!("{} readings of the machine took {each:.1?} each", weather.readings)));
    if cancel.is_cancelled() {
        return Err(PipelineError::Interrupted);
    }
    let rustc = vars::var_os("RUSTC").map_or_else(|| "rustc".into(), Into::into);
    let probe = LinkerProbe { rustc, environment: tools.environment.clone(), cwd: cwd.clone() };
    let seen = Seen {
        machine,
        ci: environment::ci_service(&tools.environment),
        weather,
        cache,
        ordering: probe.try_ordering(cancel),
        counters: environment::hardware_counters(),
        valgrind: valgrind(&tools.environment, &cwd, cancel),
        io_accounting,
        noise,
    };
    if cancel.is_cancelled() {
        return Err(PipelineError::Interrupted);
    }
    Ok(DoctorView::new(&seen, environment::metrics(&seen), environment::diagnose(&seen)))
}

/// What kernels are run with.
struct Examination<'a> {
    tools: &'a Tools,
    request: DoctorRequest,
    monitor: &'a mut Monitor,
    clock: &'a dyn Clock,
    cancel: &'a CancellationToken,
}

/// Whether the kernel counts bytes, and the noise floor.
type OfKernels = (Result<bool, String>, Result<NoiseFloor, String>);

impl Examination<'_> {
    /// One process that tells how many iterations there should be, then pairs.
    fn kernels(&mut self, events: &mut dyn EventSink) -> Result<OfKernels, ProcessError> {
        const NOTHING: &str = "the built-in kernel gave no samples";
        let mut launcher = Launcher::start(&self.tools.executable)?;
        self.monitor.count_as_own(launcher.pid());
        let Some(first) = self.kernel(&mut launcher, FIRST_ITERATIONS)? else {
            return Ok((Err(NOTHING.to_owned()), Err(NOTHING.to_owned())));
        };
        let io_accounting = Ok(first.usage.bytes_read.is_some());
        if !self.request.measure {
            return Ok((io_accounting, Err("it was not asked for".to_owned())));
        }
        let iterations = first.iterations_for_a_sample(FIRST_ITERATIONS);
        events.event(Event::Detail(format!("up to {PAIRS} pairs of a loop of {iterations} steps a sample")));
        let start = self.clock.monotonic();
        let mut processes: Vec<Vec<f64>> = Vec::with_capacity(2 * PAIRS);
        // The first warms up.
        self.kernel(&mut launcher, iterations)?;
        while processes.len() < 2 * PAIRS {
            let spent = self.clock.monotonic().saturating_sub(start);
            let enough = processes.len() >= 2 * FEWEST_PAIRS && spent >= TIME;
            if enough || spent >= LONGEST || self.cancel.is_cancelled() {
                break;
            }
            // A pair of which one failed is none.
            let pair = (self.kernel(&mut launcher, iterations)?, self.kernel(&mut launcher, iterations)?);
            if let (Some(one), Some(other)) = pair {
                processes.extend([one.samples, other.samples]);
            }
        }
        let floor = noise_floor(&processes);
        Ok((io_accounting, floor.ok_or_else(|| format!("only {} pairs could be taken", processes.len() / 2))))
    }

    fn kernel(&mut self, launcher: &mut Launcher, iterations: u64) -> Result<Option<KernelRun>, ProcessError> {
        let run = run_kernel(launcher, &self.tools.executable, iterations, LIMITS, self.cancel);
        self.monitor.sample(self.clock);
        run
    }
}

/// The user's own metrics of a workspace, and whether their commands can be started. None of them is run.
pub fn own_metric_rows(own: &[OwnMetric], place: &Place, tools: &Tools) -> Vec<MetricRow> {
    let rows = own.iter().map(|own| {
        let program = own.command.first().map(String::as_str).unwrap_or_default();
        let ability = if Command(own).is_there(place.workspace.root(), &tools.environment) {
            Ability::works(format!("a command of your own, `{program}`, which was not run"))
        } else {
            Ability::fails(format!("there is no `{program}`"))
        };
        let hint = ability.failure().map(|_| format!("{} names it", own.origin));
        MetricRow { metric: own.metric.id.to_string(), ability, hint }
    });
    rows.collect()
}

/// Valgrind's version.
fn valgrind(environment: &[(OsString, OsString)], cwd: &Path, cancel: &CancellationToken) -> Ability {
    let spec = CommandSpec {
        program: "valgrind".into(),
        args: vec!["--version".into()],
        env: environment.to_vec(),
        cwd: cwd.to_owned(),
        input: None,
    };
    let mut version = String::new();
    let end = run_tool(&spec, cancel, &mut |stream, line| {
        if stream == Stream::Out && version.is_empty() {
            line.clone_into(&mut version);
        }
    });
    match end {
        Ok(ToolEnd { code: Some(0), .. }) if !version.is_empty() => Ability::works(version),
        Ok(_) => Ability::fails("`valgrind --version` fails"),
        Err(_) => Ability::fails("it is not installed"),
    }
}
