//! The launcher's own side: a small single-threaded process that starts measured children.
//!
//! It forks rather than spawns: at `exec` the kernel folds the resident set of the forking image into the child's peak,
//! and a forked copy of this process counts only what was written to, about 1 MB. It dies with perfguard: at the end of
//! the request stream it ends the child's group and leaves; the child asks the kernel for its own end should the
//! launcher be killed.
#![expect(unsafe_code, reason = "fork, exec, wait4 and prctl have no safe face")]

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::counters::{Counters, Kernel};
use super::memory::give_memory_back;
use super::sampler::{Sampler, moved};
use super::wire::{self, Reader, Request, Writer};
use super::{Exit, Finished, Limits, PROTOCOL_DESCRIPTOR, Usage};

/// Serves spawn requests on the standard input (a socket) until it closes.
pub fn launcher_main() -> ExitCode {
    // SAFETY: plain calls on this single-threaded process; the descriptor is the socket that perfguard gave as input.
    let socket = unsafe {
        libc::setpgid(0, 0);
        #[cfg(target_os = "linux")]
        libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1);
        libc::signal(libc::SIGPIPE, libc::SIG_IGN);
        UnixStream::from_raw_fd(0)
    };
    let mut orphans = Orphans::default();
    loop {
        match Reader::receive(&mut &socket) {
            Ok(Some((kind @ (wire::SPAWN | wire::SPAWN_HEARD), mut request))) => {
                let heard = kind == wire::SPAWN_HEARD;
                let served = request.request().and_then(|request| serve(&socket, &request, heard, &mut orphans));
                if served.is_err() {
                    return ExitCode::FAILURE;
                }
            }
            // A late wish to end a child that ended by itself.
            Ok(Some(_)) => {}
            Ok(None) => return ExitCode::SUCCESS,
            Err(_) => return ExitCode::FAILURE,
        }
    }
}

/// Starts one child, watches it to its end, answers.
fn serve(socket: &UnixStream, request: &Request, heard: bool, orphans: &mut Orphans) -> io::Result<()> {
    let limits = request.limits;
    match Child::start(request, heard) {
        Err(error) => {
            let number = u64::from(error.raw_os_error().unwrap_or(libc::EINVAL).unsigned_abs());
            Writer::new(wire::NOT_STARTED).number(number).send(&mut &*socket)
        }
        Ok(mut child) => {
            let ended_by_us = child.watch(socket, limits);
            let wall_ns = u64::try_from(child.start.elapsed().as_nanos()).unwrap_or(u64::MAX);
            let (bytes_read, bytes_written) = child.bytes_moved();
            let counts = child.counters.read();
            // Before the child leaves the process table: until then its group's number is nobody else's.
            child.end_group();
            let (exit, usage) = child.reap()?;
            let left_behind = orphans.end();
            let flooded = child.drain(limits);
            let usage = Usage { bytes_read, bytes_written, counts, ..usage };
            let exit = ended_by_us?.or(flooded.then_some(Exit::FloodedOutput)).unwrap_or(exit);
            let (stdout, stderr, protocol) = (child.stdout.kept, child.stderr.kept, child.protocol.kept);
            let large = stdout.len() + stderr.len() + protocol.len() > LARGE_OUTPUT;
            let timeline = child.sampler.map(Sampler::end);
            let finished = Finished { exit, wall_ns, usage, timeline, left_behind, stdout, stderr, protocol };
            Writer::new(wire::ENDED).finished(&finished).send(&mut &*socket)?;
            if large {
                drop(finished);
                // What stays resident here is the floor of every child's peak.
                give_memory_back();
            }
            Ok(())
        }
    }
}

/// Output above this leaves free memory with the allocator that would count into the next child's peak, bytes.
const LARGE_OUTPUT: usize = 64 * 1024;

/// One output stream of the child: what it wrote, up to the limit.
struct Stream {
    pipe: Option<File>,
    kept: Vec<u8>,
}

