//! Progress: one calm bar on a terminal, drawn between observations and never during one.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use perfguard_core::event::{Event, EventSink};
use perfguard_core::model::Stopped;
use perfguard_core::report::format::{bars, counted, one_line};

use crate::ui::{self, Log, Ui};

/// The bar's length is time, spent against left: in rounds, all benchmarks end at about the same moment.
const STEPS: u64 = 1_000;

/// Columns of the chart of a posterior, at most.
const CHART: usize = 32;

/// Listens to the engine and tells the user.
#[derive(Debug)]
pub(crate) struct Progress {
    quiet: bool,
    verbose: bool,
    log: Option<Log>,
    bar: Option<ProgressBar>,
    /// Measuring time left, in words.
    left: String,
    /// Benchmarks that need no more, as shown.
    done: String,
    /// Cargo's lines, held back from who wants quiet until it is known whether they matter.
    held: Vec<String>,
}

impl Progress {
    pub(crate) fn new(ui: &Ui) -> Self {
        let (quiet, verbose, log) = (ui.is_quiet(), ui.is_verbose(), ui.log());
        Self { quiet, verbose, log, bar: None, left: String::new(), done: String::new(), held: Vec::new() }
    }

    /// Says something beside the bar.
    fn aside(&self, say: impl FnOnce()) {
        match &self.bar {
            Some(bar) => bar.suspend(say),
            None => say(),
        }
    }

    fn begin(&mut self, benchmarks: usize, budget: Duration) {
        if self.quiet {
            return;
        }
        if !ui::talks_to_terminal() {
            if let Some(budget) = limited(budget) {
                ui::talk(&format!("measuring {}, at most {}", counted(benchmarks, "benchmark"), duration(budget)));
            }
            return;
        }
        let bar = ProgressBar::with_draw_target(Some(STEPS), ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{bar:20} {prefix}  {wide_msg:.dim}");
        if let Ok(style) = style {
            bar.set_style(style.progress_chars("━╸─"));
        }
        self.done = format!("0/{benchmarks} done");
        self.bar = Some(bar);
    }
}

impl EventSink for Progress {
    fn event(&mut self, event: Event) {
        if let Some(log) = &self.log {
            log.line(&in_words(&event));
        }
        match event {
            // Before the observation: this is the last drawing until it ended.
            Event::ObservationStarted { id, .. } => {
                if let Some(bar) = &self.bar {
                    let name = one_line(&id.name);
                    bar.set_prefix(format!("{}, {}", self.done, self.left));
                    bar.set_message(name);
                }
            }
            Event::ObservationFinished { done, total, spent, left, left_at_most, .. } => {
                self.left = time_left(left, left_at_most);
                self.done = format!("{done}/{total} done");
                if let Some(bar) = &self.bar {
                    let share = spent.as_secs_f64() / (spent + left).as_secs_f64().max(f64::MIN_POSITIVE);
                    #[expect(
                        clippy::cast_possible_truncation,
                        clippy::cast_sign_loss,
                        reason = "between 0 and 1 of the steps"
                    )]
                    #[expect(clippy::cast_precision_loss, reason = "a small constant")]
                    bar.set_position((share * STEPS as f64) as u64);
                }
            }
            Event::MeasuringStarted { benchmarks, budget } => {
                self.left = limited(budget).map(|budget| time_left(budget, true)).unwrap_or_default();
                self.begin(benchmarks, budget);
            }
            Event::MeasuringFinished => {
                if let Some(bar) = self.bar.take() {
                    bar.finish_and_clear();
                }
            }
            Event::Remark { message, hint } if !self.quiet => self.aside(|| ui::remark(&message, hint.as_deref())),
            Event::Waiting { holder } if !self.quiet => {
                ui::remark(&format!("another perfguard measures on this machine, waiting for it: {holder}"), None);
            }
            Event::CargoStarted { purpose } => {
                self.held.clear();
                if !self.quiet {
                    ui::talk(&purpose);
                }
            }
            Event::CargoLine(line) if self.quiet => self.held.push(line),
            Event::CargoLine(line) => ui::talk(&line),
            // Who wants quiet still wants to see why something did not build.
            Event::CargoFinished { well } => {
                if !well {
                    self.held.iter().for_each(|line| ui::talk(line));
                }
                self.held.clear();
            }
            Event::Listing { target, by_running: true } if !self.quiet => {
                ui::remark(&format!("`{target}` cannot list its benchmarks: it is run once to learn them"), None);
            }
            Event::Counting { .. } if !self.quiet => {
                let message = in_words(&event);
                self.aside(|| ui::talk(&message));
            }
            Event::Searching(_) if !self.quiet => ui::talk(&in_words(&event)),
            Event::Detail(message) if self.verbose => self.aside(|| ui::detail(&message)),
            Event::BenchmarkFinished { .. } | Event::Listing { .. } if self.verbose => {
                let message = in_words(&event);
                self.aside(|| ui::detail(&message));
            }
            Event::Remark { .. }
            | Event::Waiting { .. }
            | Event::Listing { .. }
            | Event::Counting { .. }
            | Event::Detail(_)
            | Event::Searching(_)
            | Event::BenchmarkFinished { .. } => {}
        }
    }
}

