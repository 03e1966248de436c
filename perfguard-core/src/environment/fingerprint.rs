//! What machine this is: the facts that decide whether two runs may be compared, and nothing that merely varies.

use std::collections::BTreeSet;
use std::path::Path;

use crate::model::Environment;

/// Reads the facts from the running system.
pub fn detect() -> Environment {
    detect_below(Path::new("/"))
}

/// Reads the facts from a file system's root, so that tests can bring their own.
pub(super) fn detect_below(root: &Path) -> Environment {
    let read = |path: &str| fs_err::read_to_string(root.join(path)).unwrap_or_default();
    let cpus = read("proc/cpuinfo");
    let field = |names: &[&str]| {
        let value = cpus.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            names.contains(&name.trim()).then(|| value.trim().to_owned())
        });
        value.filter(|value| !value.is_empty())
    };
    let flags = field(&["flags", "Features"]).unwrap_or_default();
    let flags: BTreeSet<&str> = flags.split_whitespace().collect();
    let flags_text = flags.iter().copied().collect::<Vec<_>>().join(" ");
    let model = field(&["model name", "Model", "Hardware"]).or_else(|| field(&["CPU part"]));
    let kernel = read("proc/sys/kernel/osrelease");
    Environment {
        architecture: std::env::consts::ARCH.to_owned(),
        cpu_model: model.unwrap_or_else(|| "unknown".to_owned()),
        cpu_flags_hash: blake3::hash(flags_text.as_bytes()).to_hex()[..16].to_owned(),
        physical_cores: physical_cores(&cpus),
        operating_system: std::env::consts::OS.to_owned(),
        kernel_major: kernel.split('.').next().unwrap_or_default().trim().to_owned(),
        virtualisation: virtualisation(root, &flags),
    }
}

/// Distinct pairs of package and core; where the kernel does not tell, the processors.
fn physical_cores(cpus: &str) -> u32 {
    let mut cores = BTreeSet::new();
    let mut processors: u32 = 0;
    let (mut package, mut core) = ("", None);
    for line in cpus.lines().chain([""]) {
        let (name, value) = line.split_once(':').map_or((line.trim(), ""), |(name, value)| (name.trim(), value.trim()));
        match name {
            "processor" => processors += 1,
            "physical id" => package = value,
            "core id" => core = Some(value),
            "" => {
                if let Some(core) = core.take() {
                    cores.insert((package, core));
                }
                package = "";
            }
            _ => {}
        }
    }
    if cores.is_empty() { processors.max(1) } else { u32::try_from(cores.len()).unwrap_or(u32::MAX) }
}

/// The container technology around this process, by the traces that it leaves.
pub(super) fn container(root: &Path) -> Option<String> {
    let groups = fs_err::read_to_string(root.join("proc/1/cgroup")).unwrap_or_default();
    if root.join(".dockerenv").exists() || groups.contains("docker") {
        return Some("docker".to_owned());
    }
    if root.join("run/.containerenv").exists() {
        return Some("podman".to_owned());
    }
    if groups.contains("kubepods") {
        return Some("kubernetes".to_owned());
    }
    let told = fs_err::read_to_string(root.join("run/systemd/container")).ok()?;
    Some(told.trim().to_owned())
}

/// A container or hypervisor; `none` on bare metal.
fn virtualisation(root: &Path, flags: &BTreeSet<&str>) -> String {
    let mut found: Vec<String> = container(root).into_iter().collect();
    // Only x86 has a flag for it; elsewhere the firmware's vendor is all there is.
    if flags.contains("hypervisor") {
        let vendor = fs_err::read_to_string(root.join("sys/class/dmi/id/sys_vendor")).unwrap_or_default();
        let vendor = vendor.trim();
        found.push(if vendor.is_empty() { "hypervisor".to_owned() } else { vendor.to_owned() });
    }
    if found.is_empty() { "none".to_owned() } else { found.join(" on ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file system root of two hyper-threaded cores.
    fn laptop(mhz: &str, load: &str) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = root.path().join(path);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, text).unwrap();
        };
        let cpu = |number: u32, core: u32| {
            format!(
                "processor\t: {number}\nmodel name\t: Fast CPU\ncpu MHz\t\t: {mhz}\nphysical id\t: 0\ncore id\t\t: {core}\n\
                 flags\t\t: sse2 avx2\nbogomips\t: {mhz}\n\n"
            )
        };
        write("proc/cpuinfo", &[cpu(0, 0), cpu(1, 1), cpu(2, 0), cpu(3, 1)].concat());
        write("proc/sys/kernel/osrelease", "6.12.4-arch1\n");
        write("proc/loadavg", load);
        root
    }

    #[test]
    fn clocks_and_load_do_not_change_the_fingerprint() {
        let (calm, busy) = (laptop("800.1", "0.0"), laptop("4100.9", "9.9"));
        let facts = detect_below(calm.path());
        assert_eq!(facts.fingerprint(), detect_below(busy.path()).fingerprint());
        assert_eq!((facts.physical_cores, facts.cpu_model.as_str()), (2, "Fast CPU"));
        assert_eq!((facts.kernel_major.as_str(), facts.virtualisation.as_str()), ("6", "none"));
    }

    #[test]
    fn a_container_is_another_environment() {
        let (host, container) = (laptop("1", "0"), laptop("1", "0"));
        fs_err::write(container.path().join(".dockerenv"), "").unwrap();
        let facts = detect_below(container.path());
        assert_eq!(facts.virtualisation, "docker");
        assert_ne!(facts.fingerprint(), detect_below(host.path()).fingerprint());
    }

    #[test]
    fn a_system_that_tells_nothing_has_a_fingerprint_all_the_same() {
        let empty = tempfile::tempdir().unwrap();
        let facts = detect_below(empty.path());
        assert_eq!((facts.physical_cores, facts.cpu_model.as_str()), (1, "unknown"));
    }
}
