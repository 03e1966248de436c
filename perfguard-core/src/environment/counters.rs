//! Whether the kernel lets processes be counted by the processor: by trying it.

use std::io;

use crate::model::Ability;
use crate::process::{CounterEvent, try_counter};

/// What lets counters be read, where it is the kernel's setting that forbids it.
pub(super) const GRANT_COUNTERS: &str = "sudo sysctl kernel.perf_event_paranoid=2";

/// Whether instructions can be counted.
pub fn hardware_counters() -> Ability {
    match try_counter(CounterEvent::INSTRUCTIONS) {
        Ok(()) => Ability::works("perf_event_open"),
        Err(error) => Ability::fails(reason(&error)),
    }
}

/// Tries a counter.
///
/// # Errors
/// Why it cannot be had here, in one line, with what would help where something does.
pub fn counter(event: CounterEvent) -> Result<(), String> {
    try_counter(event).map_err(|error| {
        let paranoid = fs_err::read_to_string("/proc/sys/kernel/perf_event_paranoid").ok();
        refusal(&error, paranoid.and_then(|text| text.trim().parse().ok()))
    })
}

/// Why a counter cannot be had, without what would help.
fn reason(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(libc::EACCES | libc::EPERM) => "the kernel does not grant them to this user".to_owned(),
        Some(libc::ENOENT | libc::ENODEV | libc::EOPNOTSUPP) => {
            "the processor has none that could be read (virtual machines often hide them)".to_owned()
        }
        Some(libc::ENOSYS) if cfg!(target_os = "linux") => "the kernel was built without them".to_owned(),
        Some(libc::ENOSYS) => "only Linux has perf_event_open".to_owned(),
        _ => error.to_string(),
    }
}

/// The same with what would help, given the kernel's setting.
fn refusal(error: &io::Error, paranoid: Option<i32>) -> String {
    /// Up to this, the kernel lets every user count what happens in user space.
    const GRANTED: i32 = 2;
    let reason = reason(error);
    match (error.raw_os_error(), paranoid) {
        (Some(libc::EACCES | libc::EPERM), Some(level)) if level > GRANTED => {
            format!("{reason}: perf_event_paranoid is {level}, `{GRANT_COUNTERS}` grants them")
        }
        (Some(libc::EACCES | libc::EPERM), _) => {
            format!("{reason}: a sandbox forbids perf_event_open (of a container, `--cap-add PERFMON` grants it)")
        }
        _ => reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_is_one_line_that_says_what_would_help() {
        let told = |number, paranoid| refusal(&io::Error::from_raw_os_error(number), paranoid);
        let setting = told(libc::EACCES, Some(4));
        assert!(setting.contains("perf_event_paranoid is 4") && setting.contains(GRANT_COUNTERS), "{setting}");
        for paranoid in [Some(2), Some(-1), None] {
            assert!(told(libc::EPERM, paranoid).contains("sandbox"), "{paranoid:?}");
        }
        for number in [libc::ENOENT, libc::ENODEV, libc::EOPNOTSUPP] {
            assert!(told(number, Some(2)).contains("virtual machines"));
        }
        assert!(!told(libc::ENOSYS, None).contains('\n'));
        assert_eq!(told(libc::EMFILE, Some(4)), io::Error::from_raw_os_error(libc::EMFILE).to_string());
    }
}
