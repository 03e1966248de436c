//! A bench program from its start to its end: called by a person, or by perfguard.

use std::collections::BTreeSet;
use std::io;
use std::process::ExitCode;
use std::time::Duration;

use crate::arguments::{Arguments, HELP};
use crate::bench::{Bench, Visit};
use crate::bencher::Outcome;
use crate::protocol::{Conversation, Request};
use crate::sampling::Settings;
use crate::screen;

/// A function that names benchmarks.
type Functions<'f> = &'f [fn(&mut Bench<'_>)];

/// What [`main!`](crate::main) calls.
#[doc(hidden)]
pub fn run_main(functions: Functions<'_>) -> ExitCode {
    let done = match Conversation::begin() {
        Ok(Some(conversation)) => answer(functions, conversation).map(|()| true),
        Ok(None) => match Arguments::parse(words()) {
            Ok(Some(arguments)) => for_people(functions, &arguments),
            Ok(None) => screen::line(HELP.trim_end()).map(|()| true),
            Err(message) => {
                screen::complain(&format!("error: {message}"));
                return ExitCode::from(2);
            }
        },
        Err(error) => Err(error),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        // As if it had panicked, which is what a failed assertion of a bench does everywhere.
        Ok(false) => ExitCode::from(101),
        // Who was listening has gone: nobody is left to be told.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            screen::complain(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn words() -> Vec<String> {
    std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect()
}

fn visit_all(functions: Functions<'_>, visit: &mut dyn Visit) {
    for function in functions {
        function(&mut Bench::new(visit));
    }
}

/// Goes through the names only.
#[derive(Default)]
struct Names(Vec<String>);

impl Visit for Names {
    fn wants(&mut self, id: &str) -> Option<Settings> {
        self.0.push(id.to_owned());
        None
    }

    fn took(&mut self, _: &str, _: Outcome) {}
}

fn names(functions: Functions<'_>) -> Vec<String> {
    let mut names = Names::default();
    visit_all(functions, &mut names);
    names.0
}

/// Answers perfguard.
fn answer(functions: Functions<'_>, mut conversation: Conversation) -> io::Result<()> {
    for request in std::mem::take(&mut conversation.requests) {
        match request {
            Request::List => {
                for name in names(functions) {
                    conversation.list(&name)?;
                }
            }
            Request::Run(id, settings) => {
                let mut one = One { id, settings: Some(settings), outcome: None };
                visit_all(functions, &mut one);
                match &one.outcome {
                    Some(outcome) => conversation.tell(&one.id, outcome)?,
                    None => conversation.unknown(&one.id)?,
                }
            }
        }
    }
    conversation.end()
}

/// Runs one benchmark: the first of its name.
struct One {
    id: String,
    settings: Option<Settings>,
    outcome: Option<Outcome>,
}

impl Visit for One {
    fn wants(&mut self, id: &str) -> Option<Settings> {
        if id == self.id { self.settings.take() } else { None }
    }

    fn took(&mut self, _: &str, outcome: Outcome) {
        self.outcome = Some(outcome);
    }
}

/// What a person waits for.
const WARM_UP: Duration = Duration::from_millis(100);
const TIME: Duration = Duration::from_millis(500);
const SAMPLES: u32 = 50;

/// Runs the benchmarks that a person means, and shows each as it is done. Gives whether all went well.
fn for_people(functions: Functions<'_>, arguments: &Arguments) -> io::Result<bool> {
    if arguments.list {
        for name in names(functions).iter().filter(|name| arguments.means(name)) {
            screen::line(&format!("{name}: benchmark"))?;
        }
        return Ok(true);
    }
    let mut people = People { arguments, seen: BTreeSet::new(), failed: 0, shown: 0, error: None };
    visit_all(functions, &mut people);
    if let Some(error) = people.error {
        return Err(error);
    }
    if people.shown == 0 && !arguments.filters.is_empty() {
        screen::complain("no benchmark matches; `--list` shows them");
    }
    Ok(people.failed == 0)
}

/// Shows every outcome.
struct People<'a> {
    arguments: &'a Arguments,
    seen: BTreeSet<String>,
    failed: usize,
    shown: usize,
    error: Option<io::Error>,
}

impl Visit for People<'_> {
    fn wants(&mut self, id: &str) -> Option<Settings> {
        if !self.seen.insert(id.to_owned()) {
            screen::complain(&format!("warning: two benchmarks are named `{id}`; perfguard measures the first"));
        }
        let settings = Settings {
            warm_up: WARM_UP,
            time: TIME,
            samples: SAMPLES,
            iterations: self.arguments.iterations,
            only_try: self.arguments.test,
        };
        (self.error.is_none() && self.arguments.means(id)).then_some(settings)
    }

    fn took(&mut self, id: &str, outcome: Outcome) {
        self.failed += usize::from(outcome.error.is_some());
        let shown = if self.arguments.test {
            let word = outcome.error.as_ref().map_or_else(|| "ok".to_owned(), |error| format!("FAILED: {error}"));
            screen::line(&format!("test {id} ... {word}"))
        } else {
            let head = if self.shown == 0 { screen::head() } else { Ok(()) };
            head.and_then(|()| screen::row(id, &outcome))
        };
        self.shown += 1;
        self.error = self.error.take().or(shown.err());
    }
}
