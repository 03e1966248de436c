//! The user's own metrics: a command that is run after a benchmark's observations and prints numbers.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::super::drivers::found_on_path;
use super::{Observed, Offer, Provider};
use crate::config::OwnMetric;
use crate::process::{CommandSpec, Exit, Finished, Limits, ProcessError};

/// What gives such metrics, in words.
pub const BY_COMMAND: &str = "a command of your own";

/// Variables of the command, each with what it holds.
pub const VARIABLES: [(&str, &str); 4] = [
    ("PERFGUARD_BENCHMARK", "the benchmark's id, `package::target::name`"),
    ("PERFGUARD_ARTIFACT", "the path of its executable, as it was built"),
    (
        "PERFGUARD_RESULTS",
        "a folder with `observations.json`, all observations of the benchmark as `run --format json` has them; what is \
         written to it is gone afterwards",
    ),
    ("PERFGUARD_METRIC", "the metric's name"),
];

/// More of a wrong line is not shown.
const LONGEST_SHOWN: usize = 60;

/// A metric by command.
#[derive(Debug, Clone, Copy)]
pub struct Command<'a>(pub &'a OwnMetric);

impl Provider for Command<'_> {
    fn name(&self) -> &'static str {
        BY_COMMAND
    }

    fn offers(&self) -> &'static [Offer] {
        &[]
    }

    fn of_benchmark(&self, observed: &mut Observed<'_>) -> Result<Vec<f64>, Option<String>> {
        self.run(observed).and_then(|finished| numbers(&finished, self.limits(observed.limits))).map_err(Some)
    }
}

impl Command<'_> {
    fn limits(self, usual: Limits) -> Limits {
        Limits { timeout: self.0.timeout.unwrap_or(usual.timeout), ..usual }
    }

    /// Whether its program is there to be started in a workspace with this root and environment.
    pub fn is_there(self, root: &Path, env: &[(OsString, OsString)]) -> bool {
        self.0.command.first().is_some_and(|program| resolved(program, root, env).is_file())
    }

    fn run(self, observed: &mut Observed<'_>) -> Result<Finished, String> {
        let could_not = |error: &dyn std::fmt::Display| format!("its results could not be written: {error}");
        let results = tempfile::tempdir_in(observed.scratch).map_err(|error| could_not(&error))?;
        let text = serde_json::to_vec(observed.observations).map_err(|error| could_not(&error))?;
        fs_err::write(results.path().join("observations.json"), text).map_err(|error| could_not(&error))?;
        let values: [OsString; 4] = [
            observed.id.to_string().into(),
            observed.artifact.program.clone().into(),
            results.path().into(),
            self.0.metric.id.to_string().into(),
        ];
        let mut env = observed.artifact.run.env.clone();
        env.retain(|(name, _)| VARIABLES.iter().all(|(own, _)| name != own));
        env.extend(VARIABLES.iter().zip(values).map(|((name, _), value)| (OsString::from(name), value)));
        let (program, args) = self.0.command.split_first().expect("the configuration checks that there is a word");
        let spec = CommandSpec {
            program: resolved(program, observed.root, &env),
            args: args.iter().map(OsString::from).collect(),
            env,
            cwd: observed.root.to_owned(),
            input: None,
        };
        observed.launcher.run(&spec, self.limits(observed.limits), observed.cancel).map_err(|error| match error {
            ProcessError::Start { source, .. } => format!("`{program}` could not be started: {source}"),
            gone @ ProcessError::LauncherGone(_) => gone.to_string(),
        })
    }
}

/// A word with a slash is a path from the root; any other is looked for on `PATH`.
fn resolved(program: &str, root: &Path, env: &[(OsString, OsString)]) -> PathBuf {
    if program.contains('/') { root.join(program) } else { found_on_path(PathBuf::from(program), env) }
}