impl Stream {
    /// Takes what is there. Gives whether the limit is passed.
    fn read(&mut self, limit: u64) -> bool {
        let Some(pipe) = &mut self.pipe else { return false };
        let mut buffer = [0; 16 * 1024];
        match pipe.read(&mut buffer) {
            Ok(0) => self.pipe = None,
            Ok(count) => {
                let room = usize::try_from(limit).unwrap_or(usize::MAX) - self.kept.len();
                self.kept.extend_from_slice(&buffer[..count.min(room)]);
                return count > room;
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
            Err(_) => self.pipe = None,
        }
        false
    }
}

struct Child {
    pid: libc::pid_t,
    /// Just before the fork.
    start: Instant,
    /// Becomes readable at the child's end.
    end: OwnedFd,
    stdout: Stream,
    stderr: Stream,
    /// What it writes for perfguard, where it may.
    protocol: Stream,
    /// What is counted of it.
    counters: Counters,
    /// Samples what it uses.
    sampler: Option<Sampler>,
}

impl Child {
    /// Forks and executes. With `heard`, the child gets a descriptor to write on for perfguard.
    fn start(request: &Request, heard: bool) -> io::Result<Self> {
        let (args, env) = (request.args(), request.env());
        let (stdout, theirs_out) = pipe()?;
        let (stderr, theirs_err) = pipe()?;
        let (protocol, theirs_protocol) =
            if heard { pipe().map(|(ours, theirs)| (Some(ours), Some(theirs)))? } else { (None, None) };
        // `end` is what the child holds open until it ends, or until `exec` fails: the error number comes through it.
        let (failure, theirs_failure) = pipe()?;
        // SAFETY: the text ends in a zero and lives through the call.
        let input = unsafe {
            let descriptor = libc::open(request.input(), libc::O_RDONLY | libc::O_CLOEXEC);
            if descriptor < 0 {
                return Err(io::Error::last_os_error());
            }
            OwnedFd::from_raw_fd(descriptor)
        };
        // Counters are of a process that is there: it waits for them before it goes on.
        let gate = if request.counters.is_empty() { None } else { Some(pipe()?) };
        let parent = std::process::id();
        #[expect(clippy::disallowed_methods, reason = "part of the door: the child's wall time")]
        let start = Instant::now();
        // SAFETY: this process has one thread, and between fork and exec the child calls only async-signal-safe functions
        // on memory that was prepared before.
        let pid = unsafe {
            let pid = libc::fork();
            if pid == 0 {
                if let Some((gate, opened_by)) = &gate {
                    wait_at(gate.as_raw_fd(), opened_by.as_raw_fd());
                }
                let streams = [input.as_raw_fd(), theirs_out.as_raw_fd(), theirs_err.as_raw_fd()];
                let protocol = theirs_protocol.as_ref().map(AsRawFd::as_raw_fd);
                become_child(parent, streams, protocol, request.cwd(), request.program(), &args, &env);
                let number = io::Error::last_os_error().raw_os_error().unwrap_or(libc::EINVAL).to_ne_bytes();
                libc::write(theirs_failure.as_raw_fd(), number.as_ptr().cast(), number.len());
                libc::_exit(127);
            }
            pid
        };
        if pid < 0 {
            return Err(io::Error::last_os_error());
        }
        drop((theirs_out, theirs_err, theirs_protocol, theirs_failure));
        let counters = Counters::open(&Kernel, &request.counters, pid);
        drop(gate);
        let mut number = [0; 4];
        // The end of the stream, once `exec` closed it.
        if File::from(failure).read(&mut number)? == number.len() {
            // SAFETY: waits for the child that just failed.
            unsafe { libc::waitpid(pid, std::ptr::null_mut(), 0) };
            return Err(io::Error::from_raw_os_error(i32::from_ne_bytes(number)));
        }
        for pipe in [Some(&stdout), Some(&stderr), protocol.as_ref()].into_iter().flatten() {
            // SAFETY: plain call on a descriptor that is ours.
            unsafe { libc::fcntl(pipe.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK) };
        }
        let stream = |pipe: Option<OwnedFd>| Stream { pipe: pipe.map(File::from), kept: Vec::new() };
        let (stdout, stderr, protocol) = (stream(Some(stdout)), stream(Some(stderr)), stream(protocol));
        let sampler = request.period.map(|period| Sampler::new(pid, period));
        Ok(Self { pid, start, end: end_of(pid)?, stdout, stderr, protocol, counters, sampler })
    }

