//! The wire side of criterion's socket protocol: frames of CBOR with a length before them.
//!
//! criterion writes length and body apart, which the kernel's delayed acknowledgements would turn into a pause of 40 ms
//! at each group: acknowledgements are asked for at once.

use std::io::{self, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::time::Duration;

use ciborium::Value;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::cancel::CancellationToken;
use crate::model::Sample;
use crate::process::{CANCEL_CHECK, Running};

/// A frame larger than this is no criterion's.
const LARGEST_FRAME: usize = 64 << 20;

/// A handful of small messages follows the greeting, each of which would wake this process twice. What is not acknowledged
/// yet holds the next ones back in the bench, without holding the bench: after this long, they come as one. It is less
/// than any warm-up that is worth the name.
const FIRST_WORDS: Duration = Duration::from_millis(1);

/// What criterion tells.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Message {
    /// A benchmark that the filter leaves out, by its full id.
    Skipping(String),
    /// A benchmark begins.
    Beginning(String),
    /// Its warm-up begins.
    Warmup { nanoseconds: f64 },
    /// Its samples are about to be taken: how long that may take, how many, and their iterations in all.
    MeasurementStart { estimate_ns: f64, samples: u64, iterations: u64 },
    /// Its samples.
    Complete { id: String, samples: Vec<Sample> },
    /// A group ended.
    GroupFinished,
    /// Anything else.
    Other,
}

impl Message {
    /// Whether criterion waits for an answer.
    pub(super) fn wants_answer(&self) -> bool {
        matches!(self, Self::Complete { .. } | Self::GroupFinished)
    }

    fn parse(value: &Value) -> Self {
        let Some((kind, body)) = value.as_map().and_then(|map| map.first()) else { return Self::Other };
        let id = || full_id(field(body, "id"));
        match kind.as_text().unwrap_or_default() {
            "SkippingBenchmark" => Self::Skipping(id()),
            "BeginningBenchmark" => Self::Beginning(id()),
            "Warmup" => Self::Warmup { nanoseconds: field(body, "nanos").and_then(number).unwrap_or_default() },
            "MeasurementStart" => {
                let of = |name: &str| field(body, name).and_then(number).unwrap_or_default();
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts, not negative")]
                let count = |name: &str| of(name) as u64;
                let estimate_ns = of("estimate_ns");
                Self::MeasurementStart { estimate_ns, samples: count("sample_count"), iterations: count("iter_count") }
            }
            "MeasurementComplete" => {
                let list = |name: &str| field(body, name).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
                let pairs = list("iters").iter().zip(list("times"));
                let samples = pairs.filter_map(|(iterations, total)| {
                    #[expect(
                        clippy::cast_possible_truncation,
                        clippy::cast_sign_loss,
                        reason = "criterion's counts, as f64"
                    )]
                    let iterations = number(iterations)? as u64;
                    Some(Sample { iterations, total_ns: number(total)? })
                });
                Self::Complete { id: id(), samples: samples.collect() }
            }
            "FinishedBenchmarkGroup" => Self::GroupFinished,
            _ => Self::Other,
        }
    }
}

fn field<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    value.as_map()?.iter().find(|(key, _)| key.as_text() == Some(name)).map(|(_, value)| value)
}

fn number(value: &Value) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
    let whole = |integer: i128| integer as f64;
    value.as_float().or_else(|| value.as_integer().map(|integer| whole(integer.into())))
}

/// The id that filters match: group, function and parameter joined by slashes.
fn full_id(id: Option<&Value>) -> String {
    let part = |name: &str| id.and_then(|id| field(id, name)).and_then(Value::as_text).map(str::to_owned);
    let parts = [part("group_id"), part("function_id"), part("value_str")];
    parts.into_iter().flatten().collect::<Vec<_>>().join("/")
}

/// Where a bench connects to.
pub(super) struct Listener(TcpListener);

impl Listener {
    pub(super) fn open() -> io::Result<Self> {
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map(Self)
    }

    pub(super) fn port(&self) -> u16 {
        self.0.local_addr().map(|address| address.port()).unwrap_or_default()
    }

    /// Waits for the bench to connect; `None` where it ended without.
    pub(super) fn accept(&self, running: &Running<'_>, cancel: &CancellationToken) -> Option<Peer> {
        loop {
            let flags = PollFlags::POLLIN;
            let mut fds = [PollFd::new(self.0.as_fd(), flags), PollFd::new(running.as_fd(), flags)];
            poll(&mut fds, PollTimeout::try_from(CANCEL_CHECK).unwrap_or(PollTimeout::MAX)).ok();
            if fds[0].any() == Some(true) {
                return self.0.accept().and_then(|(stream, _)| Peer::new(stream, cancel)).ok();
            }
            if fds[1].any() == Some(true) || cancel.is_cancelled() {
                return None;
            }
        }
    }
}

/// A connected bench.
pub(super) struct Peer {
    /// Small messages come in numbers: as many as are there are read at once.
    stream: BufReader<Acknowledging>,
    cancel: CancellationToken,
}

/// A stream that acknowledges at once.
struct Acknowledging(TcpStream);

impl Read for Acknowledging {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        acknowledge_at_once(&self.0);
        self.0.read(buffer)
    }
}

