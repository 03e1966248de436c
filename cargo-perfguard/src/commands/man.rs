//! `cargo perfguard man`.

use std::path::Path;

use crate::cli::{self, ManArgs};
use crate::command_error::CommandError;
use crate::exit_code::Exit;
use crate::ui::Ui;

pub(crate) fn run(args: &ManArgs) -> Result<Exit, CommandError> {
    let mut command = cli::command().name("cargo-perfguard").flatten_help(true);
    command.build();
    match &args.dir {
        None => Ui::data(&String::from_utf8_lossy(&page(&command)?)),
        Some(folder) => pages(&command, "cargo-perfguard", folder)?,
    }
    Ok(Exit::Success)
}

fn page(command: &clap::Command) -> Result<Vec<u8>, CommandError> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).section("1").render(&mut page).map_err(|error| failed(&error))?;
    Ok(page)
}

/// Writes the page of a command, and those of its own commands.
fn pages(command: &clap::Command, name: &str, folder: &Path) -> Result<(), CommandError> {
    fs_err::create_dir_all(folder).map_err(|error| failed(&error))?;
    fs_err::write(folder.join(format!("{name}.1")), page(command)?).map_err(|error| failed(&error))?;
    for inner in command.get_subcommands().filter(|inner| inner.get_name() != "help") {
        let name = format!("{name}-{}", inner.get_name());
        // The page's title is the command's name.
        pages(&inner.clone().name(name.clone()), &name, folder)?;
    }
    Ok(())
}

fn failed(error: &std::io::Error) -> CommandError {
    CommandError::usage(format!("could not write the manual page: {error}"), "name a folder that can be written")
}