    /// Watches until the child ended, ending it where it must. Gives how perfguard ended it, if it did; an error where
    /// perfguard itself is gone.
    fn watch(&mut self, socket: &UnixStream, limits: Limits) -> io::Result<Option<Exit>> {
        let mut ended_by_us = None;
        loop {
            let left = limits.timeout.saturating_sub(self.start.elapsed());
            if left.is_zero() && ended_by_us.is_none() {
                self.end_group();
                ended_by_us = Some(Exit::TimedOut);
            }
            // Rounded up to whole milliseconds, so that the limit has passed when the wait ends.
            let mut wait =
                if ended_by_us.is_some() { Duration::from_hours(1) } else { left + Duration::from_millis(1) };
            if let Some(sampler) = self.sampler.as_mut().filter(|_| ended_by_us.is_none()) {
                wait = wait.min(sampler.sample(self.start.elapsed()) + Duration::from_millis(1));
            }
            let timeout = PollTimeout::try_from(wait).unwrap_or(PollTimeout::MAX);
            // One that is being ended writes nothing more that would have to be taken now.
            let [ended, asked, out, err, heard] = self.poll(socket, timeout, ended_by_us.is_none())?;
            let most = limits.output_bytes;
            if out && self.stdout.read(most) || err && self.stderr.read(most) || heard && self.protocol.read(most) {
                self.end_group();
                ended_by_us.get_or_insert(Exit::FloodedOutput);
            }
            if ended {
                return Ok(ended_by_us);
            }
            if asked {
                self.end_group();
                match Reader::receive(&mut &*socket) {
                    Ok(Some(_)) => {
                        ended_by_us.get_or_insert(Exit::Killed);
                    }
                    _ => return Err(io::ErrorKind::UnexpectedEof.into()),
                }
            }
        }
    }

    /// Waits for something to happen: the child's end, a request, output, error output, something for perfguard.
    fn poll(&self, socket: &UnixStream, timeout: PollTimeout, with_streams: bool) -> io::Result<[bool; 5]> {
        let flags = PollFlags::POLLIN;
        let mut fds = vec![PollFd::new(self.end.as_fd(), flags), PollFd::new(socket.as_fd(), flags)];
        let streams = [&self.stdout.pipe, &self.stderr.pipe, &self.protocol.pipe];
        let streams = streams.map(|pipe| pipe.as_ref().filter(|_| with_streams));
        fds.extend(streams.iter().flatten().map(|pipe| PollFd::new(pipe.as_fd(), flags)));
        match poll(&mut fds, timeout) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
        let mut ready = fds.iter().map(|fd| fd.any().unwrap_or(false));
        let mut next = |open: bool| open && ready.next().unwrap_or(false);
        let [out, err, heard] = streams.map(|pipe| pipe.is_some());
        Ok([next(true), next(true), next(out), next(err), next(heard)])
    }

    /// Bytes read and written through system calls, while the ended child is still in the process table.
    fn bytes_moved(&self) -> (Option<u64>, Option<u64>) {
        moved(&read_small(&format!("/proc/{}/io", self.pid)).unwrap_or_default())
    }

    /// Takes the ended child out of the process table, with what it used.
    fn reap(&self) -> io::Result<(Exit, Usage)> {
        let mut status = 0;
        // SAFETY: a zeroed `rusage` is valid, and both pointers live through the call.
        let usage = unsafe {
            let mut usage: libc::rusage = std::mem::zeroed();
            while libc::wait4(self.pid, &raw mut status, 0, &raw mut usage) < 0 {
                let error = io::Error::last_os_error();
                if error.kind() != io::ErrorKind::Interrupted {
                    return Err(error);
                }
            }
            usage
        };
        let exit = if libc::WIFSIGNALED(status) {
            Exit::Signal(libc::WTERMSIG(status))
        } else {
            Exit::Code(libc::WEXITSTATUS(status))
        };
        Ok((exit, usage_of(&usage)))
    }