/// What a command printed, as numbers, or what is wrong with it.
fn numbers(finished: &Finished, limits: Limits) -> Result<Vec<f64>, String> {
    let said = String::from_utf8_lossy(&finished.stderr);
    let last = said.lines().map(str::trim).rfind(|line| !line.is_empty()).map(|line| format!(": {}", shown(line)));
    let last = last.unwrap_or_default();
    match finished.exit {
        Exit::Code(0) => {}
        Exit::Code(code) => return Err(format!("its command exited with code {code}{last}")),
        Exit::Signal(signal) => return Err(format!("its command was ended by signal {signal}{last}")),
        Exit::Killed => return Err("its command was interrupted".to_owned()),
        Exit::TimedOut => {
            return Err(format!("its command ran longer than the time limit of {} s", limits.timeout.as_secs_f64()));
        }
        Exit::FloodedOutput => return Err("its command wrote more than the output limit".to_owned()),
    }
    let text = String::from_utf8_lossy(&finished.stdout);
    let numbers: Vec<f64> =
        text.lines().map(str::trim).filter(|line| !line.is_empty()).map(number).collect::<Result<_, _>>()?;
    if numbers.is_empty() { Err("its command printed nothing".to_owned()) } else { Ok(numbers) }
}

/// The number of one line: `12.5`, or `{"value": 12.5}` with whatever else.
fn number(line: &str) -> Result<f64, String> {
    let wrong = |what: &str| format!("its command printed {what}: `{}`", shown(line));
    let found = if let Ok(number) = line.parse::<f64>() {
        number
    } else {
        let json: serde_json::Value =
            serde_json::from_str(line).map_err(|_| wrong("neither a number nor a line of JSON"))?;
        json.get("value").and_then(serde_json::Value::as_f64).ok_or_else(|| wrong("JSON without a number `value`"))?
    };
    if found.is_finite() { Ok(found) } else { Err(wrong("a number that is not finite")) }
}

/// The beginning of a line, short enough for a row.
fn shown(line: &str) -> String {
    let short: String = line.chars().take(LONGEST_SHOWN).collect();
    if short.len() < line.len() { format!("{short}…") } else { short }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::process::Usage;

    fn read(exit: Exit, stdout: &str, stderr: &str) -> Result<Vec<f64>, String> {
        let finished = Finished {
            exit,
            wall_ns: 1,
            usage: Usage::default(),
            timeline: None,
            left_behind: 0,
            stdout: stdout.into(),
            stderr: stderr.into(),
            protocol: Vec::new(),
        };
        numbers(&finished, Limits { timeout: Duration::from_millis(1500), output_bytes: 1 })
    }

    #[test]
    fn a_number_or_lines_of_json_are_read() {
        assert_eq!(read(Exit::Code(0), "0.97\n", "noise"), Ok(vec![0.97]));
        assert_eq!(read(Exit::Code(0), " -1e3 \n\n", ""), Ok(vec![-1000.0]));
        let lines = "{\"value\": 1}\n{\"seed\": 3, \"value\": 2.5}\n";
        assert_eq!(read(Exit::Code(0), lines, ""), Ok(vec![1.0, 2.5]));
    }

    #[test]
    fn what_is_no_number_is_said_with_the_line() {
        for (printed, told) in [
            ("", "printed nothing"),
            ("accuracy: high\n", "neither a number nor a line of JSON: `accuracy: high`"),
            ("NaN\n", "not finite: `NaN`"),
            ("-inf\n", "not finite"),
            ("1\n{\"value\": NaN}\n", "neither a number"),
            ("{\"value\": 1e999}\n", "neither a number"),
            ("{\"value\": \"1\"}\n", "without a number `value`"),
            ("[1]\n", "without a number `value`"),
        ] {
            let error = read(Exit::Code(0), printed, "").unwrap_err();
            assert!(error.contains(told), "{printed}: {error}");
        }
    }

    #[test]
    fn a_command_that_ends_badly_is_told_with_its_last_words() {
        let error = read(Exit::Code(2), "5\n", "Traceback\nno such file\n\n").unwrap_err();
        assert_eq!(error, "its command exited with code 2: no such file");
        assert!(read(Exit::TimedOut, "5\n", "").unwrap_err().contains("time limit of 1.5 s"));
        assert!(read(Exit::Signal(11), "", "").unwrap_err().contains("signal 11"));
    }
}
