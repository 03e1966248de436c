//! gungraun, and iai-callgrind before it: counts instructions under Valgrind, through a runner program that has to be
//! installed in the very version of the library.
//!
//! The executable only tells the runner what to do. Counts do not vary, so one observation is enough. Results go to a
//! fresh folder each time: otherwise the runner would compare with what it finds there.

use std::ffi::OsString;
use std::path::Path;

use super::super::driver::{Driver, Listing, NotListed, Reading, Session, Wanted, Yield};
use super::{fresh_folder, iterations_note, no_result, only, run};
use crate::model::{Failure, IterationControl};

/// The library, its runner, and the variable that names the folder of results.
const NAMES: [(&str, &str, &str); 2] =
    [("gungraun", "gungraun-runner", "GUNGRAUN_HOME"), ("iai-callgrind", "iai-callgrind-runner", "IAI_CALLGRIND_HOME")];

pub(super) struct Gungraun;

impl Driver for Gungraun {
    fn list(&self, session: &mut Session<'_>) -> Result<Listing, NotListed> {
        let locked = NAMES.iter().find_map(|(library, runner, _)| Some((*runner, locked_version(session, library)?)));
        match run_in_fresh_home(session, &["--bench", "--list", "--format", "terse"]) {
            Ok(finished) => {
                let text = String::from_utf8_lossy(&finished.stdout);
                let names = text.lines().filter_map(|line| line.strip_suffix(": benchmark")).map(str::to_owned);
                Ok(Listing::of(locked.map(|(_, version)| version), names))
            }
            Err(failure) => Err(missing_tool(&failure, locked.as_ref()).unwrap_or(NotListed::Failed(failure))),
        }
    }

    fn observe(
        &self,
        session: &mut Session<'_>,
        wanted: &mut [Wanted<'_>],
        control: &IterationControl,
    ) -> Result<Yield, Failure> {
        let name = only(wanted).name;
        let pattern = escaped(name);
        let finished = run_in_fresh_home(session, &["--bench", "--output-format=json", &pattern])?;
        let text = String::from_utf8_lossy(&finished.stdout);
        let objects = text.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        let mut found = objects.filter(|object| id(object).as_deref() == Some(name));
        let (Some(object), None) = (found.next(), found.next()) else {
            return Err(no_result(format!("gungraun gave not just one result for `{name}`"), &finished));
        };
        match instructions(&object) {
            Some(value) => {
                let notes = iterations_note(control, "gungraun");
                Ok(Yield::single(finished, Reading { value, notes, ..Reading::default() }))
            }
            None => Err(no_result(format!("gungraun counted no instructions of `{name}`"), &finished)),
        }
    }
}

/// Runs the executable with an empty folder for results, which goes afterwards.
fn run_in_fresh_home(session: &mut Session<'_>, args: &[&str]) -> Result<crate::process::Finished, Failure> {
    let home = fresh_folder(session)?;
    let env = NAMES.map(|(_, _, variable)| (variable, OsString::from(home.path())));
    run(session, args, &env)
}

/// The program without which nothing goes, if that is what the failure says.
fn missing_tool(failure: &Failure, locked: Option<&(&str, String)>) -> Option<NotListed> {
    let needs = |tool: &str, install: String| Some(NotListed::NeedsTool { tool: tool.to_owned(), install });
    let says = |part: &str| failure.output.contains(part);
    if says("valgrind") && (says("not found") || says("No such file")) && !says("-runner installed") {
        return needs("valgrind", "apt-get install valgrind".to_owned());
    }
    let mismatched = says("is older than") || says("is newer than") || says("version mismatch");
    if !(says("-runner installed") || says("No such file") || mismatched) {
        return None;
    }
    let (runner, version) = match locked {
        // A whole version means just that one; `=` before it would mean something else to zsh.
        Some((runner, version)) => (*runner, format!(" --version {version}")),
        None => (NAMES[0].1, String::new()),
    };
    let tool = if mismatched { format!("{runner}{}", version.replace(" --version", "")) } else { runner.to_owned() };
    needs(&tool, format!("cargo install {runner}{version}"))
}

/// The version of a package in the `Cargo.lock` beside or above the package that is run.
fn locked_version(session: &Session<'_>, package: &str) -> Option<String> {
    let lock = session.artifact.run.cwd.ancestors().map(|folder| folder.join("Cargo.lock")).find(|file| file.is_file());
    version_in(&lock?, package)
}

fn version_in(lock: &Path, package: &str) -> Option<String> {
    let lock: toml::Table = fs_err::read_to_string(lock).ok()?.parse().ok()?;
    let packages = lock.get("package")?.as_array()?;
    let found = packages.iter().find(|entry| entry.get("name").and_then(toml::Value::as_str) == Some(package))?;
    found.get("version")?.as_str().map(str::to_owned)
}

/// A name as a glob that matches just that name.
fn escaped(name: &str) -> String {
    name.chars().map(|c| if "*?[]{}!\\".contains(c) { format!("[{c}]") } else { c.to_string() }).collect()
}

/// `MODULES::ID`, as the listing has it.
fn id(object: &serde_json::Value) -> Option<String> {
    let path = object.get("module_path")?.as_str()?;
    Some(match object.get("id").and_then(serde_json::Value::as_str) {
        Some(id) => format!("{path}::{id}"),
        None => path.to_owned(),
    })
}

/// The instructions of the whole: the new value of `Ir` in a `total`, wherever the version at hand keeps it.
fn instructions(object: &serde_json::Value) -> Option<f64> {
    fn find<'a>(value: &'a serde_json::Value, key: &str) -> Option<&'a serde_json::Value> {
        if let Some(map) = value.as_object() {
            return map.get(key).or_else(|| map.values().find_map(|inner| find(inner, key)));
        }
        value.as_array()?.iter().find_map(|inner| find(inner, key))
    }
    let count = find(find(object, "total")?, "Ir")?;
    let count = find(count, "new").unwrap_or(count);
    count.as_f64().filter(|count| count.is_finite() && *count > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FailureKind;

    fn failed(output: &str) -> Failure {
        Failure { kind: FailureKind::Exited, message: "exited with code 1".into(), output: output.into() }
    }

    #[test]
    fn a_missing_runner_is_named_with_the_line_that_installs_the_locked_version() {
        let missing = failed("Failed to run benchmarks: No such file\nIs gungraun-runner installed and in your $PATH?");
        let install = |locked: Option<&(&str, String)>| match missing_tool(&missing, locked) {
            Some(NotListed::NeedsTool { install, .. }) => install,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            install(Some(&("gungraun-runner", "0.20.0".to_owned()))),
            "cargo install gungraun-runner --version 0.20.0"
        );
        assert_eq!(install(None), "cargo install gungraun-runner");
        assert_eq!(missing_tool(&failed("panicked"), None), None);
    }

    #[test]
    fn the_new_count_of_the_whole_is_read() {
        let object = serde_json::json!({
            "module_path": "bench::group::fib", "id": "short",
            "profiles": [{"data": {
                "parts": [{"metrics": {"Ir": {"values": {"new": 1}}}}],
                "total": {"metrics": {"Ir": {"values": {"new": 1692, "old": 3}}}},
            }}],
        });
        assert_eq!(id(&object).as_deref(), Some("bench::group::fib::short"));
        assert_eq!(instructions(&object), Some(1692.0));
        assert_eq!(instructions(&serde_json::json!({"total": {}})), None);
    }

    #[test]
    fn a_name_is_a_glob_of_itself() {
        assert_eq!(escaped("a::b*[c]"), "a::b[*][[]c[]]");
    }
}
