//! perfguard's side of the line: requests read, messages written (`docs/protocol.md` of the repository).

use std::fs::File;
use std::io::{self, Write};
use std::time::Duration;

use tinyjson::JsonValue;

use crate::bencher::{Outcome, number};
use crate::metric::Metric;
use crate::sampling::Settings;

/// The version that is spoken here.
const VERSION: f64 = 1.0;

/// What perfguard asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Request {
    /// The names.
    List,
    /// One observation of one benchmark.
    Run(String, Settings),
}

/// Where to write, and what was asked.
pub(crate) struct Conversation {
    out: File,
    pub(crate) requests: Vec<Request>,
}

impl Conversation {
    /// Begins to talk, where perfguard started this process.
    ///
    /// # Errors
    /// When perfguard did, and it cannot be answered.
    pub(crate) fn begin() -> io::Result<Option<Self>> {
        let Some(text) = variable("PERFGUARD_PROTOCOL_REQUEST") else { return Ok(None) };
        let descriptor = variable("PERFGUARD_PROTOCOL_FD")
            .map(|number| File::options().write(true).open(format!("/dev/fd/{number}")));
        let out = match (descriptor, variable("PERFGUARD_PROTOCOL_FILE")) {
            (Some(Ok(out)), _) => out,
            (_, Some(path)) => File::options().append(true).create(true).open(path)?,
            (Some(Err(error)), None) => return Err(error),
            (None, None) => return Err(io::Error::other("neither a descriptor nor a file to write to is named")),
        };
        let mut conversation = Self { out, requests: Vec::new() };
        conversation.say(
            "hello",
            [
                ("protocol", VERSION.into()),
                ("harness", "perfguard-harness".to_owned().into()),
                ("version", env!("CARGO_PKG_VERSION").to_owned().into()),
                ("capabilities", vec![JsonValue::from("iterations".to_owned())].into()),
            ],
        )?;
        let requests = text.lines().map(|line| {
            parse(line).ok_or_else(|| io::Error::other(format!("a request that is not understood: {line}")))
        });
        conversation.requests = requests.collect::<io::Result<_>>()?;
        Ok(Some(conversation))
    }

    /// Names a benchmark.
    pub(crate) fn list(&mut self, id: &str) -> io::Result<()> {
        self.say("benchmark", [("id", id.to_owned().into())])
    }

    /// Says what came of a benchmark.
    pub(crate) fn tell(&mut self, id: &str, outcome: &Outcome) -> io::Result<()> {
        let name = || ("id", JsonValue::from(id.to_owned()));
        if let Some(message) = &outcome.error {
            return self.say("error", [name(), ("message", message.clone().into())]);
        }
        let samples = outcome.taken.samples.iter().map(|(iterations, total)| {
            #[expect(clippy::cast_precision_loss, reason = "times of a process are below 2^53 ns")]
            let total = total.as_nanos() as f64;
            JsonValue::from(vec![number(*iterations).into(), total.into()])
        });
        let samples = samples.collect::<Vec<_>>().into();
        let iterations = number(outcome.taken.iterations).into();
        self.say("observation", [name(), ("samples", samples), ("iterations", iterations)])?;
        for Metric { name: metric, value, unit, direction } in &outcome.metrics {
            self.say(
                "metric",
                [
                    name(),
                    ("name", metric.clone().into()),
                    ("value", (*value).into()),
                    ("unit", unit.word().to_owned().into()),
                    ("direction", direction.word().to_owned().into()),
                ],
            )?;
        }
        Ok(())
    }

    /// Says that a benchmark was asked for that is not there.
    pub(crate) fn unknown(&mut self, id: &str) -> io::Result<()> {
        let message = "there is no such benchmark".to_owned();
        self.say("error", [("id", id.to_owned().into()), ("message", message.into())])
    }

    /// Says that this was everything.
    pub(crate) fn end(&mut self) -> io::Result<()> {
        self.say("bye", [])
    }

    /// Writes one whole line with one call.
    fn say<const N: usize>(&mut self, kind: &str, words: [(&str, JsonValue); N]) -> io::Result<()> {
        let kind = [("type", JsonValue::from(kind.to_owned()))];
        let words = kind.into_iter().chain(words).map(|(name, value)| (name.to_owned(), value));
        let object: std::collections::HashMap<String, JsonValue> = words.collect();
        let line = JsonValue::from(object).stringify().map_err(|error| io::Error::other(error.to_string()))?;
        self.out.write_all((line + "\n").as_bytes())
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the door to what perfguard says")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Reads one request.
fn parse(line: &str) -> Option<Request> {
    let value: JsonValue = line.parse().ok()?;
    let JsonValue::Object(words) = value else { return None };
    let text = |name: &str| words.get(name).and_then(|value| value.get::<String>()).cloned();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts saturate")]
    let count = |name: &str| words.get(name).and_then(|value| value.get::<f64>()).map(|value| *value as u64);
    match text("type")?.as_str() {
        "list" => Some(Request::List),
        "run" => {
            let settings = Settings {
                warm_up: Duration::from_nanos(count("warm_up_ns")?),
                time: Duration::from_nanos(count("time_ns")?),
                samples: u32::try_from(count("samples")?).ok()?,
                iterations: count("iterations").filter(|count| *count > 0),
                only_try: false,
            };
            Some(Request::Run(text("id")?, settings))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_read_and_words_that_are_not_known_are_passed_over() {
        assert_eq!(parse(r#"{"type":"list","protocol":1}"#), Some(Request::List));
        let line = r#"{"type":"run","id":"a/\"b\"","warm_up_ns":5000000,"time_ns":10000000,"samples":10,"iterations":null,"new":[]}"#;
        let settings = Settings {
            warm_up: Duration::from_millis(5),
            time: Duration::from_millis(10),
            samples: 10,
            iterations: None,
            only_try: false,
        };
        assert_eq!(parse(line), Some(Request::Run("a/\"b\"".into(), settings)));
        assert_eq!(parse("nonsense"), None);
        assert_eq!(parse(r#"{"type":"run","id":"a"}"#), None);
    }
}
