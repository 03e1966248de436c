//! What a criterion process said of the benchmarks that it was to run, and which way it is told to run them.

use std::time::Duration;

use super::super::super::driver::{Reading, Told};
use super::super::no_result;
use super::conversation::Next;
use super::protocol::{Message, Peer};
use crate::model::{Failure, IterationControl, Note, Sample};
use crate::process::Finished;

/// The unit of time in criterion's own measurement.
const NANOSECONDS: &str = "ns";
/// `--quick` goes on until two counts of iterations agree this well, or a group's own measurement time is over, which on a
/// noisy machine is often many seconds. Agreement within one process decides nothing here.
const ANY_AGREEMENT: &str = "0.999999";
/// What criterion takes for next to no time: one iteration in a sample.
const NO_TIME: &str = "0.000000001";
/// Settings in code may cost this many times what was asked for, and so much more, before another way is taken.
const TOLERATED: u32 = 4;
const TOLERATED_MORE: Duration = Duration::from_millis(50);
/// A benchmark that needs longer for its fewest iterations is run with just one of them.
const SLOW: Duration = Duration::from_secs(1);
/// The oldest version whose `--quick` can be held to one iteration.
const ONE_ITERATION_SINCE: (u32, u32) = (0, 5);

/// How criterion is told to run a benchmark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// By times and samples.
    Normal,
    /// With `--quick`: code beats the command line otherwise.
    Quick,
    /// With `--quick` and one iteration: it is too slow for more.
    OneIteration,
}

impl Way {
    /// What is remembered of a benchmark that is known to measure time and to be run this way.
    fn memory(self) -> u64 {
        match self {
            Self::Normal => 1,
            Self::Quick => 2,
            Self::OneIteration => 3,
        }
    }

    pub(super) fn remembered(memory: Option<u64>) -> Self {
        match memory {
            Some(2) => Self::Quick,
            Some(3) => Self::OneIteration,
            _ => Self::Normal,
        }
    }

    /// The command line. Without fractions of a second, each time is a whole one.
    pub(super) fn arguments(self, control: &IterationControl, fractions: bool, pattern: &str) -> Vec<String> {
        let seconds = |time: Duration| {
            if fractions { format!("{:.9}", time.as_secs_f64().max(1e-9)) } else { time.as_secs().max(1).to_string() }
        };
        let mut args = vec!["--bench".to_owned()];
        let mut option = |name: &str, value: String| args.extend([name.to_owned(), value]);
        match self {
            Self::Normal => {
                let one = fractions && control.iterations == Some(1);
                let time = |time| if one { NO_TIME.to_owned() } else { seconds(time) };
                option("--sample-size", control.samples.to_string());
                option("--warm-up-time", time(control.warm_up));
                option("--measurement-time", time(control.observation_time));
            }
            Self::Quick => {
                option("--measurement-time", seconds(control.observation_time));
                option("--significance-level", ANY_AGREEMENT.to_owned());
            }
            Self::OneIteration => option("--measurement-time", NO_TIME.to_owned()),
        }
        if self != Self::Normal {
            args.push("--quick".to_owned());
        }
        args.push(pattern.to_owned());
        args
    }

    fn note(self) -> Option<Note> {
        match self {
            Self::Normal => None,
            Self::Quick => Some("the group's own settings beat the command line, and cost more: run with `--quick`"),
            Self::OneIteration => Some("one iteration in a process, run with `--quick`: more would take long"),
        }
        .map(|text| Note(text.to_owned()))
    }
}

/// One benchmark that was to run.
#[derive(Debug)]
struct Part {
    name: String,
    warm_up_ns: Option<f64>,
    samples: Option<Vec<Sample>>,
    /// Earlier observations measured time: it need not be asked again.
    unit_is_known: bool,
    unit: Option<String>,
    /// The way that it wants after all.
    wants: Option<Way>,
}

/// What was heard so far.
#[derive(Debug)]
pub(super) struct Heard {
    parts: Vec<Part>,
    way: Way,
    control: IterationControl,
    fractions: bool,
    /// Whether it may take as long as it likes.
    patient: bool,
    version: Option<(u32, u32)>,
    /// Which began last.
    current: Option<usize>,
}

impl Heard {
    pub(super) fn new(
        names: &[&str],
        units_known: Vec<bool>,
        way: Way,
        control: IterationControl,
        (fractions, patient): (bool, bool),
    ) -> Self {
        let part = |(name, unit_is_known): (&&str, bool)| Part {
            name: (*name).to_owned(),
            warm_up_ns: None,
            samples: None,
            unit_is_known,
            unit: None,
            wants: None,
        };
        let parts = names.iter().zip(units_known).map(part).collect();
        Self { parts, way, control, fractions, patient, version: None, current: None }
    }

    pub(super) fn set_version(&mut self, version: Option<(u32, u32)>) {
        self.version = version;
    }

    /// Takes a message; says whether there is more to hear.
    pub(super) fn hear(&mut self, message: Message, peer: &mut Peer) -> Next {
        match message {
            Message::Beginning(name) => self.current = self.parts.iter().position(|part| part.name == name),
            Message::Warmup { nanoseconds } => {
                let asked = self.control.warm_up;
                if let Some(part) = self.current_part() {
                    part.warm_up_ns = Some(nanoseconds);
                }
                if nanoseconds > tolerated_ns(asked) {
                    return self.take_another_way(Way::Quick);
                }
            }
            Message::MeasurementStart { estimate_ns, samples, iterations } => {
                let fewest = iterations <= samples.saturating_mul(samples.saturating_add(1)) / 2;
                let asked_for = samples == u64::from(self.control.samples);
                if fewest && asked_for {
                    if estimate_ns > SLOW.as_secs_f64() * 1e9 {
                        return self.take_another_way(Way::OneIteration);
                    }
                } else if estimate_ns > tolerated_ns(self.control.observation_time) {
                    return self.take_another_way(Way::Quick);
                }
            }
            Message::Complete { id, samples } => {
                if let Some(part) = self.parts.iter_mut().find(|part| part.name == id && part.samples.is_none()) {
                    part.samples = Some(samples);
                    if !part.unit_is_known {
                        part.unit = peer.unit().ok();
                    }
                }
                if self.parts.iter().all(|part| part.samples.is_some()) {
                    return Next::HasAll;
                }
            }
            Message::Skipping(_) | Message::GroupFinished | Message::Other => {}
        }
        Next::Go
    }

