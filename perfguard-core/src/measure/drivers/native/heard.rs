//! What a process said in the native protocol, in order: a list, or what became of each benchmark that it was to run.
//!
//! What a benchmark said is whole when a message of another one, or the end, follows: a process that dies in the middle
//! costs the benchmark that it was at, and no other.

use super::messages::{EXACT_ITERATIONS, Message, VERSION, parse};
use crate::model::{Metric, Sample};

/// What became of one benchmark.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Part {
    /// Its samples.
    pub(super) samples: Vec<Sample>,
    /// Iterations of all it did, warm-up included.
    pub(super) iterations: Option<u64>,
    /// Its other numbers.
    pub(super) metrics: Vec<(Metric, f64)>,
    /// What it said went wrong.
    pub(super) error: Option<String>,
    /// How far it came.
    pub(super) state: State,
}

/// How far a benchmark came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum State {
    /// Nothing was said of it.
    #[default]
    Unreached,
    /// It was the last of which something was said.
    Open,
    /// Something else followed: what was said is whole.
    Whole,
}

/// What a process said.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Heard {
    /// The harness's name and version.
    pub(super) harness: Option<(String, Option<String>)>,
    /// Whether it can run just so many iterations in a sample.
    pub(super) exact: bool,
    /// The benchmarks that it has.
    pub(super) listed: Vec<String>,
    /// What became of those that it was to run, in their order.
    pub(super) parts: Vec<Part>,
    /// What it said went wrong with all of it.
    pub(super) error: Option<String>,
    /// What it said that is no protocol: nothing after that was read.
    pub(super) broken: Option<String>,
    /// Whether it said that this was everything.
    pub(super) ended: bool,
    /// Kinds of messages that are not known here.
    pub(super) unknown: Vec<String>,
}

/// Reads everything that a process said. `names` are those that it was to run; none, where it was to list.
pub(super) fn hear(text: &[u8], names: &[&str]) -> Heard {
    let mut heard = Heard { parts: vec![Part::default(); names.len()], ..Heard::default() };
    let mut rest = text;
    let mut number = 0;
    while !rest.is_empty() {
        number += 1;
        let end = memchr::memchr(b'\n', rest);
        let line = rest[..end.unwrap_or(rest.len())].trim_ascii();
        rest = end.map_or(&[][..], |end| &rest[end + 1..]);
        if line.is_empty() {
            continue;
        }
        // A line without its end was cut off with its process: what is told is how that ended.
        let taken = parse(line).and_then(|message| heard.take(message, names));
        if let Err(what) = taken {
            if end.is_some() {
                heard.broken = Some(format!("line {number} of what it said {what}"));
            }
            break;
        }
    }
    heard
}

impl Heard {
    fn take(&mut self, message: Message, names: &[&str]) -> Result<(), String> {
        if self.ended {
            return Err("comes after `bye`: does more than one thread or process write?".to_owned());
        }
        if let Message::Hello { protocol, harness, version, capabilities } = message {
            if self.harness.is_some() {
                return Err("is a second `hello`: does more than one thread or process write?".to_owned());
            }
            if protocol > VERSION {
                let needed = format!("speaks version {protocol} of the protocol, this perfguard knows {VERSION}");
                return Err(format!("{needed}: a newer perfguard is needed"));
            }
            self.exact = capabilities.iter().any(|word| word == EXACT_ITERATIONS);
            self.harness = Some((harness, version));
            return Ok(());
        }
        if self.harness.is_none() {
            return Err("comes before `hello`".to_owned());
        }
        match message {
            Message::Benchmark { id } if names.is_empty() => {
                if id.is_empty() {
                    return Err("has an empty `id`".to_owned());
                }
                self.listed.push(id);
            }
            Message::Benchmark { .. } => return Err("lists a benchmark, which was not asked for".to_owned()),
            Message::Observation { id, samples, iterations } => {
                let part = self.part(&id, names)?;
                if !part.samples.is_empty() {
                    return Err(format!("is a second observation of `{id}`"));
                }
                (part.samples, part.iterations) = (samples, iterations);
            }
            Message::Metric { id, metric, value } => {
                let part = self.part(&id, names)?;
                if part.metrics.iter().any(|(known, _)| known.id == metric.id) {
                    return Err(format!("gives `{}` of `{id}` again", metric.id));
                }
                part.metrics.push((metric, value));
            }
            Message::Error { id: Some(id), message } => {
                self.part(&id, names)?.error.get_or_insert(message);
            }
            Message::Error { id: None, message } => {
                self.error.get_or_insert(message);
            }
            Message::Bye => {
                self.ended = true;
                for part in &mut self.parts {
                    if part.state == State::Open {
                        part.state = State::Whole;
                    }
                }
            }
            Message::Unknown(kind) if !self.unknown.contains(&kind) => self.unknown.push(kind),
            Message::Progress | Message::Unknown(_) | Message::Hello { .. } => {}
        }
        Ok(())
    }

