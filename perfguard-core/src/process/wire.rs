//! The launcher's wire format: length-prefixed frames of length-prefixed byte strings and little-endian integers.
//!
//! Both ends are the same executable, so the format has no version. It is binary because it is written and read around
//! every observation: a few kilobytes of environment cost microseconds this way.

use std::ffi::CStr;
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::time::Duration;

use super::{CommandSpec, Count, CounterEvent, Counts, Exit, Finished, Limits, MOST_COUNTERS, Usage};
use crate::model::{Timeline, TimelinePoint};

/// Asks for a child. Followed by a command and its limits.
pub(super) const SPAWN: u8 = b's';
/// The same for a child that may write for perfguard on a descriptor of its own.
pub(super) const SPAWN_HEARD: u8 = b'h';
/// Asks to end the child now.
pub(super) const KILL: u8 = b'k';
/// The child could not be started: the error number follows.
pub(super) const NOT_STARTED: u8 = b'n';
/// The child ended: a [`Finished`] follows.
pub(super) const ENDED: u8 = b'e';

/// A frame being written.
#[derive(Debug)]
pub(super) struct Writer(Vec<u8>);

impl Writer {
    pub(super) fn new(kind: u8) -> Self {
        Self(vec![0, 0, 0, 0, kind])
    }

    pub(super) fn number(&mut self, value: u64) -> &mut Self {
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    pub(super) fn bytes(&mut self, value: &[u8]) -> &mut Self {
        self.number(value.len() as u64);
        self.0.extend_from_slice(value);
        self
    }

    /// Writes a text as C has them, so that the launcher can use it where it lies.
    fn c_text(&mut self, parts: &[&[u8]]) -> io::Result<()> {
        for part in parts {
            if part.contains(&0) {
                return Err(io::Error::from_raw_os_error(libc::EINVAL));
            }
            self.0.extend_from_slice(part);
        }
        self.0.push(0);
        Ok(())
    }

    /// Writes what is to be counted of a command that follows, and the period at which it is sampled.
    pub(super) fn watched(&mut self, counters: &[CounterEvent], period: Option<Duration>) -> &mut Self {
        self.number(period.map_or(0, |period| u64::try_from(period.as_nanos()).unwrap_or(u64::MAX)));
        self.number(counters.len() as u64);
        for event in counters {
            self.number(u64::from(event.kind)).number(event.config);
        }
        self
    }

    /// Writes a command and its limits.
    ///
    /// # Errors
    /// When a text contains a zero, which no program can be given.
    pub(super) fn spec(&mut self, spec: &CommandSpec, limits: Limits) -> io::Result<&mut Self> {
        let timeout = u64::try_from(limits.timeout.as_nanos()).unwrap_or(u64::MAX);
        self.number(timeout).number(limits.output_bytes);
        self.number(spec.args.len() as u64).number(spec.env.len() as u64);
        let nothing = PathBuf::from("/dev/null");
        for path in [&spec.program, &spec.cwd, spec.input.as_ref().unwrap_or(&nothing)] {
            self.c_text(&[path.as_os_str().as_bytes()])?;
        }
        for argument in &spec.args {
            self.c_text(&[argument.as_bytes()])?;
        }
        for (name, value) in &spec.env {
            self.c_text(&[name.as_bytes(), b"=", value.as_bytes()])?;
        }
        Ok(self)
    }

    pub(super) fn finished(&mut self, finished: &Finished) -> &mut Self {
        let (kind, value) = match finished.exit {
            Exit::Code(code) => (0, code),
            Exit::Signal(signal) => (1, signal),
            Exit::TimedOut => (2, 0),
            Exit::FloodedOutput => (3, 0),
            Exit::Killed => (4, 0),
        };
        let usage = &finished.usage;
        self.number(kind).number(u64::from(value.cast_unsigned())).number(finished.wall_ns);
        self.number(u64::from(finished.left_behind));
        for number in
            [usage.user_ns, usage.system_ns, usage.peak_memory_bytes, usage.page_faults, usage.context_switches]
        {
            self.number(number);
        }
        // One more than the count: zero stands for unknown.
        self.number(usage.bytes_read.map_or(0, |bytes| bytes + 1))
            .number(usage.bytes_written.map_or(0, |bytes| bytes + 1));
        self.counts(&usage.counts);
        self.timeline(finished.timeline.as_ref());
        self.bytes(&finished.stdout).bytes(&finished.stderr).bytes(&finished.protocol)
    }

    /// Each with whether it was counted, and three numbers, of which an error uses the first.
    fn counts(&mut self, counts: &Counts) {
        self.number(counts.iter().count() as u64);
        for (event, counted) in counts.iter() {
            self.number(u64::from(event.kind)).number(event.config);
            match counted {
                Ok(Count { value, enabled_ns, running_ns }) => {
                    self.number(1).number(value).number(enabled_ns).number(running_ns)
                }
                Err(error) => self.number(0).number(u64::from(error.unsigned_abs())).number(0).number(0),
            };
        }
    }

    /// The period and the cost, then its points; a period of zero where there is none.
    fn timeline(&mut self, timeline: Option<&Timeline>) {
        let Some(Timeline { period_ns, cost_ns, points }) = timeline else {
            self.number(0);
            return;
        };
        self.number(*period_ns).number(*cost_ns).number(points.len() as u64);
        let known = |bytes: Option<u64>| bytes.map_or(0, |bytes| bytes.saturating_add(1));
        for point in points {
            self.number(point.at_ns).number(point.resident_bytes).number(point.cpu_ns).number(point.threads);
            self.number(known(point.bytes_read)).number(known(point.bytes_written));
        }
    }

    /// Writes the frame whole.
    pub(super) fn send(&mut self, to: &mut impl Write) -> io::Result<()> {
        let length = u32::try_from(self.0.len() - 4).map_err(|_| io::ErrorKind::InvalidInput)?;
        self.0[..4].copy_from_slice(&length.to_le_bytes());
        to.write_all(&self.0)
    }
}

/// Texts of a command before its arguments.
const FIXED: usize = 3;

/// A command in the launcher, ready for `exec`: pointers into the frame that it came in, which lives as long.
pub(super) struct Request {
    /// The program, the working directory, the input, then the arguments.
    texts: Vec<*const libc::c_char>,
    env: Vec<*const libc::c_char>,
    pub(super) limits: Limits,
    /// What is to be counted.
    pub(super) counters: Vec<CounterEvent>,
    /// The period at which it is to be sampled.
    pub(super) period: Option<Duration>,
    _frame: Vec<u8>,
}

impl Request {
    pub(super) fn program(&self) -> *const libc::c_char {
        self.texts[0]
    }

