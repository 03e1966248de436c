//! Reads what machine this is and how it stands, below a root, so that tests can bring their own.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::monitor::ticks;
use super::{fingerprint, group_limits};
use crate::model::{FrequencyFacts, MachineFacts};

/// Where the kernel tells of processors.
const PROCESSORS: &str = "sys/devices/system/cpu";

/// Files that turn turbo off: what they hold while it is on, and what turns it off.
const TURBO_SWITCHES: [(&str, &str, &str); 2] =
    [("sys/devices/system/cpu/intel_pstate/no_turbo", "0", "1"), ("sys/devices/system/cpu/cpufreq/boost", "1", "0")];

/// Reads the facts of the system whose root this is.
pub fn machine_below(root: &Path) -> MachineFacts {
    let environment = fingerprint::detect_below(root);
    let read = |path: &str| read(&root.join(path));
    let processors = ["sys/devices/system/cpu/online"].iter().find_map(|path| count_of_list(&read(path)?));
    let listed = || {
        let cpus = read("proc/cpuinfo").unwrap_or_default();
        u32::try_from(cpus.lines().filter(|line| line.starts_with("processor")).count()).unwrap_or(u32::MAX)
    };
    let processors = processors.unwrap_or_else(listed).max(1);
    let status = read("proc/self/status").unwrap_or_default();
    let allowed = status.lines().find_map(|line| count_of_list(line.strip_prefix("Cpus_allowed_list:")?));
    let total = read("proc/stat").and_then(|text| ticks(&text)).filter(|ticks| ticks.total > 0);
    #[expect(clippy::cast_precision_loss, reason = "a share to be shown")]
    let steal_since_start = total.map(|ticks| ticks.steal as f64 / ticks.total as f64);
    MachineFacts {
        kernel: read("proc/sys/kernel/osrelease"),
        processors,
        allowed: allowed.unwrap_or(processors).min(processors),
        shared_cores: match read("sys/devices/system/cpu/smt/active").as_deref() {
            Some("1") => Some(true),
            Some("0") => Some(false),
            _ => read("proc/cpuinfo").map(|_| processors > environment.physical_cores),
        },
        mixed_cores: has_mixed_cores(root),
        virtual_machine: is_virtual(root),
        container: fingerprint::container(root),
        frequency: frequency(root),
        on_battery: on_battery(root),
        throttled: throttled(root),
        memory_bytes: memory(&read("proc/meminfo").unwrap_or_default()),
        limits: group_limits::below(root),
        steal_since_start,
        tells_pressure: root.join("proc/pressure/cpu").exists(),
        clock_source: read("sys/devices/system/clocksource/clocksource0/current_clocksource"),
        perf_event_paranoid: read("proc/sys/kernel/perf_event_paranoid").and_then(|text| text.parse().ok()),
        environment,
    }
}

/// A file's text without the space around it; `None` where there is none.
pub(super) fn read(path: &Path) -> Option<String> {
    let text = fs_err::read_to_string(path).ok()?;
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// How many numbers `0-3,8` names.
fn count_of_list(text: &str) -> Option<u32> {
    text.trim().split(',').map(count_of_range).sum()
}

fn count_of_range(text: &str) -> Option<u32> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last): (u32, u32) = (first.parse().ok()?, last.parse().ok()?);
    last.checked_sub(first)?.checked_add(1)
}

/// The folders below one whose names begin so and go on with a number, sorted.
fn numbered(folder: &Path, beginning: &str) -> Vec<PathBuf> {
    let items = fs_err::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = items
        .filter(|item| {
            let name = item.file_name();
            let rest = name.to_str().and_then(|name| name.strip_prefix(beginning));
            rest.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
        })
        .map(|item| item.path())
        .collect();
    found.sort();
    found
}

/// The groups of processors that share a frequency.
pub(super) fn frequency_groups(root: &Path) -> Vec<PathBuf> {
    numbered(&root.join(PROCESSORS).join("cpufreq"), "policy")
}

fn frequency(root: &Path) -> FrequencyFacts {
    let groups = frequency_groups(root);
    let number = |path: PathBuf| -> Option<u64> { read(&path)?.parse().ok() };
    let governors: BTreeSet<String> = groups.iter().filter_map(|group| read(&group.join("scaling_governor"))).collect();
    let all = |file: &str| groups.iter().filter_map(|group| number(group.join(file))).collect::<Vec<_>>();
    let (lowest, highest) = (all("cpuinfo_min_freq"), all("cpuinfo_max_freq"));
    let base = all("base_frequency").into_iter().max();
    // In MHz; the way in which AMD's processors tell it.
    let nominal = || number(root.join(PROCESSORS).join("cpu0/acpi_cppc/nominal_freq")).map(|mhz| mhz * 1000);
    let switch = TURBO_SWITCHES.iter().find_map(|(path, on, off)| Some((read(&root.join(path))? == *on, *path, *off)));
    FrequencyFacts {
        driver: groups.first().and_then(|group| read(&group.join("scaling_driver"))),
        governors: governors.into_iter().collect(),
        turbo: switch.map(|(on, ..)| on),
        turbo_switch: switch.map(|(_, path, off)| (path, off)),
        range_khz: lowest.into_iter().min().zip(highest.into_iter().max()),
        base_khz: base.or_else(nominal),
    }
}

/// Whether cores differ by design: Intel names two kinds, others tell each core's capacity.
fn has_mixed_cores(root: &Path) -> bool {
    let kinds = ["sys/devices/cpu_core", "sys/devices/cpu_atom"];
    if kinds.iter().all(|kind| root.join(kind).exists()) {
        return true;
    }
    let cpus = numbered(&root.join(PROCESSORS), "cpu");
    let capacities: BTreeSet<String> = cpus.iter().filter_map(|cpu| read(&cpu.join("cpu_capacity"))).collect();
    capacities.len() > 1
}

