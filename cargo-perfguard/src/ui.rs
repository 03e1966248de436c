//! The only printer: data to the standard output, talk to the standard error.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Arc;

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style as Ansi};
use perfguard_core::report::Style;

use crate::cli::GlobalOptions;
use crate::command_error::CommandError;
use crate::exit_code::Exit;

/// Columns where nothing tells how wide the output is.
const PIPED_WIDTH: usize = 120;
/// Tables are not made wider than this.
const WIDEST: usize = 200;

/// The user's terminal.
#[derive(Debug)]
pub(crate) struct Ui {
    quiet: bool,
    verbose: bool,
    log: Option<Log>,
}

/// A file in which everything is written that happens. Clones write to the same.
#[derive(Debug, Clone)]
pub(crate) struct Log(Arc<fs_err::File>);

impl Log {
    /// Adds a line with the time. A log that cannot be written any more ends nothing.
    pub(crate) fn line(&self, text: &str) {
        writeln!(&*self.0, "{:.3} {text}", jiff::Timestamp::now()).ok();
    }
}

impl Ui {
    /// The terminal as the user wants it.
    pub(crate) fn new(globals: &GlobalOptions) -> Result<Self, CommandError> {
        match globals.color.as_deref() {
            Some("always") => ColorChoice::Always.write_global(),
            Some("never") => ColorChoice::Never.write_global(),
            _ => {}
        }
        let open = |path: &PathBuf| {
            let opened = fs_err::OpenOptions::new().create(true).append(true).open(path);
            opened.map(|file| Log(Arc::new(file))).map_err(|error| {
                CommandError::usage(format!("could not open the log file: {error}"), "name a file that can be written")
            })
        };
        let log = globals.log_file.as_ref().map(open).transpose()?;
        Ok(Self { quiet: globals.quiet, verbose: globals.verbose, log })
    }

    /// Whether the user wants errors only.
    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Whether the user wants to know each call and decision.
    pub(crate) fn is_verbose(&self) -> bool {
        self.verbose
    }

    /// Where everything is written, if anywhere.
    pub(crate) fn log(&self) -> Option<Log> {
        self.log.clone()
    }

    /// Whether talk is coloured.
    pub(crate) fn colors_talk() -> bool {
        AutoStream::choice(&std::io::stderr()) != ColorChoice::Never
    }

    /// How to write tables.
    pub(crate) fn style() -> Style {
        let width = terminal_size::terminal_size_of(std::io::stdout()).map(|(width, _)| usize::from(width.0));
        let color = AutoStream::choice(&std::io::stdout()) != ColorChoice::Never;
        Style { width: width.unwrap_or(PIPED_WIDTH).clamp(40, WIDEST), color }
    }

    /// Writes data. Whoever reads it may have had enough: then so have we.
    pub(crate) fn data(text: &str) {
        let mut out = anstream::stdout().lock();
        out.write_all(text.as_bytes()).and_then(|()| out.flush()).ok();
    }

    /// Says something, unless the user wants quiet.
    pub(crate) fn say(&self, text: &str) {
        if !self.quiet {
            talk(text);
        }
    }

    /// Says what went wrong; gives the exit code.
    pub(crate) fn error(error: &CommandError) -> Exit {
        if error.exit == Exit::Interrupted {
            talk("interrupted");
            return error.exit;
        }
        let red = AnsiColor::Red.on_default().bold();
        let mut text = format!("{red}error{red:#}: {}", error.message);
        for cause in &error.causes {
            text += "\ncaused by: ";
            text += cause;
        }
        if let Some(hint) = &error.hint {
            text += &hint_line(hint);
        }
        talk(&text);
        error.exit
    }
}

fn hint_line(hint: &str) -> String {
    let cyan = AnsiColor::Cyan.on_default();
    format!("\n\n{cyan}hint{cyan:#}: {hint}")
}

/// A call or a decision, for who asked for them.
pub(crate) fn detail(message: &str) {
    let dim = Ansi::new().dimmed();
    talk(&format!("{dim}{message}{dim:#}"));
}

/// A remark of the engine's.
pub(crate) fn remark(message: &str, hint: Option<&str>) {
    let yellow = AnsiColor::Yellow.on_default();
    talk(&format!("{yellow}note{yellow:#}: {message}"));
    if let Some(hint) = hint {
        let dim = Ansi::new().dimmed();
        talk(&format!("  {dim}hint: {hint}{dim:#}"));
    }
}

/// A line to the standard error; colours go where they are not wanted.
pub(crate) fn talk(line: &str) {
    // Nobody may be listening any more.
    writeln!(anstream::stderr(), "{line}").ok();
}

/// A bug.
pub(crate) fn internal_error(what: &str) {
    talk(&format!("internal error: {what}"));
    talk("this is a bug of perfguard's: please report it with the command that you ran");
}

/// Whether talk goes to a terminal.
pub(crate) fn talks_to_terminal() -> bool {
    std::io::stderr().is_terminal()
}