/// An event as a line.
fn in_words(event: &Event) -> String {
    match event {
        Event::Waiting { holder } => format!("waits for {holder}"),
        Event::CargoStarted { purpose } => purpose.clone(),
        Event::CargoLine(line) => format!("cargo: {line}"),
        Event::CargoFinished { well } => format!("cargo ended {}", if *well { "well" } else { "with an error" }),
        Event::Listing { target, .. } => format!("asks `{target}` for its benchmarks"),
        Event::Counting { id, of } => format!("counting the instructions of `{id}` in {of}"),
        Event::Detail(message) => message.clone(),
        Event::Remark { message, hint: Some(hint) } => format!("note: {message} (hint: {hint})"),
        Event::Remark { message, hint: None } => format!("note: {message}"),
        Event::MeasuringStarted { benchmarks, budget } => {
            let most = limited(*budget).map(|budget| format!(", at most {}", duration(budget)));
            format!("measures {}{}", counted(*benchmarks, "benchmark"), most.unwrap_or_default())
        }
        Event::ObservationStarted { id, warm_up: true } => format!("warms up `{id}`"),
        Event::ObservationStarted { id, warm_up: false } => format!("observes `{id}`"),
        Event::ObservationFinished { id, done, total, left, left_at_most, .. } => {
            format!("observed `{id}`: {done}/{total} done, {}", time_left(*left, *left_at_most))
        }
        Event::BenchmarkFinished { id, stopped, observations } => {
            format!("`{id}` ends after {}: {}", counted(*observations, "observation"), why(*stopped))
        }
        Event::MeasuringFinished => "measuring ended".to_owned(),
        Event::Searching(step) => {
            let left = counted(step.left, "commit");
            let doing = if step.is_built { "measuring" } else { "building and measuring" };
            let chart = bars(&step.posterior, CHART);
            let time = duration(step.time_left);
            format!("{chart}  {left} of {} left, {doing} {}, about {time} to go", step.of, step.commit)
        }
    }
}

/// The measuring time that is left, in words.
fn time_left(left: Duration, at_most: bool) -> String {
    format!("{}{} left", if at_most { "at most " } else { "" }, duration(left))
}

/// Why no further observation is taken, in words.
fn why(stopped: Stopped) -> &'static str {
    match stopped {
        Stopped::Precise => "precise enough",
        Stopped::Decided => "decided",
        Stopped::MostObservations => "it had its most",
        Stopped::Budget => "the budget is spent",
        Stopped::Exact => "a count does not vary",
        Stopped::Interrupted => "interrupted",
        Stopped::Failed => "it failed",
    }
}

/// A budget that is one: some work is as long as it is.
fn limited(budget: Duration) -> Option<Duration> {
    (budget < Duration::MAX).then_some(budget)
}

/// A time for people, in whole seconds.
fn duration(time: Duration) -> String {
    match time.as_secs() {
        seconds if seconds < 100 => format!("{seconds} s"),
        seconds => format!("{} min", seconds.div_ceil(60)),
    }
}