fn is_virtual(root: &Path) -> bool {
    const VENDORS: [&str; 5] = ["QEMU", "KVM", "VMware", "innotek", "Xen"];
    let cpus = read(&root.join("proc/cpuinfo")).unwrap_or_default();
    let told = cpus.lines().any(|line| {
        line.split_once(':').is_some_and(|(name, flags)| {
            name.trim() == "flags" && flags.split_whitespace().any(|flag| flag == "hypervisor")
        })
    });
    let firmware = ["sys_vendor", "product_name"]
        .iter()
        .filter_map(|name| read(&root.join("sys/class/dmi/id").join(name)))
        .any(|text| VENDORS.iter().any(|vendor| text.contains(vendor)) || text.contains("Virtual Machine"));
    told || firmware || read(&root.join("sys/hypervisor/type")).is_some()
}

/// Whether the machine runs on its battery. Those of mice and keyboards do not count.
fn on_battery(root: &Path) -> Option<bool> {
    let supplies = fs_err::read_dir(root.join("sys/class/power_supply")).ok()?;
    let mut answer = None;
    for supply in supplies.flatten() {
        let read = |name: &str| read(&supply.path().join(name)).unwrap_or_default();
        if read("scope") == "Device" {
            continue;
        }
        match (read("type").as_str(), read("status").as_str(), read("online").as_str()) {
            ("Battery", "Discharging", _) => answer = Some(true),
            ("Battery", ..) | ("Mains", _, "1") => {
                answer.get_or_insert(false);
            }
            _ => {}
        }
    }
    answer
}

/// How often a core was slowed because it was hot.
fn throttled(root: &Path) -> Option<u64> {
    let cpus = numbered(&root.join(PROCESSORS), "cpu");
    let counts = cpus.iter().filter_map(|cpu| read(&cpu.join("thermal_throttle/core_throttle_count"))?.parse().ok());
    counts.max()
}

/// All memory, and what could be had.
fn memory(text: &str) -> Option<(u64, u64)> {
    let field = |name: &str| -> Option<u64> {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        Some(line.trim().trim_end_matches(" kB").trim().parse::<u64>().ok()? * 1024)
    };
    Some((field("MemTotal:")?, field("MemAvailable:")?))
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::Tree;
    use super::*;

    #[test]
    fn a_laptop_on_battery_tells_of_its_battery_its_governor_and_its_shared_cores() {
        let facts = machine_below(Tree::laptop_on_battery().root());
        assert_eq!((facts.processors, facts.environment.physical_cores), (4, 2));
        assert_eq!((facts.on_battery, facts.shared_cores), (Some(true), Some(true)), "the mouse's battery is not it");
        assert_eq!(facts.frequency.governors, ["powersave"]);
        assert_eq!(facts.frequency.turbo, Some(true));
        assert_eq!((facts.throttled, facts.container.as_deref()), (Some(12), None));
        assert!(!facts.virtual_machine && !facts.mixed_cores);
        assert_eq!(facts.memory_bytes, Some((16_000_000 * 1024, 9_000_000 * 1024)));
    }

    #[test]
    fn turbo_is_seen_with_what_turns_it_off_and_how_far_it_reaches() {
        let facts = machine_below(Tree::turbo_on().root()).frequency;
        assert_eq!(facts.turbo, Some(true));
        assert_eq!(facts.turbo_switch, Some(("sys/devices/system/cpu/cpufreq/boost", "0")));
        assert_eq!((facts.base_khz, facts.range_khz), (Some(3_400_000), Some((1_400_000, 4_900_000))));
    }

    #[test]
    fn a_container_without_sysfs_tells_its_limits_and_leaves_the_rest_open() {
        let facts = machine_below(Tree::container_no_sysfs().root());
        assert_eq!(facts.container.as_deref(), Some("docker"));
        assert_eq!((facts.processors, facts.allowed), (8, 2));
        assert_eq!(facts.frequency, FrequencyFacts::default());
        assert_eq!((facts.on_battery, facts.tells_pressure, facts.clock_source), (None, false, None));
    }

    #[test]
    fn a_virtual_machine_is_told_by_its_processor_and_its_steal_is_a_share() {
        let facts = machine_below(Tree::ci_vm_with_steal().root());
        assert!(facts.virtual_machine && facts.container.is_none());
        assert_eq!(facts.steal_since_start, Some(0.08));
        assert!(!machine_below(Tree::quiet_server().root()).virtual_machine);
    }

    #[test]
    fn cores_of_different_capacity_are_mixed() {
        let tree = Tree::quiet_server();
        tree.write("sys/devices/system/cpu/cpu0/cpu_capacity", "1024\n");
        tree.write("sys/devices/system/cpu/cpu1/cpu_capacity", "1024\n");
        assert!(!machine_below(tree.root()).mixed_cores);
        tree.write("sys/devices/system/cpu/cpu1/cpu_capacity", "446\n");
        assert!(machine_below(tree.root()).mixed_cores);
    }

    #[test]
    fn lists_of_processors_are_counted_and_nonsense_is_nothing() {
        assert_eq!(count_of_list("0-3,8\n"), Some(5));
        assert_eq!(count_of_list("0"), Some(1));
        assert_eq!(count_of_list("3-0"), None);
        assert_eq!(count_of_list("x"), None);
    }

    #[test]
    fn a_system_that_tells_nothing_has_one_processor() {
        let empty = tempfile::tempdir().unwrap();
        let facts = machine_below(empty.path());
        assert_eq!((facts.processors, facts.allowed, facts.shared_cores), (1, 1, None));
    }
}