    /// The benchmark of a message, which makes all that was said of others whole.
    fn part(&mut self, id: &str, names: &[&str]) -> Result<&mut Part, String> {
        let Some(index) = names.iter().position(|name| *name == id) else {
            return Err(format!("is of `{id}`, which was not asked for"));
        };
        for (other, part) in self.parts.iter_mut().enumerate() {
            match part.state {
                State::Open if other != index => part.state = State::Whole,
                State::Whole if other == index => {
                    return Err(format!("is of `{id}` again, after another benchmark"));
                }
                State::Open | State::Whole | State::Unreached => {}
            }
        }
        let part = &mut self.parts[index];
        part.state = State::Open;
        Ok(part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELLO: &str = r#"{"type":"hello","protocol":1,"harness":"h","version":"2"}"#;
    const BYE: &str = r#"{"type":"bye"}"#;

    fn observation(id: &str) -> String {
        format!(r#"{{"type":"observation","id":"{id}","samples":[[2,10.0]]}}"#)
    }

    fn heard(lines: &[&str], names: &[&str]) -> Heard {
        hear((lines.join("\n") + "\n").as_bytes(), names)
    }

    #[test]
    fn a_benchmark_is_whole_when_another_or_the_end_follows() {
        let (one, two) = (observation("a"), observation("b"));
        let all = heard(&[HELLO, &one, &two, BYE], &["a", "b", "c"]);
        let states: Vec<_> = all.parts.iter().map(|part| part.state).collect();
        assert_eq!(states, [State::Whole, State::Whole, State::Unreached]);
        assert!(all.ended && all.broken.is_none() && !all.exact);
        let cut = heard(&[HELLO, &one, &two], &["a", "b", "c"]);
        assert_eq!(cut.parts[1].state, State::Open);
        assert!(!cut.ended);
    }

    #[test]
    fn a_line_that_breaks_the_protocol_ends_the_reading_and_keeps_what_was_whole() {
        let (one, two) = (observation("a"), observation("b"));
        for (line, told) in [
            ("{\"type\":\"obs{\"type\":\"bye\"}ervation\"", "is not JSON"),
            (HELLO, "a second `hello`"),
            (&*one, "`a` again, after another"),
            (&*two, "a second observation of `b`"),
            (&*observation("z"), "`z`, which was not asked for"),
            (r#"{"type":"benchmark","id":"a"}"#, "not asked for"),
        ] {
            let heard = heard(&[HELLO, &one, &two, line, BYE], &["a", "b"]);
            let broken = heard.broken.unwrap();
            assert!(broken.starts_with("line 4 of what it said ") && broken.contains(told), "{broken}");
            assert_eq!((heard.parts[0].state, heard.parts[1].state, heard.ended), (State::Whole, State::Open, false));
        }
        let late = heard(&[HELLO, &one, BYE, &one], &["a"]);
        assert!(late.broken.unwrap().contains("after `bye`"));
        assert!(heard(&[&one], &["a"]).broken.unwrap().contains("before `hello`"));
    }

    #[test]
    fn a_newer_version_is_named_and_a_last_line_that_was_cut_off_is_not_blamed() {
        let newer = heard(&[r#"{"type":"hello","protocol":7,"harness":"h"}"#], &[]);
        assert!(newer.broken.unwrap().contains("version 7 of the protocol, this perfguard knows 1"));
        let cut = hear([HELLO, "\n{\"type\":\"obser"].concat().as_bytes(), &["a"]);
        assert_eq!((cut.broken, cut.ended), (None, false));
    }

    #[test]
    fn messages_of_a_kind_that_is_not_known_are_passed_over_and_named() {
        let heard = heard(&[HELLO, r#"{"type":"observaton","id":"a"}"#, BYE], &["a"]);
        assert_eq!((heard.unknown, heard.ended), (vec!["observaton".to_owned()], true));
    }
}
