//! One call of cargo that builds all bench targets and tells how it would run each.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::BuildError;
use super::Layout;
use super::cargo_config::CargoConfig;
use super::messages::{Built, OwnUnits, Told, plain, tail, told, unstable_files};
use super::role_runner::Capture;
use super::roles::{CAPTURES, HERE, KITS, OWN_PREFIX, RUNNER_NAME, WRAPPER, WRAPPER_NAME};
use super::variant::{FLAG_VARIABLES, add_compiler_flags, choose_toolchain, not_called};
use super::workbench::BuildRequest;
use crate::cancel::CancellationToken;
use crate::event::{Event, EventSink};
use crate::model::{RunEnvironment, TargetKind};
use crate::process::{self, CommandSpec, Stream};

/// What was built.
#[derive(Debug)]
pub(super) struct BuiltTargets {
    pub(super) built: Vec<Built>,
    /// Whether every target that was asked for did build.
    pub(super) complete: bool,
    /// Source files with an unstable feature that the compiler refused.
    pub(super) needs_nightly: Vec<PathBuf>,
    /// What was compiled of the packages whose sources may change.
    pub(super) own: OwnUnits,
}

/// What one call of cargo gave.
struct Called {
    built: Vec<Built>,
    own: OwnUnits,
    /// Whether cargo was content.
    well: bool,
    /// What it wrote to its error stream, without colours.
    complaint: String,
}

/// What the compiler is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Toolchain {
    /// First line of `rustc -vV`.
    pub(super) version: String,
    /// The triple that it builds for when nobody names one.
    pub(super) host: String,
}

/// Calls cargo and its tools for one workbench.
pub(super) struct Cargo<'a> {
    pub(super) layout: &'a Layout,
    /// perfguard's own environment.
    pub(super) environment: &'a [(OsString, OsString)],
    pub(super) request: &'a BuildRequest,
    /// What is built, in words.
    pub(super) what: String,
}

/// The variable that names a triple's runner.
fn runner_variable(triple: &str) -> String {
    target_variable(triple, "RUNNER")
}

/// The variable of a triple's key in the configuration.
fn target_variable(triple: &str, key: &str) -> String {
    format!("CARGO_TARGET_{}_{key}", triple.to_uppercase().replace(['-', '.'], "_"))
}

/// The environment of every tool that works for the workbench: perfguard's own, less what a git hook, or rustup on the
/// way to a subcommand, exported, and what would lead a build elsewhere.
pub(super) fn tool_environment(environment: &[(OsString, OsString)], cache: &Path) -> Vec<(OsString, OsString)> {
    let source = environment.iter().find(|(name, _)| name == "RUSTUP_TOOLCHAIN_SOURCE").map(|(_, value)| value.clone());
    // Without a source, no rustup stood between: somebody set the variable.
    let wished = source.is_none_or(|source| source == "cli" || source == "env");
    let mut kept: Vec<_> = environment
        .iter()
        .filter(|(name, _)| {
            let text = name.to_string_lossy();
            let gone = [
                "CARGO",
                "RUST_RECURSION_COUNT",
                "RUSTUP_TOOLCHAIN_SOURCE",
                "CARGO_TARGET_DIR",
                "CARGO_BUILD_TARGET_DIR",
                "CARGO_BUILD_BUILD_DIR",
                "RUSTUP_AUTO_INSTALL",
            ];
            !(text.starts_with("GIT_") || gone.contains(&&*text) || text == "RUSTUP_TOOLCHAIN" && !wished)
        })
        .cloned()
        .collect();
    kept.push(("GIT_CEILING_DIRECTORIES".into(), cache.into()));
    kept.push(("RUSTUP_AUTO_INSTALL".into(), "0".into()));
    kept
}