    fn current_part(&mut self) -> Option<&mut Part> {
        self.current.map(|current| &mut self.parts[current])
    }

    /// Ends the process for another way, if there is one left.
    fn take_another_way(&mut self, way: Way) -> Next {
        // Whole seconds were asked for, so that nothing announced is too much.
        if self.way != Way::Normal || !self.fractions || self.patient {
            return Next::Go;
        }
        match self.current_part() {
            Some(part) => {
                part.wants = Some(way);
                Next::End
            }
            None => Next::Go,
        }
    }

    /// Whether the process ended because nothing more was wanted of it.
    pub(super) fn has_all(&self) -> bool {
        self.parts.iter().all(|part| part.samples.is_some()) || self.parts.iter().any(|part| part.wants.is_some())
    }

    /// What became of each, and what is to be remembered of it. The failure of the process is that of the benchmark that
    /// had begun.
    pub(super) fn told(
        self,
        failure: Option<Failure>,
        finished: &Finished,
    ) -> Result<(Vec<Told>, Vec<Option<u64>>), Failure> {
        let current = self.current;
        let Self { parts, way, control, fractions, version, .. } = self;
        let alone = parts.len() == 1;
        let (mut told, mut memories) = (Vec::new(), Vec::new());
        for (index, part) in parts.into_iter().enumerate() {
            let mut memory = None;
            told.push(if let Some(wants) = part.wants {
                let can = wants != Way::OneIteration || version.is_some_and(|version| version >= ONE_ITERATION_SINCE);
                memory = Some(if can { wants } else { Way::Quick }.memory());
                Told::Alone
            } else if part.samples.is_some() {
                match part.reading(way, &control, fractions, finished) {
                    Ok(reading) => {
                        memory = Some(way.memory());
                        Told::Reading(reading)
                    }
                    Err(failure) => Told::Failed(failure),
                }
            } else if current == Some(index) || alone {
                let nothing = || no_result(format!("criterion ran no benchmark `{}`", part.name), finished);
                Told::Failed(failure.clone().unwrap_or_else(nothing))
            } else {
                Told::Unreached
            });
            memories.push(memory);
        }
        match failure {
            // It failed before any benchmark began.
            Some(failure) if current.is_none() => Err(failure),
            _ => Ok((told, memories)),
        }
    }
}

/// What settings in code may cost before another way is taken, nanoseconds.
fn tolerated_ns(asked: Duration) -> f64 {
    (asked * TOLERATED + TOLERATED_MORE).as_secs_f64() * 1e9
}

impl Part {
    fn reading(
        self,
        way: Way,
        control: &IterationControl,
        fractions: bool,
        finished: &Finished,
    ) -> Result<Reading, Failure> {
        let name = &self.name;
        if let Some(unit) = self.unit.as_deref().filter(|unit| *unit != NANOSECONDS) {
            return Err(no_result(format!("`{name}` measures `{unit}` rather than time"), finished));
        }
        let samples = self.samples.clone().unwrap_or_default();
        #[expect(clippy::cast_precision_loss, reason = "iterations are far below 2^53")]
        let each = samples.iter().map(|sample| sample.total_ns / sample.iterations.max(1) as f64);
        let value = each.fold(f64::INFINITY, f64::min);
        if !(value.is_finite() && value >= 0.0) {
            return Err(no_result(format!("criterion gave no usable number for `{name}`"), finished));
        }
        let notes = self.notes(way, control, fractions, samples.len());
        Ok(Reading { samples, summary: None, iterations: None, value, notes, metrics: Vec::new() })
    }

    /// Settings in code that beat the command line, and settings that criterion does not have.
    fn notes(&self, way: Way, control: &IterationControl, fractions: bool, samples: usize) -> Vec<Note> {
        let mut notes: Vec<Note> = way.note().into_iter().collect();
        if !fractions {
            notes.push(Note("criterion 0.3 takes whole seconds only: 2 s an observation".to_owned()));
        } else if way == Way::Normal {
            if samples != control.samples as usize {
                notes.push(Note(format!("the group's own sample size of {samples} is used")));
            }
            let asked_ns = if control.iterations == Some(1) { 1.0 } else { control.warm_up.as_secs_f64() * 1e9 };
            if let Some(own) = self.warm_up_ns.filter(|own| (own - asked_ns).abs() > 1.0) {
                notes.push(Note(format!("the group's own warm-up time of {} ms is used", own / 1e6)));
            }
        }
        if control.iterations.is_some_and(|iterations| iterations != 1 || !fractions) {
            notes.push(Note("criterion decides its own iterations, but for `--iterations 1`".to_owned()));
        }
        notes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quick_way_ends_whether_or_not_its_iterations_agree() {
        let quick = Way::Quick.arguments(&IterationControl::default(), true, "^x$").join(" ");
        assert!(quick.contains("--quick") && quick.contains("--significance-level 0.99"), "{quick}");
        let normal = Way::Normal.arguments(&IterationControl::default(), true, "^x$").join(" ");
        assert!(!normal.contains("--quick") && !normal.contains("--significance-level"), "{normal}");
    }
}
