//! `cargo perfguard init`: a commented `perfguard.toml`, and a git hook.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use perfguard_core::cancel::CancellationToken;
use perfguard_core::config::{ConfigError, FILE, commented_file};
use perfguard_core::pipeline::{PipelineError, Place, Tools, locate};

use crate::cli::InitArgs;
use crate::command_error::CommandError;
use crate::exit_code::Exit;
use crate::ui::Ui;

pub(crate) fn run(args: &InitArgs, ui: &Ui, cancel: &CancellationToken) -> Result<Exit, CommandError> {
    // The configuration is not read: it may be what is to be replaced.
    let place = locate(args.manifest.manifest_path.as_deref(), &Tools::find()?, cancel)?;
    let path = place.workspace.root().join(FILE);
    match write_configuration(&path) {
        Ok(()) => ui.say(&format!("wrote `{}`: every key is there, as a comment", path.display())),
        // A hook can be asked for later, too.
        Err(ConfigError::Exists(_)) if args.hook.is_some() => {}
        Err(error) => return Err(error.into()),
    }
    if let Some(hook) = &args.hook {
        write_hook(&place, hook, ui)?;
    }
    Ok(Exit::Success)
}

/// Writes the commented file unless there is one.
pub(crate) fn write_configuration(path: &Path) -> Result<(), ConfigError> {
    let written = fs_err::File::create_new(path)
        .and_then(|mut file| std::io::Write::write_all(&mut file, commented_file().as_bytes()));
    match written {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Err(ConfigError::Exists(path.to_owned())),
        Err(error) => Err(ConfigError::Unwritable { path: path.to_owned(), message: error.to_string() }),
    }
}

/// The hook's text. A push is compared with what the remote has; a commit with HEAD.
fn hook_text(hook: &str) -> String {
    let body = if hook == "pre-push" {
        "zero=0000000000000000000000000000000000000000\n\
         while read -r _ local _ remote; do\n    \
             [ \"$local\" = $zero ] && continue\n    \
             [ \"$remote\" = $zero ] && remote=HEAD~1\n    \
             cargo perfguard check \"$remote\" || exit 1\n\
         done\n"
    } else {
        "exec cargo perfguard check --staged\n"
    };
    format!(
        "#!/bin/sh\n# Written by `cargo perfguard init --hook {hook}`. `git commit --no-verify` goes past it.\n{body}"
    )
}

/// Writes a hook; one that somebody else wrote stays.
fn write_hook(place: &Place, hook: &str, ui: &Ui) -> Result<(), CommandError> {
    let repository =
        place.repository.as_ref().ok_or_else(|| PipelineError::NotAGitRepository(place.root.display().to_string()))?;
    let folder = repository.hooks_folder();
    let path = folder.join(hook);
    let failed = |error: std::io::Error| {
        CommandError::usage(format!("could not write the hook: {error}"), "check the rights of the git directory")
    };
    if path.exists() {
        return Err(CommandError::usage(
            format!("there is a hook already: `{}`", path.display()),
            format!(
                "add this line to it: `{}`",
                hook_text(hook).lines().last().unwrap_or_default().trim_start_matches("exec ")
            ),
        ));
    }
    fs_err::create_dir_all(&folder).map_err(failed)?;
    fs_err::write(&path, hook_text(hook)).map_err(failed)?;
    fs_err::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).map_err(failed)?;
    ui.say(&format!("wrote `{}`", path.display()));
    Ok(())
}