impl Cargo<'_> {
    fn folder(&self) -> PathBuf {
        let folder = self.layout.wb().join(&self.request.cwd);
        if folder.is_dir() { folder } else { self.layout.wb() }
    }

    fn variable(&self, name: &str) -> Option<&OsString> {
        self.environment.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    fn cargo_home(&self) -> Option<PathBuf> {
        let home = || self.variable("HOME").map(|home| PathBuf::from(home).join(".cargo"));
        self.variable("CARGO_HOME").map(PathBuf::from).or_else(home)
    }

    fn config(&self) -> CargoConfig {
        CargoConfig::read(&self.folder(), self.cargo_home().as_deref())
    }

    /// What the compiler is, in the tree's own folder: a toolchain file counts.
    pub(super) fn toolchain(&self, cancel: &CancellationToken) -> Result<Toolchain, BuildError> {
        self.toolchain_in(&self.folder(), cancel)
    }

    /// The same in another folder.
    pub(super) fn toolchain_in(&self, folder: &Path, cancel: &CancellationToken) -> Result<Toolchain, BuildError> {
        let lines = self.rustc(folder, &["-vV"], cancel)?;
        let host = lines.iter().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default().to_owned();
        Ok(Toolchain { version: lines.into_iter().next().unwrap_or_default(), host })
    }

    fn rustc(&self, folder: &Path, args: &[&str], cancel: &CancellationToken) -> Result<Vec<String>, BuildError> {
        let program = self.variable("RUSTC").cloned().unwrap_or_else(|| "rustc".into());
        let env = tool_environment(self.environment, self.layout.root());
        let args = args.iter().map(Into::into).collect();
        let mut spec = CommandSpec { program: program.into(), args, env, cwd: folder.to_owned(), input: None };
        choose_toolchain(&self.request.variant, &mut spec);
        let (mut lines, mut complaint) = (Vec::new(), String::new());
        let end = process::run_tool(&spec, cancel, &mut |stream, line| match stream {
            Stream::Out => lines.push(line.to_owned()),
            Stream::Err => complaint.extend([line, "\n"]),
        })
        .map_err(|error| not_called(&self.request.variant, error))?;
        match process::missing_toolchain(&complaint) {
            Some(toolchain) => Err(BuildError::ToolchainMissing { toolchain, what: self.what.clone() }),
            None if cancel.is_cancelled() => Err(BuildError::Interrupted),
            None if end.code != Some(0) => {
                Err(BuildError::Metadata { what: self.what.clone(), message: complaint.trim_end().to_owned() })
            }
            None => Ok(lines),
        }
    }

    /// The triples for which executables may be built: by flag, variable or configuration, else the host.
    pub(super) fn triples(&self, host: &str) -> Vec<String> {
        let text: Vec<_> = self.request.cargo_args.iter().map(|word| word.to_string_lossy()).collect();
        let flags = text.windows(2).filter(|pair| pair[0] == "--target").map(|pair| pair[1].to_string());
        let mut triples: Vec<String> = flags.collect();
        if triples.is_empty() {
            triples.extend(self.variable("CARGO_BUILD_TARGET").map(|triple| triple.to_string_lossy().into_owned()));
        }
        if triples.is_empty() {
            triples = self.config().targets();
        }
        if triples.is_empty() {
            triples.push(host.to_owned());
        }
        for triple in &mut triples {
            // Cargo's own word for the machine that builds.
            if triple == "host-tuple" {
                host.clone_into(triple);
            }
        }
        triples
    }

    /// The user's own runner for a triple, which perfguard's hides while cargo is called.
    pub(super) fn user_runner(&self, triple: &str, cancel: &CancellationToken) -> Vec<OsString> {
        if let Some(line) = self.variable(&runner_variable(triple)) {
            return line.to_string_lossy().split_whitespace().map(Into::into).collect();
        }
        self.config().runner(triple, || self.conditions(triple, cancel))
    }

    /// What holds for a triple, as conditions in a configuration ask.
    fn conditions(&self, triple: &str, cancel: &CancellationToken) -> Vec<cargo_platform::Cfg> {
        let lines = self.rustc(&self.folder(), &["--print", "cfg", "--target", triple], cancel).unwrap_or_default();
        lines.iter().filter_map(|line| line.parse().ok()).collect()
    }

    /// Builds every bench target that the request selects, then lets cargo tell how it would run each.
    pub(super) fn build(
        &self,
        triples: &[String],
        events: &mut dyn EventSink,
        cancel: &CancellationToken,
    ) -> Result<BuiltTargets, BuildError> {
        events.event(Event::CargoStarted { purpose: format!("building {}", self.what) });
        events.event(Event::Detail(detail(&self.build_words())));
        let called = self.call(triples, &self.build_words(), &mut |event| events.event(event), cancel);
        events.event(Event::CargoFinished { well: called.as_ref().is_ok_and(|called| called.well) });
        let Called { built, own, well, complaint } = called?;
        if well {
            let built = self.capture(triples, std::slice::from_ref(&self.request.cargo_args), events, cancel)?;
            return Ok(BuiltTargets { built, complete: true, needs_nightly: Vec::new(), own });
        }
        let needs_nightly = unstable_files(&complaint);
        if let Some(toolchain) = process::missing_toolchain(&complaint) {
            return Err(BuildError::ToolchainMissing { toolchain, what: self.what.clone() });
        }
        let compiled = complaint.contains("could not compile") || complaint.contains("custom build command");
        if !compiled {
            return Err(BuildError::Metadata { what: self.what.clone(), message: tail(&complaint) });
        }
        if built.is_empty() {
            return Err(BuildError::Compile { what: self.what.clone(), needs_nightly: !needs_nightly.is_empty() });
        }
        let of = |built| BuiltTargets {
            built,
            complete: false,
            needs_nightly: needs_nightly.clone(),
            own: OwnUnits::default(),
        };
        // Cargo runs nothing where a target does not compile: it is asked about those that do. By name first, with the
        // same packages and so the same features; package by package where a name stands for a broken target too.
        let by_name = only_these(&self.request.cargo_args, &built, None);
        if let Ok(captured) = self.capture(triples, &[by_name], events, cancel) {
            return Ok(of(captured));
        }
        let packages: BTreeSet<&str> = built.iter().map(|built| built.target.package.as_str()).collect();
        let calls: Vec<_> =
            packages.iter().map(|package| only_these(&self.request.cargo_args, &built, Some(package))).collect();
        Ok(of(self.capture(triples, &calls, events, cancel)?))
    }

    /// `cargo build` of just what `cargo bench` would build: of the two, only it can keep going after a target that does
    /// not compile.
    fn build_words(&self) -> Vec<OsString> {
        let mut words: Vec<OsString> = ["build", "--keep-going"].map(Into::into).into();
        let args = &self.request.cargo_args;
        if !args.iter().any(|word| word == "--profile") {
            words.extend(["--profile".into(), "bench".into()]);
        }
        if !args.iter().any(|word| word == "--bench") {
            words.push("--benches".into());
        }
        words.extend(args.iter().cloned());
        words
    }

    /// Lets cargo run what is built, with perfguard as the runner. Gives what it would have run.
    fn capture(
        &self,
        triples: &[String],
        calls: &[Vec<OsString>],
        events: &mut dyn EventSink,
        cancel: &CancellationToken,
    ) -> Result<Vec<Built>, BuildError> {
        let mut all = Vec::new();
        for args in calls {
            let words: Vec<OsString> = [OsString::from("bench")].into_iter().chain(args.iter().cloned()).collect();
            events.event(Event::Detail(detail(&words)));
            let Called { built, well, complaint, .. } = self.call(triples, &words, &mut |_| {}, cancel)?;
            if !well {
                return Err(BuildError::Metadata { what: self.what.clone(), message: tail(&complaint) });
            }
            all.extend(built);
        }
        Ok(all)
    }

    /// One call of cargo in which perfguard is compiler wrapper, linker and runner.
    fn call(
        &self,
        triples: &[String],
        words: &[OsString],
        on_event: &mut dyn FnMut(Event),
        cancel: &CancellationToken,
    ) -> Result<Called, BuildError> {
        let spec = self.command(triples, words, cancel);
        let (mut built, mut own, mut complaint) = (Vec::new(), OwnUnits::default(), String::new());
        let end = process::run_tool(&spec, cancel, &mut |stream, line| match stream {
            Stream::Out => match told(line) {
                Some(Told::Compiled { built: executable, own: unit }) => {
                    built.extend(executable);
                    own.units.extend(unit);
                }
                Some(Told::ScriptRan(package, folder)) => own.scripts.push((package, folder)),
                Some(Told::Error(text)) => {
                    for line in text.lines() {
                        complaint.extend([&plain(line), "\n"]);
                        on_event(Event::CargoLine(line.to_owned()));
                    }
                }
                // Those of an old commit, or of a crate that denies them, would bury everything else.
                Some(Told::Warning(text)) => on_event(Event::Detail(text)),
                None => {}
            },
            Stream::Err => {
                complaint.extend([&plain(line), "\n"]);
                on_event(Event::CargoLine(line.to_owned()));
            }
        })
        .map_err(|error| not_called(&self.request.variant, error))?;
        if cancel.is_cancelled() {
            return Err(BuildError::Interrupted);
        }
        Ok(Called { built, own, well: end.code == Some(0), complaint })
    }

    fn command(&self, triples: &[String], words: &[OsString], cancel: &CancellationToken) -> CommandSpec {
        let role = |name: &str| self.layout.bin().join(super::roles::VERSION).join(name);
        let quoted = |path: &Path| toml::Value::String(path.display().to_string()).to_string();
        let mut words = words.to_vec();
        let ansi = if self.request.color { ",json-diagnostic-rendered-ansi" } else { "" };
        words.push(format!("--message-format=json{ansi}").into());
        words.extend(["--manifest-path".into(), self.layout.wb().join(&self.request.manifest).into()]);
        words.extend(["--target-dir".into(), self.layout.out().into()]);
        words.extend(["--config".into(), format!("build.build-dir={}", quoted(&self.layout.build())).into()]);
        let mut env = tool_environment(self.environment, self.layout.root());
        let user_wrapper = self.variable("RUSTC_WRAPPER").or_else(|| self.variable("CARGO_BUILD_RUSTC_WRAPPER"));
        let user_wrapper = user_wrapper.filter(|wrapper| !wrapper.is_empty()).cloned();
        if let Some(wrapper) = user_wrapper.or_else(|| self.config().rustc_wrapper()) {
            env.push((WRAPPER.into(), wrapper));
        }
        let runners: Vec<String> = triples.iter().map(|triple| runner_variable(triple)).collect();
        env.retain(|(name, _)| name != "RUSTC_WRAPPER" && runners.iter().all(|runner| name != runner.as_str()));
        env.extend(runners.into_iter().map(|runner| (runner.into(), self.runner_from_folder().into())));
        env.extend([
            ("RUSTC_WRAPPER".into(), role(WRAPPER_NAME).into()),
            (HERE.into(), self.layout.here().into()),
            (KITS.into(), self.layout.kits().into()),
            (CAPTURES.into(), self.layout.capture().into()),
        ]);
        if self.request.color && self.variable("CARGO_TERM_COLOR").is_none() {
            env.push(("CARGO_TERM_COLOR".into(), "always".into()));
        }
        let program = self.variable("CARGO").cloned().unwrap_or_else(|| "cargo".into());
        // `CARGO` is the cargo that called perfguard: a toolchain file in the tree may ask for another, which rustup's
        // proxy finds.
        let program =
            if self.variable("RUSTUP_HOME").is_some() || has_rustup(&program) { "cargo".into() } else { program };
        let mut spec = CommandSpec { program: program.into(), args: words, env, cwd: self.folder(), input: None };
        let config = self.config();
        add_compiler_flags(&self.request.variant, &mut spec, &config, triples, |triple| {
            self.variable(&target_variable(triple, "RUSTFLAGS")).is_some()
                || config.has_target_flags(triple, || self.conditions(triple, cancel))
        });
        choose_toolchain(&self.request.variant, &mut spec);
        spec
    }

    /// The runner's path from the folder that cargo is called in. Cargo splits the variable at blanks, and above the
    /// workbench there may be some. (A key on the command line would have to be of the kind that a file has.)
    fn runner_from_folder(&self) -> PathBuf {
        let folder = self.folder();
        let depth = folder.strip_prefix(self.layout.root()).map_or(0, |below| below.components().count());
        let up: PathBuf = std::iter::repeat_n("..", depth).collect();
        let bin = self.layout.bin();
        up.join(bin.strip_prefix(self.layout.root()).unwrap_or(&bin)).join(super::roles::VERSION).join(RUNNER_NAME)
    }

    /// How cargo would start each executable: the captures, with the user's own variables where perfguard's stood.
    pub(super) fn run_environments(
        &self,
        runner: &[OsString],
    ) -> Result<BTreeMap<PathBuf, RunEnvironment>, BuildError> {
        let mut found = BTreeMap::new();
        for item in fs_err::read_dir(self.layout.capture()).map_err(BuildError::Cache)?.flatten() {
            let text = fs_err::read(item.path()).map_err(BuildError::Cache)?;
            let Ok(Capture { program, cwd, env }) = serde_json::from_slice(&text) else { continue };
            let changed = ["RUSTC_WRAPPER", "GIT_CEILING_DIRECTORIES", "RUSTUP_AUTO_INSTALL", "CARGO_TERM_COLOR"];
            let is_runner = |name: &OsString| {
                name.to_str().is_some_and(|name| name.starts_with("CARGO_TARGET_") && name.ends_with("_RUNNER"))
            };
            // A variant's flags are for the compiler: what runs sees what it would see without.
            let is_flags = |name: &OsString| FLAG_VARIABLES.iter().any(|(known, _)| name == known);
            let is_changed =
                |name: &OsString| is_runner(name) || is_flags(name) || changed.iter().any(|known| name == known);
            let is_own = |name: &OsString| name.as_encoded_bytes().starts_with(OWN_PREFIX.as_bytes());
            let mut env: Vec<_> = env.into_iter().filter(|(name, _)| !is_changed(name) && !is_own(name)).collect();
            env.extend(self.environment.iter().filter(|(name, _)| is_changed(name)).cloned());
            env.sort();
            found.insert(program, RunEnvironment { runner: runner.to_vec(), cwd, env });
        }
        Ok(found)
    }
}

