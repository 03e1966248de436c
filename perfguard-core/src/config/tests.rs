//! Files, variables and flags, and what is wrong with each.

use super::*;

/// A workspace with this `perfguard.toml` and this `Cargo.toml`.
fn workspace(perfguard: &str, manifest: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs_err::write(folder.path().join(FILE), perfguard).unwrap();
    fs_err::write(folder.path().join("Cargo.toml"), manifest).unwrap();
    folder
}

fn load_with(
    folder: &Path,
    variables: &[(&str, &str)],
    flags: &[(&'static str, &'static str, String)],
) -> Result<(Config, Vec<String>), ConfigError> {
    let environment: Vec<_> = variables.iter().map(|(name, value)| (name.into(), value.into())).collect();
    let manifest = folder.join("Cargo.toml");
    Config::load(&Sources { workspace: folder, manifest: &manifest, environment: &environment, flags })
}

fn load(perfguard: &str) -> Result<Config, ConfigError> {
    let folder = workspace(perfguard, "");
    load_with(folder.path(), &[], &[]).map(|(config, _)| config)
}

#[test]
fn a_flag_beats_a_variable_that_beats_the_file_that_beats_the_packages_and_the_workspaces_metadata() {
    let manifest = "[package.metadata.perfguard.run]\nbudget = \"2s\"\nprecision = \"2%\"\n\
                    [workspace.metadata.perfguard.run]\nbudget = \"1s\"\nprecision = \"3%\"\nwarm-up = \"1ms\"\n";
    let folder = workspace("[run]\nbudget = \"3s\"\ntimeout = \"3s\"\n", manifest);
    let variables = [("PERFGUARD_RUN_BUDGET", "4s"), ("PERFGUARD_RUN_TIMEOUT", "4s"), ("PERFGUARD_CACHE", "/x")];
    let flags = [("run.budget", "--budget", "5s".to_owned())];
    let (config, unknown) = load_with(folder.path(), &variables, &flags).unwrap();
    let told = |path: &str| {
        let setting = config.setting(path).unwrap();
        (config.text(path).unwrap().to_owned(), setting.origin.to_string())
    };
    let file = |line: usize| format!("{}:{line}", folder.path().join("Cargo.toml").display());
    assert_eq!(told("run.budget"), ("5s".into(), "flag --budget".into()));
    assert_eq!(told("run.timeout"), ("4s".into(), "variable PERFGUARD_RUN_TIMEOUT".into()));
    assert_eq!(told("run.precision"), ("2%".into(), file(3)));
    assert_eq!(told("run.warm-up"), ("1ms".into(), file(7)));
    assert_eq!(told("run.observations"), ("8..40".into(), "default".into()));
    assert!(config.setting("run.iterations").is_none(), "no value means something of its own");
    assert!(unknown.is_empty());
}

#[test]
fn an_unknown_key_is_named_with_its_line_and_the_nearest_known_one() {
    for (text, key, nearest, line) in [
        ("[run]\n\nbugdet = \"1s\"\n", "run.bugdet", Some("run.budget"), 3),
        ("[rnu]\nbudget = \"1s\"\n", "rnu", Some("run"), 1),
        ("[benchmark.\"a::*\"]\nstatistics = \"median\"\n", "benchmark.\"a::*\".statistics", Some("statistic"), 2),
        ("[category.slow]\nbenchmark = [\"a\"]\n", "category.slow.benchmark", Some("benchmarks"), 2),
        ("zzz = 1\n", "zzz", None, 1),
    ] {
        let Err(ConfigError::UnknownKey { place, key: found, nearest: near }) = load(text) else { panic!("{text}") };
        assert_eq!((found.as_str(), near.as_deref(), place.line), (key, nearest, line), "{text}");
    }
}

#[test]
fn every_malformed_value_of_every_key_says_what_was_expected() {
    for key in KEYS {
        let (section, name) = key.path.split_once('.').unwrap();
        for value in ["true", "\"\"", "-1", "[1]", "{}", "1979-05-27", "0"] {
            if key.kind == Kind::List && value == "[]" {
                continue;
            }
            let text = format!("[{section}]\n{name} = {value}\n");
            let Err(error) = load(&text) else { panic!("{text} is taken") };
            let message = error.to_string();
            assert!(message.contains(key.path) && message.contains(&key.kind.expected()), "{text}: {message}");
            assert!(message.contains("perfguard.toml:2"), "{message}");
        }
        let variable = keys::variable(key);
        let folder = workspace("", "");
        if !matches!(key.kind, Kind::Text | Kind::List) {
            let error = load_with(folder.path(), &[(&variable, "nonsense")], &[]).unwrap_err().to_string();
            assert!(error.contains(&variable) && error.contains(&key.kind.expected()), "{error}");
        }
    }
}

#[test]
fn a_file_that_is_no_toml_is_named_with_its_line() {
    let Err(ConfigError::Syntax { place, .. }) = load("[run]\nbudget = \n") else { panic!("it is no TOML") };
    assert_eq!(place.line, 2);
}

#[test]
fn the_last_matching_table_wins_and_categories_are_tables_too() {
    let text = "[benchmark.\"*::parse*\"]\nstatistic = \"median\"\n\
                [category.all]\nbenchmarks = [\"p::a::*\", \"p::b::*\"]\nstatistic = \"mean\"\n\
                [benchmark.\"p::a::parse/exact\"]\nstatistic = \"fastest\"\nharness = \"plain\"\n";
    let tables = load(text).unwrap().tables();
    let of = |id: &str| tables.of(&id.parse().unwrap(), "statistic");
    assert_eq!(of("q::x::parse/1"), Some("median"));
    assert_eq!(of("p::a::parse/1"), Some("mean"));
    assert_eq!(of("p::a::parse/exact"), Some("fastest"));
    assert_eq!(of("q::x::render"), None);
    assert_eq!(
        load("[benchmark.\"p::a::*\"]\nharness = \"plain\"\n").unwrap().tables().of_target("p::a", "harness"),
        Some("plain")
    );
    assert_eq!(
        load("[benchmark.\"p::a\"]\nharness = \"plain\"\n").unwrap().tables().of_target("p::a", "harness"),
        Some("plain")
    );
}

#[test]
fn a_misspelt_variable_is_told() {
    let folder = workspace("", "");
    let (_, unknown) = load_with(folder.path(), &[("PERFGUARD_RUN_BUGDET", "1s")], &[]).unwrap();
    assert_eq!(unknown, ["PERFGUARD_RUN_BUGDET"]);
}

#[test]
fn the_commented_file_says_nothing_and_says_what_it_could() {
    assert_eq!(load(&commented_file()).unwrap(), load("").unwrap());
    let uncommented: String = commented_file()
        .lines()
        .filter(|line| !line.contains('…'))
        .map(|line| line.strip_prefix("# ").filter(|rest| rest.contains(" = ")).unwrap_or(line).to_owned() + "\n")
        .collect();
    let config = load(uncommented.split("# Some benchmarks").next().unwrap()).unwrap();
    assert!(matches!(config.setting("run.budget").unwrap().origin, Origin::File(_)), "{uncommented}");
}