    /// Ends the child's group.
    fn end_group(&self) {
        // SAFETY: a plain call; a group that is gone already is no error here.
        unsafe { libc::kill(-self.pid, libc::SIGKILL) };
    }

    /// Takes what is left in the pipes, without waiting for whoever may still hold them. Gives whether a limit is passed.
    fn drain(&mut self, limits: Limits) -> bool {
        let mut flooded = false;
        for stream in [&mut self.stdout, &mut self.stderr, &mut self.protocol] {
            let mut before = None;
            while stream.pipe.is_some() && before != Some(stream.kept.len()) {
                before = Some(stream.kept.len());
                flooded |= stream.read(limits.output_bytes);
            }
        }
        flooded
    }
}

/// Processes that fell to this one when whoever started them ended.
#[derive(Default)]
struct Orphans {
    /// Those that were told to end and have not: they are no later child's fault.
    dying: Vec<libc::pid_t>,
}

impl Orphans {
    /// Ends whatever left the child's group. Ending one hands its own children over: looked for again until none is left.
    /// One that cannot die (it waits for a disk) is waited for once, and not for long. Gives how many there were.
    fn end(&mut self) -> u32 {
        // The first steps are short, because most are gone at once; on a busy machine the last one may take its time.
        const SHORT: (u32, Duration) = (100, Duration::from_micros(200));
        const LONG: (u32, Duration) = (100, Duration::from_millis(10));
        if !has_children() {
            self.dying.clear();
            return 0;
        }
        let list = format!("/proc/self/task/{}/children", std::process::id());
        let mut ended = 0;
        let steps = [SHORT, LONG].into_iter().flat_map(|(count, pause)| (0..count).map(move |_| pause));
        for pause in steps {
            let children = read_small(&list).unwrap_or_default();
            let there: Vec<libc::pid_t> = children.split_whitespace().filter_map(|word| word.parse().ok()).collect();
            let known = self.dying.len();
            self.dying.retain(|pid| there.contains(pid));
            // Those of earlier children are not waited for again.
            let stuck = ended == 0 && known > 0 && there.iter().all(|pid| self.dying.contains(pid));
            for orphan in &there {
                if !self.dying.contains(orphan) {
                    self.dying.push(*orphan);
                    ended += 1;
                }
                // SAFETY: plain calls on a child of this process.
                unsafe {
                    libc::kill(*orphan, libc::SIGKILL);
                    libc::waitpid(*orphan, std::ptr::null_mut(), libc::WNOHANG);
                }
            }
            if there.is_empty() || stuck {
                break;
            }
            std::thread::sleep(pause);
        }
        ended
    }
}

/// In the forked child: waits until the launcher closes the gate's other end, of which this process has a copy. It does so
/// when it ends, too.
///
/// # Safety
/// Only between fork and exec.
unsafe fn wait_at(gate: RawFd, opened_by: RawFd) {
    let mut nothing = [0_u8; 1];
    // SAFETY: async-signal-safe calls on descriptors of this process, and on memory that lives through them.
    unsafe {
        libc::close(opened_by);
        while libc::read(gate, nothing.as_mut_ptr().cast(), nothing.len()) < 0
            && io::Error::last_os_error().kind() == io::ErrorKind::Interrupted
        {}
    }
}

/// In the forked child: everything up to `exec`. Returns only when something failed, with the error in `errno`.
///
/// # Safety
/// Only between fork and exec; the pointer lists end in a null and live.
unsafe fn become_child(
    parent: u32,
    streams: [RawFd; 3],
    protocol: Option<RawFd>,
    cwd: *const libc::c_char,
    program: *const libc::c_char,
    args: &[*const libc::c_char],
    env: &[*const libc::c_char],
) {
    // SAFETY: async-signal-safe calls only, on memory prepared by the caller.
    unsafe {
        libc::setpgid(0, 0);
        #[cfg(target_os = "linux")]
        {
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
            if libc::getppid().unsigned_abs() != parent {
                libc::_exit(127);
            }
        }
        #[cfg(not(target_os = "linux"))]
        let _ = parent;
        libc::signal(libc::SIGPIPE, libc::SIG_DFL);
        for (descriptor, stream) in (0..).zip(streams) {
            if libc::dup2(stream, descriptor) < 0 {
                return;
            }
        }
        // The lowest free descriptors went to the pipes of the streams first, so that neither this end nor the one that
        // tells of a failure is the descriptor that is written over.
        if let Some(protocol) = protocol
            && libc::dup2(protocol, PROTOCOL_DESCRIPTOR) < 0
        {
            return;
        }
        if libc::chdir(cwd) == 0 {
            libc::execve(program, args.as_ptr(), env.as_ptr());
        }
    }
}

/// Whether this process has any child, ended or not.
fn has_children() -> bool {
    // SAFETY: a zeroed `siginfo_t` is valid and lives through the call, which takes no child out of the table.
    unsafe {
        let mut info: libc::siginfo_t = std::mem::zeroed();
        libc::waitid(libc::P_ALL, 0, &raw mut info, libc::WEXITED | libc::WNOHANG | libc::WNOWAIT) == 0
    }
}

/// A small file of the kernel's, read at once: its size is not asked for, which the kernel would not know.
pub(super) fn read_small(path: &str) -> Option<String> {
    let mut buffer = [0; 4096];
    let count = File::open(path).ok()?.read(&mut buffer).ok()?;
    std::str::from_utf8(&buffer[..count]).ok().map(str::to_owned)
}

/// A pipe whose ends are closed at `exec`: the end to read, the end to write.
fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let (read, write) = io::pipe()?;
    Ok((read.into(), write.into()))
}