/// A call of cargo in the workbench, in words.
fn detail(words: &[OsString]) -> String {
    let words: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
    format!("calls `cargo {}` in the workbench", words.join(" "))
}

/// Whether a cargo is one of rustup's toolchains' (`…/toolchains/NAME/bin/cargo`).
fn has_rustup(cargo: &OsString) -> bool {
    Path::new(cargo).components().any(|part| part.as_os_str() == "toolchains")
}

/// The request's flags with its choice of targets replaced by the targets that were built: all of them, or those of one
/// package, which is then named too.
fn only_these(args: &[OsString], built: &[Built], package: Option<&str>) -> Vec<OsString> {
    let mut kept = Vec::new();
    let mut skip_value = false;
    for word in args {
        if std::mem::take(&mut skip_value) {
            continue;
        }
        let of_packages = package.is_some() && (word == "--package" || word == "--exclude");
        if word == "--bench" || of_packages {
            skip_value = true;
        } else if !(package.is_some() && word == "--workspace") {
            kept.push(word.clone());
        }
    }
    kept.extend(package.iter().flat_map(|package| ["--package".into(), OsString::from(package)]));
    for Built { target, .. } in built.iter().filter(|built| package.is_none_or(|name| built.target.package == name)) {
        let flag = match target.kind {
            TargetKind::Lib => {
                kept.push("--lib".into());
                continue;
            }
            TargetKind::Bench => "--bench",
            TargetKind::Bin => "--bin",
            TargetKind::Test => "--test",
            TargetKind::Example => "--example",
            TargetKind::Program => unreachable!("cargo builds no program that is no target of its own"),
        };
        kept.extend([flag.into(), OsString::from(&target.name)]);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::TargetId;

    #[test]
    fn a_second_call_names_only_what_was_built() {
        let args = ["--package", "x", "--bench", "bad", "--features", "f"].map(OsString::from);
        let built = |kind, name: &str| Built {
            target: TargetId { package: "x".into(), kind, name: name.into() },
            program: PathBuf::new(),
        };
        let all = [built(TargetKind::Bench, "good"), built(TargetKind::Lib, "x")];
        let words = |package| only_these(&args, &all, package);
        assert_eq!(words(None), ["--package", "x", "--features", "f", "--bench", "good", "--lib"].map(OsString::from));
        assert_eq!(
            words(Some("x")),
            ["--features", "f", "--package", "x", "--bench", "good", "--lib"].map(OsString::from)
        );
        assert_eq!(words(Some("y")), ["--features", "f", "--package", "y"].map(OsString::from));
    }

    #[test]
    fn what_a_hook_or_rustup_exported_does_not_answer_for_a_build() {
        let variables = |list: &[(&str, &str)]| list.iter().map(|(n, v)| (n.into(), v.into())).collect::<Vec<_>>();
        let kept = |list: &[(&str, &str)]| {
            let kept = tool_environment(&variables(list), Path::new("/cache"));
            kept.into_iter().map(|(name, _)| name.into_string().unwrap()).collect::<Vec<_>>()
        };
        let own = ["GIT_CEILING_DIRECTORIES", "RUSTUP_AUTO_INSTALL"];
        let by_default = [("GIT_DIR", ".git"), ("RUSTUP_TOOLCHAIN", "stable"), ("RUSTUP_TOOLCHAIN_SOURCE", "default")];
        assert_eq!(kept(&by_default), own);
        assert_eq!(kept(&[("CARGO_TARGET_DIR", "/x"), ("CARGO", "/x")]), own);
        assert_eq!(kept(&[("RUSTUP_TOOLCHAIN", "nightly"), ("RUSTUP_TOOLCHAIN_SOURCE", "cli")])[0], "RUSTUP_TOOLCHAIN");
        assert_eq!(kept(&[("RUSTC_BOOTSTRAP", "1")])[0], "RUSTC_BOOTSTRAP");
    }
}
