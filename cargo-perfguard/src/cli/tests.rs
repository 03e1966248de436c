//! The command line as a whole.

use perfguard_core::config::Config;

use super::*;

fn walk(command: &clap::Command, visit: &mut dyn FnMut(&clap::Command)) {
    visit(command);
    for inner in command.get_subcommands() {
        walk(inner, visit);
    }
}

#[test]
fn the_definition_is_consistent() {
    command().debug_assert();
}

#[test]
fn every_command_and_argument_has_a_help_that_begins_large_and_ends_without_a_period() {
    let mut command = command();
    command.build();
    walk(&command, &mut |command| {
        let own = command.get_about().map(ToString::to_string).unwrap_or_default();
        let arguments = command.get_arguments().map(|argument| {
            (argument.get_id().to_string(), argument.get_help().map(ToString::to_string).unwrap_or_default())
        });
        for (name, help) in arguments.chain([(command.get_name().to_owned(), own)]) {
            assert!(help.starts_with(char::is_uppercase), "{} {name}: {help:?}", command.get_name());
            assert!(
                !help.ends_with('.') || name == "help" || name == "version",
                "{} {name}: {help:?}",
                command.get_name()
            );
        }
    });
}

#[test]
fn the_help_of_every_command_fits_a_screen_and_has_examples() {
    const LINES: usize = 40;
    const COLUMNS: usize = 80;
    let mut all = for_a_screen().term_width(COLUMNS);
    all.build();
    walk(&all, &mut |command| {
        let name = command.get_name();
        let help = command.clone().term_width(COLUMNS).render_help().to_string();
        assert!(help.lines().count() <= LINES, "{name} has {} lines", help.lines().count());
        let widest = help.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(COLUMNS), "{name} has a line of {widest:?}:\n{help}");
    });
    for command in all.get_subcommands().filter(|command| command.get_name() != "help") {
        let help = command.clone().render_help().to_string();
        assert!(help.contains("Examples:\n  "), "{} has no example", command.get_name());
    }
}

#[test]
fn cargos_flags_are_handed_on_as_cargo_takes_them() {
    let cli = Cli::try_parse_from([
        "cargo perfguard",
        "run",
        "-p",
        "a",
        "--bench",
        "b",
        "-F",
        "y,x",
        "--all-features",
        "--locked",
        "--target",
        "t",
    ]);
    let Ok(Cli { command: Command::Run(args), .. }) = cli else { panic!("{cli:?}") };
    let options = args.cargo.build_options(true, &Config::default());
    let expected =
        ["--package", "a", "--bench", "b", "--features", "y,x", "--all-features", "--locked", "--target", "t"];
    assert_eq!(options.cargo_args, expected);
    assert_eq!(options.features, ["x", "y", "--all-features"], "stored in one way only");
}

#[test]
fn a_baseline_is_measured_unless_a_verb_says_otherwise() {
    let parse = |words: &[&str]| match Cli::try_parse_from([&["cargo perfguard", "baseline"], words].concat()) {
        Ok(Cli { command: Command::Baseline(args), .. }) => args,
        other => panic!("{other:?}"),
    };
    assert!(parse(&[]).verb.is_none());
    assert_eq!(parse(&["--commit", "HEAD~1"]).commit, "HEAD~1");
    assert!(matches!(parse(&["list"]).verb, Some(BaselineVerb::List)));
    assert!(
        matches!(parse(&["promote", "latest", "--name", "x"]).verb, Some(BaselineVerb::Promote { name, .. }) if name == "x")
    );
}

#[test]
fn what_is_explained_stands_last_and_a_picture_is_no_benchmark() {
    let parse = |words: &[&str]| Cli::try_parse_from([&["cargo perfguard", "explain"], words].concat());
    let meant = |words: &[&str]| match parse(words) {
        Ok(Cli { command: Command::Explain(args), .. }) => {
            let (benchmark, sides) = args.meant();
            let sides = sides.map(|(base, head)| format!("{base} {}", head.unwrap_or("-"))).unwrap_or_default();
            let picture = args.flame_graph.as_ref().map(|file| file.display().to_string()).unwrap_or_default();
            [benchmark.to_owned(), sides, picture]
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(meant(&["sum"]), ["sum", "", ""]);
    assert_eq!(meant(&["a..b", "sum", "--flame-graph"]), ["sum", "a..b -", "perfguard-explain.svg"]);
    assert_eq!(meant(&["--flame-graph", "x.svg", "a", "b", "sum"]), ["sum", "a b", "x.svg"]);
    assert!(parse(&["--flame-graph", "sum"]).is_err());
    assert!(parse(&[]).is_err() && parse(&["a", "b", "c", "d"]).is_err());
}
