//! `cargo perfguard completions`.

use clap_complete::Shell;

use crate::cli::{self, CompletionsArgs};
use crate::exit_code::Exit;
use crate::ui::Ui;

/// The executable's own name, for which shells complete.
const NAME: &str = "cargo-perfguard";

/// Lets bash complete `cargo perfguard …` too: everything else goes to whatever completes `cargo`. With bash-completion
/// that is read when it is first needed, so it is asked for then.
const BASH_UNDER_CARGO: &str = r#"
_cargo_completer() {
    if [[ $(complete -p cargo 2>/dev/null) =~ -F\ ([^\ ]+) && ${BASH_REMATCH[1]} != _cargo_with_perfguard ]]; then
        _cargo_before_perfguard=${BASH_REMATCH[1]}
    fi
}
_cargo_with_perfguard() {
    if [[ ${COMP_WORDS[1]} == perfguard && $COMP_CWORD -gt 1 ]]; then
        COMP_WORDS=(cargo-perfguard "${COMP_WORDS[@]:2}")
        COMP_CWORD=$((COMP_CWORD - 1))
        [[ $(complete -p cargo-perfguard) =~ -F\ ([^\ ]+) ]] || return
        "${BASH_REMATCH[1]}" cargo-perfguard "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
        return
    fi
    local load
    for load in _comp_load __load_completion; do
        if [[ -z ${_cargo_before_perfguard-} ]] && declare -F "$load" >/dev/null; then
            "$load" cargo >/dev/null 2>&1
            _cargo_completer
            complete -F _cargo_with_perfguard -o bashdefault -o default cargo
        fi
    done
    if [[ -n ${_cargo_before_perfguard-} ]]; then
        "$_cargo_before_perfguard" "$@"
    elif [[ $COMP_CWORD -eq 1 ]]; then
        COMPREPLY=($(compgen -W "perfguard" -- "${COMP_WORDS[1]}"))
    fi
}
_cargo_completer
complete -F _cargo_with_perfguard -o bashdefault -o default cargo
"#;

pub(crate) fn run(args: &CompletionsArgs) -> Exit {
    let mut script = Vec::new();
    // A blank in the name, as in the one that is shown, would be taken for a command.
    let mut command = cli::command().name(NAME).bin_name(NAME);
    clap_complete::generate(args.shell, &mut command, NAME, &mut script);
    let mut script = String::from_utf8_lossy(&script).into_owned();
    if args.shell == Shell::Bash {
        // clap_complete sets one of these names and looks for the other where the executable's own has a hyphen.
        script = script.replace("cargo__subcmd__perfguard__", "cargo__perfguard__");
        script += BASH_UNDER_CARGO;
    }
    Ui::data(&script);
    Exit::Success
}