    pub(super) fn cwd(&self) -> *const libc::c_char {
        self.texts[1]
    }

    /// The file to read as standard input.
    pub(super) fn input(&self) -> *const libc::c_char {
        self.texts[2]
    }

    /// The program and its arguments, ended by a null as `exec` wants it.
    pub(super) fn args(&self) -> Vec<*const libc::c_char> {
        let texts = [self.texts[0]].into_iter().chain(self.texts[FIXED..].iter().copied());
        texts.chain([std::ptr::null()]).collect()
    }

    /// The environment, ended by a null as `exec` wants it.
    pub(super) fn env(&self) -> Vec<*const libc::c_char> {
        self.env.iter().copied().chain([std::ptr::null()]).collect()
    }
}

/// A frame being read.
#[derive(Debug)]
pub(super) struct Reader {
    frame: Vec<u8>,
    at: usize,
}

impl Reader {
    /// Reads the next frame; `None` at the end of the stream. Gives its kind.
    pub(super) fn receive(from: &mut impl Read) -> io::Result<Option<(u8, Self)>> {
        let mut length = [0; 4];
        match from.read_exact(&mut length) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(error),
        }
        let mut frame = vec![0; u32::from_le_bytes(length) as usize];
        from.read_exact(&mut frame)?;
        let kind = *frame.first().ok_or(io::ErrorKind::InvalidData)?;
        Ok(Some((kind, Self { frame, at: 1 })))
    }

    fn take(&mut self, length: usize) -> io::Result<&[u8]> {
        let end = self.at.checked_add(length).ok_or(io::ErrorKind::InvalidData)?;
        let part = self.frame.get(self.at..end).ok_or(io::ErrorKind::InvalidData)?;
        self.at = end;
        Ok(part)
    }

    pub(super) fn number(&mut self) -> io::Result<u64> {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(self.take(8)?);
        Ok(u64::from_le_bytes(bytes))
    }

    pub(super) fn bytes(&mut self) -> io::Result<Vec<u8>> {
        let length = usize::try_from(self.number()?).map_err(|_| io::ErrorKind::InvalidData)?;
        Ok(self.take(length)?.to_vec())
    }

    fn c_text(&mut self) -> io::Result<&CStr> {
        let rest = self.frame.get(self.at..).ok_or(io::ErrorKind::InvalidData)?;
        let text = CStr::from_bytes_until_nul(rest).map_err(|_| io::ErrorKind::InvalidData)?;
        self.at += text.count_bytes() + 1;
        Ok(text)
    }

    /// Reads a command; its texts stay where they lie in the frame.
    pub(super) fn request(&mut self) -> io::Result<Request> {
        let period = Some(self.number()?).filter(|period| *period > 0).map(Duration::from_nanos);
        let mut counters = Vec::new();
        for _ in 0..self.number()? {
            counters.push(self.event()?);
        }
        let limits = Limits { timeout: Duration::from_nanos(self.number()?), output_bytes: self.number()? };
        let counts = [self.number()?, self.number()?].map(|count| usize::try_from(count).unwrap_or(usize::MAX));
        let (mut texts, all) = (Vec::new(), counts[0].saturating_add(counts[1]).saturating_add(FIXED));
        for _ in 0..all {
            texts.push(self.c_text()?.as_ptr());
        }
        let env = texts.split_off(FIXED + counts[0]);
        Ok(Request { texts, env, limits, counters, period, _frame: std::mem::take(&mut self.frame) })
    }