impl Peer {
    fn new(stream: TcpStream, cancel: &CancellationToken) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(CANCEL_CHECK))?;
        Ok(Self { stream: BufReader::new(Acknowledging(stream)), cancel: cancel.clone() })
    }

    /// Exchanges greetings; gives criterion's version.
    pub(super) fn greet(&mut self) -> io::Result<(u8, u8, u8)> {
        self.write(b"cargo-criterion\x01\x01\x00")?;
        let mut hello = [0; 16];
        self.read(&mut hello)?;
        std::thread::sleep(FIRST_WORDS);
        match hello {
            [b'C', b'r', b'i', b't', b'e', b'r', b'i', b'o', b'n', major, minor, patch, ..] => {
                Ok((major, minor, patch))
            }
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    }

    /// The next message; `None` when the bench ended, spoke nonsense, or the user cancelled.
    pub(super) fn next(&mut self) -> Option<Message> {
        self.receive().ok().map(|value| Message::parse(&value))
    }

    /// The next message but for those that only name a benchmark that is left out, which are not even decoded.
    pub(super) fn next_of_running(&mut self) -> Option<Message> {
        const SKIPPED: &[u8] = b"SkippingBenchmark";
        loop {
            let frame = self.frame().ok()?;
            // A map of one entry and the length of its key come first, in at most three bytes.
            if !(1..=3).any(|at| frame.get(at..at + SKIPPED.len()) == Some(SKIPPED)) {
                return decode(&frame).ok().map(|value| Message::parse(&value));
            }
        }
    }

    /// Answers what waits for an answer.
    pub(super) fn go_on(&mut self) -> io::Result<()> {
        self.send(&Value::Text("Continue".to_owned()))
    }

    /// The unit that the benchmark measures in, asked for in the place of an answer.
    pub(super) fn unit(&mut self) -> io::Result<String> {
        let text = |text: &str| Value::Text(text.to_owned());
        let values = Value::Map(vec![(text("values"), Value::Array(vec![Value::Float(1.0)]))]);
        self.send(&Value::Map(vec![(text("ScaleForMachines"), values)]))?;
        let answer = self.receive()?;
        let unit = field(&answer, "ScaledValues").and_then(|scaled| field(scaled, "unit")).and_then(Value::as_text);
        unit.map(str::to_owned).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    fn send(&mut self, value: &Value) -> io::Result<()> {
        let mut frame = vec![0; 4];
        ciborium::into_writer(value, &mut frame).map_err(io::Error::other)?;
        let length = u32::try_from(frame.len() - 4).map_err(|_| io::ErrorKind::InvalidInput)?;
        frame[..4].copy_from_slice(&length.to_be_bytes());
        self.write(&frame)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.get_mut().0.write_all(bytes)
    }

    fn receive(&mut self) -> io::Result<Value> {
        decode(&self.frame()?)
    }

    fn frame(&mut self) -> io::Result<Vec<u8>> {
        let mut length = [0; 4];
        self.read(&mut length)?;
        let length = u32::from_be_bytes(length) as usize;
        if length > LARGEST_FRAME {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let mut frame = vec![0; length];
        self.read(&mut frame)?;
        Ok(frame)
    }

    /// Fills the buffer, however long that takes, unless the user cancels.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<()> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.stream.read(&mut buffer[filled..]) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && !self.cancel.is_cancelled() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

fn decode(frame: &[u8]) -> io::Result<Value> {
    ciborium::from_reader(frame).map_err(io::Error::other)
}

/// Turns delayed acknowledgements off; the kernel turns them on again by itself.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "the option has no safe face")]
fn acknowledge_at_once(stream: &TcpStream) {
    use std::os::fd::AsRawFd;
    let on: libc::c_int = 1;
    let size = libc::socklen_t::try_from(size_of::<libc::c_int>()).expect("an int is small");
    // SAFETY: the descriptor is open, and the option's value lives through the call.
    unsafe {
        libc::setsockopt(stream.as_raw_fd(), libc::IPPROTO_TCP, libc::TCP_QUICKACK, (&raw const on).cast(), size);
    }
}

#[cfg(not(target_os = "linux"))]
fn acknowledge_at_once(_: &TcpStream) {}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    fn map(entries: Vec<(&str, Value)>) -> Value {
        Value::Map(entries.into_iter().map(|(key, value)| (text(key), value)).collect())
    }

    #[test]
    fn a_measurement_keeps_all_samples_and_its_whole_id() {
        let id = map(vec![
            ("group_id", text("grp/with slash")),
            ("function_id", text("sum")),
            ("value_str", text("10")),
            // A kind of throughput that nobody has heard of does not hurt.
            ("throughput", Value::Array(vec![map(vec![("Parsecs", Value::Float(1.0))])])),
        ]);
        let floats = |list: &[f64]| Value::Array(list.iter().map(|value| Value::Float(*value)).collect());
        let body = map(vec![("id", id), ("iters", floats(&[2.0, 4.0])), ("times", floats(&[21.0, 40.0]))]);
        let samples = vec![Sample { iterations: 2, total_ns: 21.0 }, Sample { iterations: 4, total_ns: 40.0 }];
        let expected = Message::Complete { id: "grp/with slash/sum/10".into(), samples };
        assert_eq!(Message::parse(&map(vec![("MeasurementComplete", body)])), expected);
        assert!(expected.wants_answer());
    }

    #[test]
    fn an_id_of_a_group_alone_has_no_slashes_added() {
        let id = map(vec![("group_id", text("fib 10")), ("function_id", Value::Null), ("value_str", Value::Null)]);
        let message = Message::parse(&map(vec![("SkippingBenchmark", map(vec![("id", id)]))]));
        assert_eq!(message, Message::Skipping("fib 10".into()));
    }

    #[test]
    fn nonsense_is_no_message_that_means_anything() {
        assert_eq!(Message::parse(&Value::Null), Message::Other);
        assert_eq!(Message::parse(&text("Unit")), Message::Other);
    }
}
