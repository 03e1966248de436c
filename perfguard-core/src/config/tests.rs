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

/// Texts that a key of this kind does not take.
fn malformed(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Duration => {
            &["", " ", "5", "0s", "-5s", "soon", "5 parsecs", "PT5S", "1..2s", "5%", "99999999999999999999d"]
        }
        Kind::Percent => &["", "%", "1", "0%", "-1%", "101%", "NaN%", "inf%", "1%%", "1 s"],
        Kind::Bytes => &["", "MiB", "5", "0MiB", "-1GiB", "NaNGiB", "infB", "1GB/s", "1 mib"],
        Kind::Observations => &["", "..", "8..", "..8", "0..3", "9..3", "a..b", "1.5", "8..40..50", "99999999999"],
        Kind::Count => &["", "0", "-1", "1.5", "many", "0x10", "99999999999999999999"],
        Kind::Text => &[""],
        // Every text is a list as a variable or flag; in a file, a text is none.
        Kind::List => &[],
        Kind::Switch => &["", "yes", "1", "True"],
        Kind::Layouts => &["", "0", "-1", "many", "1.5"],
        Kind::Amount => &["", "-1", "NaN", "inf", "5 parsecs", "-5s", "1.2.3"],
        Kind::Choice(_) => &["", "other", "Fastest", "fastest,median"],
    }
}

/// What TOML knows besides texts, numbers and lists of texts.
const OTHER_VALUES: [&str; 10] =
    ["true", "-1", "0", "1.5", "nan", "[1]", "[[]]", "{}", "1979-05-27", "99999999999999999999"];

#[test]
fn every_malformed_value_of_every_key_says_what_was_expected() {
    let refused = |key: &Key, path: &str, text: &str| {
        let Err(error) = load(text) else { panic!("{text} is taken") };
        let message = error.to_string();
        assert!(message.contains(path) && message.contains(&key.kind.expected()), "{text}: {message}");
        assert!(message.contains("perfguard.toml:2"), "{text}: {message}");
    };
    let values = |key: &Key| {
        let texts = malformed(key.kind).iter().map(|text| format!("{text:?}"));
        let list = (key.kind != Kind::List).then_some("[\"a\"]");
        let text = (key.kind == Kind::List).then_some("\"a\"");
        // What is a value of these kinds alone.
        let fits = |value: &&str| {
            key.kind == Kind::Switch && *value == "true"
                || key.kind == Kind::Amount && ["0", "1.5", "99999999999999999999"].contains(value)
        };
        let others = OTHER_VALUES.into_iter().filter(|value| !fits(value));
        texts.chain(others.chain(list).chain(text).map(str::to_owned)).collect::<Vec<_>>()
    };
    for key in KEYS {
        let (section, name) = key.path.split_once('.').unwrap();
        for value in values(key) {
            refused(key, key.path, &format!("[{section}]\n{name} = {value}\n"));
        }
        let folder = workspace("", "");
        for text in malformed(key.kind).iter().filter(|text| !text.is_empty()) {
            let variable = keys::variable(key);
            let error = load_with(folder.path(), &[(&variable, text)], &[]).unwrap_err().to_string();
            assert!(error.contains(&variable) && error.contains(&key.kind.expected()), "{error}");
            let error = load_with(folder.path(), &[], &[(key.path, "--flag", (*text).to_owned())]).unwrap_err();
            assert!(matches!(&error, ConfigError::Value { origin: Origin::Flag(_), .. }), "{error}");
            assert!(error.to_string().contains(&key.kind.expected()), "{error}");
        }
    }
    for key in keys::TABLE_KEYS {
        for value in values(key) {
            for table in ["benchmark.\"a::*\"", "category.slow"] {
                refused(key, &format!("{table}.{}", key.path), &format!("[{table}]\n{} = {value}\n", key.path));
            }
        }
    }
    for value in ["true", "\"a\"", "[1]", "{}"] {
        let Err(error) = load(&format!("[category.slow]\nbenchmarks = {value}\n")) else { panic!("{value} is taken") };
        assert!(error.to_string().contains("category.slow.benchmarks"), "{error}");
    }
}

#[test]
fn a_section_or_a_table_that_is_none_is_named() {
    for text in ["run = 1\n", "benchmark = \"a\"\n", "[[run]]\nbudget = \"1s\"\n"] {
        let Err(error) = load(text) else { panic!("{text} is taken") };
        assert!(error.to_string().contains("perfguard.toml:1"), "{text}: {error}");
    }
    let Err(error) = load("[benchmark]\nstatistic = \"median\"\n") else { panic!("it is no table of tables") };
    assert!(error.to_string().contains("benchmark.statistic"), "{error}");
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

#[test]
fn programs_are_named_with_their_command() {
    let text = "[[target]]\nname = \"py\"\ncommand = \"python3 -c 'print(1)'\"\n\n[[target]]\nname = \"list\"\ncommand = [\"a b\"]\n";
    let found: Vec<_> = load(text).unwrap().programs.into_iter().map(|one| (one.name, one.command)).collect();
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    assert_eq!(found, [("py".to_owned(), words(&["python3", "-c", "print(1)"])), ("list".to_owned(), words(&["a b"]))]);
    for (text, told) in [
        ("[target]\nname = \"a\"\ncommand = \"b\"\n", "tables `[[target]]`"),
        ("[[target]]\nname = \"a\"\n", "each with `name` and `command`"),
        ("[[target]]\nname = \"a b\"\ncommand = \"b\"\n", "a name of letters"),
        ("[[target]]\nname = \"a\"\ncommand = \"'b\"\n", "words of a command line"),
        ("[[target]]\nname = \"a\"\ncommand = []\n", "words of a command line"),
        ("[[target]]\nname = \"a\"\ncommand = \"b\"\nfolder = \"c\"\n", "target.folder"),
        ("[[target]]\nname = \"a\"\ncommand = \"b\"\n[[target]]\nname = \"a\"\ncommand = \"b\"\n", "no other"),
    ] {
        let error = load(text).unwrap_err().to_string();
        assert!(error.contains(told), "{error}");
    }
}