    fn event(&mut self) -> io::Result<CounterEvent> {
        let kind = u32::try_from(self.number()?).map_err(|_| io::ErrorKind::InvalidData)?;
        Ok(CounterEvent { kind, config: self.number()? })
    }

    fn counts(&mut self) -> io::Result<Counts> {
        let mut counted = Vec::new();
        for _ in 0..self.number()?.min(MOST_COUNTERS as u64) {
            let (event, is_counted) = (self.event()?, self.number()? == 1);
            let [value, enabled_ns, running_ns] = [self.number()?, self.number()?, self.number()?];
            let count = Count { value, enabled_ns, running_ns };
            counted.push((event, if is_counted { Ok(count) } else { Err(i32::try_from(value).unwrap_or(i32::MAX)) }));
        }
        Ok(Counts::of(counted))
    }

    fn timeline(&mut self) -> io::Result<Option<Timeline>> {
        let period_ns = self.number()?;
        if period_ns == 0 {
            return Ok(None);
        }
        let mut timeline = Timeline { period_ns, cost_ns: self.number()?, points: Vec::new() };
        for _ in 0..self.number()? {
            timeline.points.push(TimelinePoint {
                at_ns: self.number()?,
                resident_bytes: self.number()?,
                cpu_ns: self.number()?,
                threads: self.number()?,
                bytes_read: self.number()?.checked_sub(1),
                bytes_written: self.number()?.checked_sub(1),
            });
        }
        Ok(Some(timeline))
    }

    pub(super) fn finished(&mut self) -> io::Result<Finished> {
        let kind = self.number()?;
        let value = u32::try_from(self.number()?).map_err(|_| io::ErrorKind::InvalidData)?.cast_signed();
        let exit = match kind {
            0 => Exit::Code(value),
            1 => Exit::Signal(value),
            2 => Exit::TimedOut,
            3 => Exit::FloodedOutput,
            4 => Exit::Killed,
            _ => return Err(io::ErrorKind::InvalidData.into()),
        };
        let wall_ns = self.number()?;
        let left_behind = u32::try_from(self.number()?).unwrap_or(u32::MAX);
        let usage = Usage {
            user_ns: self.number()?,
            system_ns: self.number()?,
            peak_memory_bytes: self.number()?,
            page_faults: self.number()?,
            context_switches: self.number()?,
            bytes_read: self.number()?.checked_sub(1),
            bytes_written: self.number()?.checked_sub(1),
            counts: self.counts()?,
        };
        let timeline = self.timeline()?;
        let (stdout, stderr, protocol) = (self.bytes()?, self.bytes()?, self.bytes()?);
        Ok(Finished { exit, wall_ns, usage, timeline, left_behind, stdout, stderr, protocol })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_with_a_zero_in_a_text_is_refused() {
        let args = vec!["a\0b".into()];
        let spec = CommandSpec { program: "/bin/x".into(), args, env: Vec::new(), cwd: "/".into(), input: None };
        let limits = Limits { timeout: Duration::from_secs(1), output_bytes: 7 };
        assert!(Writer::new(SPAWN).spec(&spec, limits).is_err());
    }

    #[test]
    fn an_end_survives_the_wire() {
        for exit in [Exit::Code(-1), Exit::Signal(9), Exit::TimedOut, Exit::FloodedOutput, Exit::Killed] {
            let count = Count { value: 1 << 40, enabled_ns: 3, running_ns: 2 };
            let counts =
                Counts::of([(CounterEvent::CYCLES, Ok(count)), (CounterEvent::CACHE_MISSES, Err(libc::ENOENT))]);
            let usage = Usage { user_ns: 1, bytes_read: Some(0), bytes_written: None, counts, ..Usage::default() };
            let point = TimelinePoint { at_ns: 5, bytes_read: Some(0), ..TimelinePoint::default() };
            let timeline = Timeline { points: vec![point, point], ..Timeline::new(7) };
            let finished = Finished {
                exit,
                timeline: Some(timeline),
                wall_ns: 5,
                usage,
                left_behind: 3,
                stdout: vec![1],
                stderr: vec![],
                protocol: vec![7, 8],
            };
            let mut bytes = Vec::new();
            Writer::new(ENDED).finished(&finished).send(&mut bytes).unwrap();
            let (_, mut reader) = Reader::receive(&mut bytes.as_slice()).unwrap().unwrap();
            assert_eq!(reader.finished().unwrap(), finished);
        }
    }

    #[test]
    fn a_frame_that_is_cut_short_is_an_error_and_no_panic() {
        assert!(Reader::receive(&mut [].as_slice()).unwrap().is_none());
        assert!(Reader::receive(&mut [9, 0, 0, 0, b's'].as_slice()).is_err());
        let (_, mut reader) = Reader::receive(&mut [2, 0, 0, 0, b'e', 1].as_slice()).unwrap().unwrap();
        assert!(reader.finished().is_err());
    }
}
