//! The launcher with real children: exits, limits, what is left behind, what is counted.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking and starts processes itself"
)]

mod common;

use std::os::fd::AsFd;
use std::time::Duration;

use common::multicall;
use perfguard_core::cancel::CancellationToken;
use perfguard_core::process::{CommandSpec, Count, CounterEvent, Exit, Finished, Launcher, Limits, ProcessError};

fn sh(script: &str) -> CommandSpec {
    CommandSpec {
        program: "/bin/sh".into(),
        args: vec!["-c".into(), script.into()],
        env: vec![("PATH".into(), "/usr/bin:/bin".into()), ("MARK".into(), "x y".into())],
        cwd: "/tmp".into(),
        input: None,
    }
}

const LIMITS: Limits = Limits { timeout: Duration::from_mins(1), output_bytes: 1 << 20 };

fn run(script: &str, limits: Limits) -> Finished {
    Launcher::start(&multicall()).unwrap().run(&sh(script), limits, &CancellationToken::new()).unwrap()
}

#[test]
fn a_child_has_the_given_environment_directory_and_no_input() {
    let finished = run("pwd; env | sort; cat; echo problem >&2; exit 7", LIMITS);
    assert_eq!(finished.exit, Exit::Code(7));
    let out = String::from_utf8(finished.stdout).unwrap();
    assert_eq!(out.lines().next(), Some("/tmp"));
    assert!(out.contains("MARK=x y"), "{out}");
    assert!(!out.contains("CARGO"), "nothing is inherited: {out}");
    assert_eq!(finished.stderr, b"problem\n");
    assert!(finished.usage.page_faults > 0 && finished.wall_ns > 0);
}

#[test]
fn one_launcher_serves_many_children() {
    let mut launcher = Launcher::start(&multicall()).unwrap();
    for code in 0..50 {
        assert_eq!(
            launcher.run(&sh(&format!("exit {code}")), LIMITS, &CancellationToken::new()).unwrap().exit,
            Exit::Code(code)
        );
    }
}

#[test]
fn a_signal_a_time_limit_and_a_flood_are_told_apart() {
    assert_eq!(run("kill -SEGV $$", LIMITS).exit, Exit::Signal(11));
    let short = Limits { timeout: Duration::from_millis(50), ..LIMITS };
    assert_eq!(run("trap '' TERM; sleep 600", short).exit, Exit::TimedOut);
    let small = Limits { output_bytes: 1000, ..LIMITS };
    let flooded = run("while :; do echo flood; done", small);
    assert_eq!((flooded.exit, flooded.stdout.len()), (Exit::FloodedOutput, 1000));
}

#[test]
fn output_larger_than_a_pipe_is_kept_whole() {
    let finished = run("head -c 300000 /dev/zero", LIMITS);
    assert_eq!((finished.exit, finished.stdout.len()), (Exit::Code(0), 300_000));
    assert!(finished.usage.bytes_written.is_some_and(|bytes| bytes >= 300_000), "{:?}", finished.usage);
}

#[test]
fn a_program_that_is_not_there_is_an_error_and_the_launcher_goes_on() {
    let mut launcher = Launcher::start(&multicall()).unwrap();
    let missing = CommandSpec { program: "/no/such/program".into(), ..sh("") };
    let error = launcher.run(&missing, LIMITS, &CancellationToken::new()).unwrap_err();
    assert!(
        matches!(&error, ProcessError::Start { source, .. } if source.kind() == std::io::ErrorKind::NotFound),
        "{error:?}"
    );
    assert_eq!(launcher.run(&sh("exit 0"), LIMITS, &CancellationToken::new()).unwrap().exit, Exit::Code(0));
}

#[test]
fn a_killed_child_is_said_to_be_killed_and_polling_sees_its_end() {
    let mut launcher = Launcher::start(&multicall()).unwrap();
    let mut running = launcher.spawn(&sh("echo ready; sleep 600"), LIMITS).unwrap();
    running.kill().unwrap();
    let mut fds = [nix::poll::PollFd::new(running.as_fd(), nix::poll::PollFlags::POLLIN)];
    nix::poll::poll(&mut fds, nix::poll::PollTimeout::NONE).unwrap();
    assert_eq!(running.wait().unwrap().exit, Exit::Killed);
}

