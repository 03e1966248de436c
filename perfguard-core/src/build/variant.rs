//! What of a variant cargo has no flag for: a toolchain by way of rustup, and compiler flags beside those that hold anyway,
//! wherever they come from. Cargo takes them from one place only: a variable, else the target's, else the build's.

use std::ffi::OsString;
use std::path::PathBuf;

use super::BuildError;
use super::cargo_config::CargoConfig;
use crate::model::Variant;
use crate::process::{CommandSpec, ProcessError};

/// Variables that hold compiler flags, the one that wins first, each with what stands between its words.
pub(super) const FLAG_VARIABLES: [(&str, &str); 2] = [("CARGO_ENCODED_RUSTFLAGS", "\x1f"), ("RUSTFLAGS", " ")];

/// Lets a variant's toolchain do what is asked of cargo or the compiler.
pub(super) fn choose_toolchain(variant: &Variant, spec: &mut CommandSpec) {
    let Some(toolchain) = &variant.toolchain else { return };
    let tool = spec.program.file_name().unwrap_or(spec.program.as_os_str()).to_owned();
    // Whoever names a compiler by a variable means another one than the toolchain's.
    spec.env.retain(|(name, _)| name != "RUSTC" && name != "RUSTUP_TOOLCHAIN");
    spec.env.push(("RUSTUP_TOOLCHAIN".into(), toolchain.into()));
    let words = [OsString::from("run"), toolchain.into(), tool];
    spec.args.splice(0..0, words);
    spec.program = PathBuf::from("rustup");
}

/// The error of a call that could not be made.
pub(super) fn not_called(variant: &Variant, error: ProcessError) -> BuildError {
    match (&variant.toolchain, &error) {
        (Some(toolchain), ProcessError::Start { .. }) => BuildError::NoRustup { toolchain: toolchain.clone() },
        _ => BuildError::Call(error),
    }
}

/// Adds a variant's compiler flags to a call of cargo. `has_target_flags` says whether the configuration has flags for a
/// triple, because of which cargo would not look at the build's.
pub(super) fn add_compiler_flags(
    variant: &Variant,
    spec: &mut CommandSpec,
    config: &CargoConfig,
    triples: &[String],
    has_target_flags: impl Fn(&str) -> bool,
) {
    let flags = variant.compiler_flags();
    if flags.is_empty() {
        return;
    }
    for (name, between) in FLAG_VARIABLES {
        let known = spec.env.iter_mut().find(|(known, value)| known == name && !value.is_empty());
        if let Some((_, value)) = known {
            for flag in &flags {
                value.push(between);
                value.push(flag);
            }
            return;
        }
    }
    // An empty encoded variable would win over everything and say nothing.
    spec.env.retain(|(name, _)| FLAG_VARIABLES.iter().all(|(known, _)| name != known));
    for triple in triples {
        let of_target = has_target_flags(triple);
        let path = if of_target { ["target", triple, "rustflags"].to_vec() } else { ["build", "rustflags"].to_vec() };
        spec.args.extend(["--config".into(), config.with_words(&path, &flags).into()]);
        if !of_target {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(env: &[(&str, &str)]) -> CommandSpec {
        CommandSpec {
            program: "/usr/bin/cargo".into(),
            args: vec!["build".into()],
            env: env.iter().map(|(name, value)| (name.into(), value.into())).collect(),
            cwd: "/".into(),
            input: None,
        }
    }

    fn flagged(env: &[(&str, &str)], config: &str, of_target: bool) -> CommandSpec {
        let folder = tempfile::tempdir().unwrap();
        fs_err::create_dir(folder.path().join(".cargo")).unwrap();
        fs_err::write(folder.path().join(".cargo/config.toml"), config).unwrap();
        let mut spec = spec(env);
        let variant: Variant = "target-cpu=x rustflags=-Z a".parse().unwrap();
        let config = CargoConfig::read(folder.path(), None);
        add_compiler_flags(&variant, &mut spec, &config, &["t".to_owned()], |_| of_target);
        spec
    }

    #[test]
    fn flags_come_to_those_that_hold_anyway() {
        let of_variable = flagged(&[("RUSTFLAGS", "-O")], "", false);
        assert_eq!(of_variable.env, [("RUSTFLAGS".into(), "-O -C target-cpu=x -Z a".into())]);
        assert_eq!(of_variable.args, ["build"]);
        let encoded = flagged(&[("RUSTFLAGS", "-O"), ("CARGO_ENCODED_RUSTFLAGS", "-g")], "", false);
        assert_eq!(encoded.env[0].1, "-O");
        assert_eq!(encoded.env[1].1, "-g\x1f-C\x1ftarget-cpu=x\x1f-Z\x1fa");
        let last = |spec: CommandSpec| spec.args.last().unwrap().to_string_lossy().into_owned();
        let added = r#"["-C", "target-cpu=x", "-Z", "a"]"#;
        assert_eq!(last(flagged(&[("RUSTFLAGS", "")], "", false)), format!("build.rustflags={added}"));
        let config = "[build]\nrustflags = \"-g\"\n[target.t]\nrustflags = [\"-O\"]\n";
        assert_eq!(last(flagged(&[], config, true)), format!("target.t.rustflags={added}"));
        assert_eq!(last(flagged(&[], config, false)), "build.rustflags=\"-g -C target-cpu=x -Z a\"");
    }

    #[test]
    fn a_toolchain_is_called_by_way_of_rustup() {
        let mut chosen = spec(&[("RUSTC", "/bin/rustc"), ("RUSTUP_TOOLCHAIN", "stable")]);
        choose_toolchain(&"toolchain=nightly".parse().unwrap(), &mut chosen);
        assert_eq!(chosen.program, PathBuf::from("rustup"));
        assert_eq!(chosen.args, ["run", "nightly", "cargo", "build"]);
        assert_eq!(chosen.env, [("RUSTUP_TOOLCHAIN".into(), "nightly".into())]);
        let mut plain = spec(&[("RUSTC", "/bin/rustc")]);
        choose_toolchain(&Variant::default(), &mut plain);
        assert_eq!((plain.program, plain.env.len()), (PathBuf::from("/usr/bin/cargo"), 1));
    }
}
