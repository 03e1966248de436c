//! What the cache, the linker and the tools can do here, and how noisy it is in the end.

use super::{finding, gibibytes, good, percent};
pub(super) use crate::environment::counters::GRANT_COUNTERS;
use crate::model::{Ability, CacheAbilities, FindingLevel, MachineFinding, NoiseFloor, Seen};

const WARNING: FindingLevel = FindingLevel::Warning;
const NOTE: FindingLevel = FindingLevel::Note;

pub(super) const INSTALL_VALGRIND: &str = "sudo apt-get install valgrind";

/// What lets counters be read, where it is the kernel's setting that forbids it.
pub(super) fn grant_counters(seen: &Seen) -> Option<&'static str> {
    seen.machine.perf_event_paranoid.is_some_and(|level| level > 2).then_some(GRANT_COUNTERS)
}

/// Where the cache goes that does not do where it is.
const OTHER_FOLDER: &str = "name a folder on another file system: `PERFGUARD_CACHE=DIR`";

/// Below this, a build may run out of room.
const LITTLE_ROOM: u64 = 2 << 30;
/// Spreads of a pair up to which most comparisons end soon, and beyond which few do.
const QUIET: f64 = 0.02;
const NOISY: f64 = 0.04;

pub(super) fn all(seen: &Seen) -> Vec<MachineFinding> {
    let mut findings = match &seen.cache {
        Ok(cache) => of_cache(cache),
        Err(reason) => {
            let text = format!("the cache directory cannot be used: {reason}");
            vec![finding("cache-unusable", WARNING, text, "nothing can be built or measured", &[OTHER_FOLDER])]
        }
    };
    findings.push(ordering(&seen.ordering));
    findings.push(counters(seen));
    findings.push(valgrind(&seen.valgrind));
    findings.extend(seen.noise.as_ref().ok().map(noise_floor));
    findings
}

fn of_cache(cache: &CacheAbilities) -> Vec<MachineFinding> {
    let folder = &cache.folder;
    let ability = |id, ability: &Ability, does: &str, cost: &str, level| match ability {
        Ability::Works { .. } => good(id, does),
        Ability::Fails { reason } => finding(id, level, format!("`{folder}`: {reason}"), cost, &[OTHER_FOLDER]),
    };
    let mut findings = vec![
        ability(
            "cache-programs",
            &cache.programs,
            "programs in the cache can be started",
            "no benchmark can be started: all of them are built there",
            WARNING,
        ),
        ability(
            "exchange",
            &cache.exchange,
            "folders of the cache change places in one step",
            "each change of side costs three renames, and a crash between them a repair",
            NOTE,
        ),
        ability(
            "hard-links",
            &cache.hard_links,
            "files of the cache can have two names",
            "inputs of links are copied: more room and a slower build",
            NOTE,
        ),
    ];
    if let Some(free) = cache.free_bytes {
        let text = format!("{} are free in the cache's file system", gibibytes(free));
        findings.push(if free >= LITTLE_ROOM {
            good("cache-room", text)
        } else {
            let change = ["`cargo perfguard clean --unused` removes what may go", OTHER_FOLDER];
            finding("cache-room", WARNING, text, "a build may run out of room", &change)
        });
    }
    findings
}

fn ordering(ability: &Ability) -> MachineFinding {
    const ID: &str = "ordering";
    match ability {
        Ability::Works { by } => good(ID, format!("the linker can put functions in an order ({by})")),
        Ability::Fails { reason } => {
            let text = format!("the linker cannot put functions in an order: {reason}");
            let cost = "layouts are not checked: a change may be the place of the code, some percent either way";
            let change = [
                "sudo apt-get install lld",
                "in `.cargo/config.toml`: `[build] rustflags = [\"-C\", \"link-arg=-fuse-ld=lld\"]`",
            ];
            finding(ID, NOTE, text, cost, &change)
        }
    }
}

fn counters(seen: &Seen) -> MachineFinding {
    const ID: &str = "counters";
    match &seen.counters {
        Ability::Works { .. } => good(ID, "hardware counters can be read"),
        Ability::Fails { reason } => {
            let paranoid = seen.machine.perf_event_paranoid;
            let setting = paranoid.map(|level| format!("; perf_event_paranoid is {level}")).unwrap_or_default();
            let text = format!("hardware counters cannot be read: {reason}{setting}");
            let change: Vec<&str> = grant_counters(seen).into_iter().collect();
            let cost = "cycles and cache misses cannot explain a change; instructions can be had from Valgrind";
            finding(ID, NOTE, text, cost, &change)
        }
    }
}

fn valgrind(ability: &Ability) -> MachineFinding {
    const ID: &str = "valgrind";
    match ability {
        Ability::Works { by } => good(ID, format!("{by} is there")),
        Ability::Fails { reason } => {
            let cost = "benchmarks of gungraun cannot run, and instructions cannot be counted";
            finding(ID, NOTE, format!("Valgrind cannot be used: {reason}"), cost, &[INSTALL_VALGRIND])
        }
    }
}

fn noise_floor(noise: &NoiseFloor) -> MachineFinding {
    const ID: &str = "noise-floor";
    let spread = noise.pair_spread;
    let text = format!("pairs of a kernel that never changes spread by {}", percent(spread));
    if spread <= QUIET {
        return good(ID, text);
    }
    let smallest = percent(noise.smallest_in_40);
    let cost = format!("in 40 pairs, a change below {smallest} stays undecided");
    let level = if spread > NOISY { WARNING } else { NOTE };
    let change = ["see to the findings above; a larger `--budget` pays for more pairs"];
    finding(ID, level, text, cost, &change)
}