#[test]
fn grandchildren_are_gone_when_the_child_has_ended() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pids");
    let path = file.display();
    // One stays in the group, one leaves it with a session of its own; both tell who they are before the child ends.
    let script = format!(
        "touch {path}; sleep 600 & echo $! >> {path}; setsid sh -c 'echo $$ >> {path}; exec sleep 600' & \
         while [ $(wc -l < {path}) -lt 2 ]; do :; done; exit 0"
    );
    let finished = run(&script, LIMITS);
    assert_eq!((finished.exit, finished.left_behind), (Exit::Code(0), 2));
    for pid in std::fs::read_to_string(&file).unwrap().split_whitespace() {
        let state = std::fs::read_to_string(format!("/proc/{pid}/stat"));
        assert!(state.is_err() || state.unwrap().contains(") Z "), "process {pid} is still there");
    }
}

#[test]
fn a_child_reads_the_file_that_it_is_given_as_input() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("input");
    std::fs::write(&file, "line\n").unwrap();
    let mut launcher = Launcher::start(&multicall()).unwrap();
    let spec = CommandSpec { input: Some(file), ..sh("cat") };
    assert_eq!(launcher.run(&spec, LIMITS, &CancellationToken::new()).unwrap().stdout, b"line\n");
    let missing = CommandSpec { input: Some("/no/such/file".into()), ..sh("cat") };
    assert!(launcher.run(&missing, LIMITS, &CancellationToken::new()).is_err());
}

#[test]
fn grandchildren_in_nested_sessions_are_gone_too() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pid");
    let script = format!(
        "setsid sh -c 'setsid sh -c \"echo \\$\\$ > {0}; exec sleep 600\" & wait' & while [ ! -s {0} ]; do :; done",
        file.display()
    );
    assert_eq!(run(&script, LIMITS).exit, Exit::Code(0));
    let pid = std::fs::read_to_string(&file).unwrap().trim().to_owned();
    assert!(std::fs::read_to_string(format!("/proc/{pid}/stat")).is_err(), "process {pid} is still there");
}

#[test]
fn a_child_that_writes_much_does_not_raise_the_peak_of_the_next() {
    let mut launcher = Launcher::start(&multicall()).unwrap();
    let mut peak = |script: &str| {
        let limits = Limits { output_bytes: 64 << 20, ..LIMITS };
        launcher.run(&sh(script), limits, &CancellationToken::new()).unwrap().usage.peak_memory_bytes
    };
    let before = peak("exit 0");
    peak("head -c 33554432 /dev/zero");
    let after = peak("exit 0");
    assert!(after < before + (1 << 20), "{before} bytes before, {after} after");
}

#[test]
fn output_over_the_limit_is_a_flood_even_when_the_child_has_ended() {
    let limits = Limits { output_bytes: 20_000, ..LIMITS };
    for _ in 0..60 {
        assert_eq!(run("head -c 50000 /dev/zero", limits).exit, Exit::FloodedOutput);
    }
}

#[test]
fn the_child_ends_when_perfguard_is_gone() {
    let mut launcher = Launcher::start(&multicall()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pid");
    let running = launcher.spawn(&sh(&format!("echo $$ > {}; exec sleep 600", file.display())), LIMITS).unwrap();
    let mut pid = String::new();
    while !pid.ends_with('\n') {
        pid = std::fs::read_to_string(&file).unwrap_or_default();
    }
    std::mem::forget(running);
    drop(launcher);
    let state = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim()));
    assert!(state.is_err(), "process {pid} is still there");
}

#[test]
fn the_peak_of_a_tiny_program_does_not_count_a_fat_parent() {
    let mut launcher = Launcher::start(&multicall()).unwrap();
    let fat = vec![1_u8; 80 << 20];
    let mut spec = sh("");
    (spec.program, spec.args) = ("/bin/true".into(), Vec::new());
    let through_launcher = launcher.run(&spec, LIMITS, &CancellationToken::new()).unwrap().usage.peak_memory_bytes;
    assert!(through_launcher < 4 << 20, "{through_launcher} bytes through the launcher");
    // The reason for the launcher: started directly, the same program has the parent's peak.
    let mut direct = std::process::Command::new("/bin/true").spawn().unwrap();
    let pid = i32::try_from(direct.id()).unwrap();
    #[expect(unsafe_code, reason = "wait4 has no safe face")]
    // SAFETY: a zeroed `rusage` is valid, and the pointers live through the call.
    let peak = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::wait4(pid, std::ptr::null_mut(), 0, &raw mut usage);
        usage.ru_maxrss * 1024
    };
    direct.wait().ok();
    assert!(fat[1 << 20] == 1 && peak > 40 << 20, "{peak} bytes directly");
}

