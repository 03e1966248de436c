//! Completions as bash itself asks for them: the script is sourced, and bash's own tables say which function answers.

mod common;

use common::TestEnvironment;

/// Sources the script after `before`, and prints what is offered for `line`, whose last word is being typed.
const ASK: &str = r#"
eval "$BEFORE"
source <("$PERFGUARD" completions bash)
read -ra COMP_WORDS <<< "$LINE"
[[ $LINE == *' ' ]] && COMP_WORDS+=("")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
COMP_LINE=$LINE COMP_POINT=${#LINE}
[[ $(complete -p "${COMP_WORDS[0]}") =~ -F\ ([^\ ]+) ]] || exit 1
"${BASH_REMATCH[1]}" "${COMP_WORDS[0]}" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
printf '%s\n' "${COMPREPLY[@]}"
"#;

fn offered(line: &str, before: &str) -> Vec<String> {
    let environment = TestEnvironment::new();
    let mut bash = environment.command("bash", &environment.root());
    bash.env("PERFGUARD", env!("CARGO_BIN_EXE_cargo-perfguard")).env("LINE", line).env("BEFORE", before);
    let asked = bash.args(["--norc", "--noprofile", "-c", ASK]).output();
    let ran = common::ran(&asked.expect("bash is installed: apt-get install bash")).expect_code(0);
    assert_eq!(ran.stderr, "", "{line}");
    ran.stdout.lines().map(str::to_owned).collect()
}

#[test]
fn commands_verbs_flags_and_values_are_offered_under_both_names() {
    for name in ["cargo perfguard", "cargo-perfguard"] {
        let offered = |rest: &str| offered(&format!("{name} {rest}"), "");
        assert_eq!(offered("ru"), ["run", "runs"], "{name}");
        assert_eq!(offered("baseline pro"), ["promote"], "{name}");
        assert_eq!(offered("config s"), ["show"], "{name}");
        assert_eq!(offered("run --obs"), ["--observations", "--observation-time"], "{name}");
        assert_eq!(offered("run --format "), ["text", "json"], "{name}");
        assert_eq!(offered("completions z"), ["zsh"], "{name}");
        let all = offered("");
        for command in ["list", "run", "baseline", "show", "config", "store", "clean", "completions", "man"] {
            assert!(all.iter().any(|word| word == command), "{name}: no {command} in {all:?}");
        }
    }
}

#[test]
fn cargos_own_completions_stay_whether_they_were_there_or_are_loaded_when_first_needed() {
    let own = "_cargo() { COMPREPLY=(build bench); }; ";
    assert_eq!(offered("cargo b", &format!("{own} complete -F _cargo cargo")), ["build", "bench"]);
    // What bash-completion offers: the file for a command is read at its first use.
    for loader in ["_comp_load", "__load_completion"] {
        let lazy = format!("{loader}() {{ {own} complete -F _cargo cargo; }}");
        assert_eq!(offered("cargo b", &lazy), ["build", "bench"], "{loader}");
        assert_eq!(offered("cargo perfguard ru", &lazy), ["run", "runs"], "{loader}");
    }
    assert_eq!(offered("cargo pe", ""), ["perfguard"], "without any");
    assert_eq!(offered("cargo build ", ""), [""], "without any");
}

#[test]
fn the_script_can_be_sourced_twice() {
    let twice = r#"source <("$PERFGUARD" completions bash)"#;
    assert_eq!(offered("cargo perfguard ru", twice), ["run", "runs"]);
    assert_eq!(offered("cargo pe", twice), ["perfguard"]);
}

#[test]
fn every_shell_has_a_script_and_every_command_a_page() {
    let environment = TestEnvironment::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = environment.perfguard(&["completions", shell]).expect_code(0).stdout;
        assert!(script.contains("baseline") && script.contains("observation-time"), "{shell}");
    }
    let pages = environment.root().join("man");
    environment.perfguard(&["man", "--dir", &pages.display().to_string()]).expect_code(0);
    for page in ["cargo-perfguard.1", "cargo-perfguard-run.1", "cargo-perfguard-baseline-promote.1"] {
        let text = std::fs::read_to_string(pages.join(page)).unwrap();
        assert!(text.contains(".SH NAME") && text.contains(".SH SYNOPSIS"), "{page}: {text}");
    }
    assert!(environment.perfguard(&["man"]).expect_code(0).stdout.contains(".TH"));
}