/// A descriptor that becomes readable when a child ends.
#[cfg(target_os = "linux")]
fn end_of(pid: libc::pid_t) -> io::Result<OwnedFd> {
    // SAFETY: the call makes a new descriptor that nobody else owns.
    unsafe {
        let descriptor = libc::syscall(libc::SYS_pidfd_open, pid, 0);
        if descriptor < 0 {
            Err(io::Error::last_os_error())
        } else {
            Ok(OwnedFd::from_raw_fd(RawFd::try_from(descriptor).expect("a descriptor fits")))
        }
    }
}

/// A descriptor that becomes readable when a child ends: a thread waits for it without taking it out of the table.
#[cfg(not(target_os = "linux"))]
fn end_of(pid: libc::pid_t) -> io::Result<OwnedFd> {
    let (read, write) = pipe()?;
    std::thread::spawn(move || {
        // SAFETY: a zeroed `siginfo_t` is valid and lives through the call.
        unsafe {
            let mut info: libc::siginfo_t = std::mem::zeroed();
            libc::waitid(libc::P_PID, pid.unsigned_abs(), &raw mut info, libc::WEXITED | libc::WNOWAIT);
        }
        drop(write);
    });
    Ok(read)
}

fn usage_of(usage: &libc::rusage) -> Usage {
    // The width of these fields differs between systems.
    fn number(value: impl Into<i64>) -> u64 {
        u64::try_from(value.into()).unwrap_or_default()
    }
    let time = |time: libc::timeval| number(time.tv_sec) * 1_000_000_000 + number(time.tv_usec) * 1000;
    // Linux counts the peak in KiB, macOS in bytes.
    let peak_unit = if cfg!(target_os = "macos") { 1 } else { 1024 };
    Usage {
        user_ns: time(usage.ru_utime),
        system_ns: time(usage.ru_stime),
        peak_memory_bytes: number(usage.ru_maxrss) * peak_unit,
        page_faults: number(usage.ru_minflt) + number(usage.ru_majflt),
        context_switches: number(usage.ru_nvcsw) + number(usage.ru_nivcsw),
        bytes_read: None,
        bytes_written: None,
        counts: super::Counts::default(),
    }
}