#[test]
fn cancelling_ends_the_child() {
    let cancel = CancellationToken::new();
    cancel.cancel();
    let finished = Launcher::start(&multicall()).unwrap().run(&sh("sleep 600"), LIMITS, &cancel).unwrap();
    assert_eq!(finished.exit, Exit::Killed);
}

/// What a counter of the kernel's said of a child.
#[cfg(target_os = "linux")]
fn counted(finished: &Finished, event: CounterEvent) -> Count {
    let counted = finished.usage.counts.get(event).expect("it was asked for");
    counted.unwrap_or_else(|error| {
        let error = std::io::Error::from_raw_os_error(error);
        panic!(
            "the kernel grants no counter ({error}): `sudo sysctl kernel.perf_event_paranoid=2`; in a container, a \
                seccomp profile that allows perf_event_open"
        )
    })
}

#[test]
#[cfg(target_os = "linux")]
fn counters_follow_a_child_over_exec_into_its_threads_and_its_children() {
    let mut launcher = Launcher::start(&multicall()).unwrap();
    launcher.count(vec![CounterEvent::TASK_CLOCK, CounterEvent::PAGE_FAULTS]);
    let program = multicall().display().to_string();
    // The threads of the program itself, and those of children of a shell.
    for script in [format!("exec {program} __threads"), format!("{program} __threads; {program} __threads")] {
        let finished = launcher.run(&sh(&script), LIMITS, &CancellationToken::new()).unwrap();
        assert_eq!(finished.exit, Exit::Code(0));
        let clock = counted(&finished, CounterEvent::TASK_CLOCK);
        let used = finished.usage.user_ns + finished.usage.system_ns;
        // The kernel's two accounts of one thing; the first thread alone has next to nothing of it.
        assert!(clock.value > used / 2 && clock.value < 2 * used, "{clock:?} of {used} ns used");
        assert!(!clock.is_scaled() && clock.running_ns > 0, "{clock:?}");
        let faults = counted(&finished, CounterEvent::PAGE_FAULTS).value;
        assert!(faults > 0 && faults <= finished.usage.page_faults, "{faults} of {}", finished.usage.page_faults);
    }
}

#[test]
fn nothing_is_counted_unasked_and_a_program_that_is_not_there_is_an_error_with_counters_too() {
    let mut launcher = Launcher::start(&multicall()).unwrap();
    let exit = |launcher: &mut Launcher| launcher.run(&sh("exit 0"), LIMITS, &CancellationToken::new()).unwrap();
    assert_eq!(exit(&mut launcher).usage.counts.iter().count(), 0);
    launcher.count(vec![CounterEvent::TASK_CLOCK]);
    let missing = CommandSpec { program: "/no/such/program".into(), ..sh("") };
    assert!(launcher.run(&missing, LIMITS, &CancellationToken::new()).is_err());
    assert_eq!(exit(&mut launcher).usage.counts.iter().count(), 1);
    launcher.count(Vec::new());
    assert_eq!(exit(&mut launcher).usage.counts.iter().count(), 0);
}

#[test]
#[cfg(target_os = "linux")]
fn a_timeline_sums_up_over_a_child_and_all_that_it_started() {
    let mut launcher = Launcher::start(&multicall()).unwrap();
    launcher.sample(Some(Duration::from_millis(1)));
    let mut running = launcher.spawn(&sh("head -c 100000 /dev/zero; sleep 600 & sleep 600 & wait"), LIMITS).unwrap();
    assert!(!running.has_ended_within(Duration::from_millis(300)));
    running.kill().unwrap();
    let timeline = running.wait().unwrap().timeline.expect("it was asked for");
    let last = timeline.points.last().expect("there was time for some");
    assert_eq!(last.threads, 3, "{last:?}");
    assert!(last.resident_bytes > 0 && timeline.cost_ns > 0 && last.at_ns >= timeline.period_ns, "{last:?}");
    assert!(last.bytes_written.is_none_or(|bytes| bytes >= 100_000), "what ended is in its parent's account: {last:?}");
    assert!(timeline.points.windows(2).all(|two| two[0].at_ns < two[1].at_ns));
    launcher.sample(None);
    assert_eq!(launcher.run(&sh("exit 0"), LIMITS, &CancellationToken::new()).unwrap().timeline, None);
}
