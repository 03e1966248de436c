//! The command line of perfguard: what the user types, what the user sees.
//!
//! `cli` is the shape of the command line, `commands` has one file a verb, `ui` alone prints, and `command_error` turns
//! what went wrong into a message and an exit code.

pub mod cli;
mod command_error;
mod commands;
pub mod exit_code;
mod progress;
mod ui;

use std::process::ExitCode;

use perfguard_core::cancel::CancellationToken;

use cli::Command;
use command_error::CommandError;
use exit_code::Exit;
use ui::Ui;

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    // The roles that perfguard plays for cargo and for itself come before everything: they must stay small.
    if let Some(code) = perfguard_core::build::multicall() {
        return code;
    }
    let mut words: Vec<_> = std::env::args_os().collect();
    if words.get(1).is_some_and(|word| word == perfguard_core::process::LAUNCHER_ARGUMENT) {
        return perfguard_core::process::launcher_main();
    }
    if words.get(1).is_some_and(|word| word == perfguard_core::measure::KERNEL_ARGUMENT) {
        return perfguard_core::measure::kernel_main(words.get(2).and_then(|word| word.to_str()));
    }
    install_panic_message();
    // Cargo calls `cargo-perfguard perfguard …`.
    if words.get(1).is_some_and(|word| word == "perfguard") {
        words.remove(1);
    }
    let cli = match cli::parse(words) {
        Ok(cli) => cli,
        Err(error) => return cli::report(&error),
    };
    let cancel = CancellationToken::new();
    listen_for_interrupts(&cancel);
    let done = Ui::new(&cli.globals).and_then(|mut ui| {
        let done = dispatch(cli.command, &mut ui, &cancel);
        if let (Some(log), Err(error)) = (ui.log(), &done) {
            log.line(&format!("error: {}", error.message));
        }
        done
    });
    match done {
        Ok(exit) => exit.into(),
        Err(error) => Ui::error(&error).into(),
    }
}

fn dispatch(command: Command, ui: &mut Ui, cancel: &CancellationToken) -> Result<Exit, CommandError> {
    match command {
        Command::List(args) => commands::list::run(&args, ui, cancel),
        Command::Run(args) => commands::run::run(&args, ui, cancel),
        Command::Compare(args) => commands::compare::run(&args, ui, cancel),
        Command::Check(args) => commands::compare::check(&args, ui, cancel),
        Command::Explain(args) => commands::explain::run(&args, ui, cancel),
        Command::Bisect(args) => commands::bisect::run(&args, ui, cancel),
        Command::Backfill(args) => commands::backfill::run(&args, ui, cancel),
        Command::SelfTest(args) => commands::self_test::run(&args, ui, cancel),
        Command::Accept(args) => commands::accept::run(&args, ui, cancel),
        Command::Init(args) => commands::init::run(&args, ui, cancel),
        Command::Baseline(args) => commands::baseline::run(&args, ui, cancel),
        Command::Show(args) => commands::show::run(&args, ui, cancel),
        Command::Runs(args) => commands::runs::run(&args, ui, cancel),
        Command::Config(args) => commands::config::run(&args, ui, cancel),
        Command::Store(args) => commands::store::run(&args, ui, cancel),
        Command::Clean(args) => commands::clean::run(&args, ui, cancel),
        Command::Doctor(args) => commands::doctor::run(&args, ui, cancel),
        Command::Completions(args) => Ok(commands::completions::run(&args)),
        Command::Man(args) => commands::man::run(&args),
    }
}

/// The first Ctrl-C asks the work to stop and keeps what was measured; the second ends at once.
fn listen_for_interrupts(cancel: &CancellationToken) {
    let cancel = cancel.clone();
    let listened = ctrlc::set_handler(move || {
        if cancel.is_cancelled() {
            #[expect(clippy::exit, reason = "the user asked twice")]
            std::process::exit(Exit::Interrupted.code().into());
        }
        cancel.cancel();
    });
    // Without a handler Ctrl-C ends the process, and the launcher ends the children.
    listened.ok();
}

/// A bug of perfguard's is said in two lines, without a backtrace.
fn install_panic_message() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(|place| format!(" at {}:{}", place.file(), place.line())).unwrap_or_default();
        let message = panic.payload_as_str().unwrap_or("no message");
        ui::internal_error(&format!("{message}{place}"));
        #[expect(clippy::exit, reason = "nothing sensible can go on")]
        std::process::exit(Exit::Bug.code().into());
    }));
}
