//! criterion, from 0.3, and its forks: driven over the socket protocol that `cargo criterion` speaks.
//!
//! The protocol gives every sample with all digits, without criterion's own analysis, files or plots. The process is
//! ended at the moment its last measurement is complete: what would follow is set-up of other groups.
//!
//! Settings that a group makes in code beat the command line. They are announced before they cost anything: where they
//! would cost much more than was asked for, the process is ended, and the benchmark is run with `--quick` from then on,
//! which they do not beat.

mod conversation;
mod heard;
mod protocol;

use std::time::Duration;

use super::super::driver::{Counting, Driver, Listing, NotListed, Session, Sharing, Told, Wanted, Yield};
use super::failure_of;
use crate::model::{Failure, IterationControl};
use conversation::{Next, converse};
use heard::{Heard, Way};
use protocol::{Message, Peer};

/// The oldest version that takes fractions of a second.
const FRACTIONS_SINCE: (u32, u32) = (0, 4);
/// A filter that matches no benchmark: criterion then names each it skips, whole.
const NOTHING: &str = "^$nomatch";
/// A set-up that takes longer is looked at twice more: what one process took may have been somebody else's doing.
const LONG_SET_UP: Duration = Duration::from_millis(10);

pub(super) struct Criterion;

impl Driver for Criterion {
    fn list(&self, session: &mut Session<'_>) -> Result<Listing, NotListed> {
        let mut listing = list_once(session)?;
        // Nothing ran, so that what it took is set-up; the least of three is nobody else's.
        for _ in 0..2 {
            if listing.set_up_ns.is_some_and(|set_up| u128::from(set_up) > LONG_SET_UP.as_nanos()) {
                listing.set_up_ns = listing.set_up_ns.min(list_once(session)?.set_up_ns);
            }
        }
        Ok(listing)
    }

    fn sharing<'n>(&self, _: &'n str) -> Sharing<'n> {
        Sharing::WhereSetUpIsCostly
    }

    fn counting(&self, version: Option<&str>) -> Counting {
        // An older one warms up and measures for whole seconds: the clock decides.
        if takes_fractions(version) { Counting::BySamples } else { Counting::NotPossible }
    }

    fn observe(
        &self,
        session: &mut Session<'_>,
        wanted: &mut [Wanted<'_>],
        control: &IterationControl,
    ) -> Result<Yield, Failure> {
        let fractions = takes_fractions(session.version);
        let first = attempt(session, wanted, control, fractions)?;
        // Alone already: the second attempt goes the other way.
        if let ([Told::Alone], [_]) = (first.told.as_slice(), &*wanted) {
            return attempt(session, wanted, control, fractions);
        }
        Ok(first)
    }
}

fn list_once(session: &mut Session<'_>) -> Result<Listing, Failure> {
    let mut names: Vec<String> = Vec::new();
    let args = ["--bench", NOTHING].map(str::to_owned);
    let (version, finished) = converse(session, &args, Peer::next, &mut |_, message| {
        if let Message::Skipping(name) | Message::Beginning(name) = message {
            names.push(name);
        }
        Next::Go
    })?;
    match failure_of(&finished, session) {
        Some(failure) => Err(failure),
        None => Ok(Listing { set_up_ns: Some(finished.wall_ns), ..Listing::of(Some(version), names) }),
    }
}

/// One process. A benchmark whose settings in code would cost too much is [`Told::Alone`], and remembered as such.
fn attempt(
    session: &mut Session<'_>,
    wanted: &mut [Wanted<'_>],
    control: &IterationControl,
    fractions: bool,
) -> Result<Yield, Failure> {
    let way = match &*wanted {
        [only] => Way::remembered(*only.memory),
        _ => Way::Normal,
    };
    let names: Vec<&str> = wanted.iter().map(|wanted| wanted.name).collect();
    let args = way.arguments(control, fractions, &pattern(&names));
    let units_known = wanted.iter().map(|wanted| wanted.memory.is_some()).collect();
    let mut heard = Heard::new(&names, units_known, way, control.clone(), (fractions, session.to_the_end));
    let (version, finished) =
        converse(session, &args, Peer::next_of_running, &mut |peer, message| heard.hear(message, peer))?;
    heard.set_version(version_of(&version));
    // With all results here, or stopped on purpose, the end is ours: how the bench took it says nothing.
    let failure = if heard.has_all() { None } else { failure_of(&finished, session) };
    let (told, memories) = heard.told(failure, &finished)?;
    for (wanted, memory) in wanted.iter_mut().zip(memories) {
        *wanted.memory = (*wanted.memory).max(memory);
    }
    Ok(Yield { finished, told })
}

/// Whether a version can be told times below a second.
fn takes_fractions(version: Option<&str>) -> bool {
    version.and_then(version_of).is_none_or(|version| version >= FRACTIONS_SINCE)
}

/// `0.8.2` as `(0, 8)`.
fn version_of(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// Names as a regular expression that matches just these.
fn pattern(names: &[&str]) -> String {
    match names {
        [name] => format!("^{}$", escaped(name)),
        several => format!("^(?:{})$", several.iter().map(|name| escaped(name)).collect::<Vec<_>>().join("|")),
    }
}

/// A text as a regular expression that matches just that text.
fn escaped(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for letter in text.chars() {
        if r"\.+*?()|[]{}^$#&-~".contains(letter) {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_special_letter_is_escaped() {
        assert_eq!(escaped("a.b/[c] (d)|e"), r"a\.b/\[c\] \(d\)\|e");
        assert_eq!(pattern(&["a", "b.c"]), r"^(?:a|b\.c)$");
    }

    #[test]
    fn versions_are_compared_by_their_first_two_numbers() {
        assert_eq!(version_of("0.3.6"), Some((0, 3)));
        assert!(version_of("6.0.0") >= Some(FRACTIONS_SINCE));
        assert_eq!(version_of("nonsense"), None);
        assert_eq!(Criterion.counting(Some("0.3.6")), Counting::NotPossible, "it measures for whole seconds");
        assert_eq!([Some("0.8.2"), None].map(|version| Criterion.counting(version)), [Counting::BySamples; 2]);
    }
}
