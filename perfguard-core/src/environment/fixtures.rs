//! Roots of systems for tests: what `proc` and `sys` hold on machines of several kinds.

use std::path::Path;

/// A root in a temporary folder.
pub(crate) struct Tree(tempfile::TempDir);

impl Tree {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder can be made"))
    }

    pub(crate) fn root(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.0.path().join(path);
        fs_err::create_dir_all(path.parent().expect("a file has a folder")).expect("folders can be made");
        fs_err::write(path, text).expect("files can be written");
    }

    fn with(files: &[(&str, &str)]) -> Self {
        let tree = Self::new();
        for (path, text) in files {
            tree.write(path, text);
        }
        tree
    }

    /// What is in `proc/cpuinfo` of so many processors on so many cores.
    fn processors(&self, processors: u32, cores: u32, flags: &str) {
        let one = |number: u32| {
            format!(
                "processor\t: {number}\nmodel name\t: Some Processor 1\nphysical id\t: 0\ncore id\t\t: {}\nflags\t\t: {flags}\n\n",
                number % cores
            )
        };
        self.write("proc/cpuinfo", &(0..processors).map(one).collect::<String>());
    }

    /// Four cores, nothing to do, frequencies fixed: as it should be.
    pub(crate) fn quiet_server() -> Self {
        let tree = Self::with(&[
            ("proc/stat", "cpu  5000 0 4000 990000 1000 0 0 0 0 0\ncpu0 1\ncpu1 1\ncpu2 1\ncpu3 1\nintr 5\n"),
            ("proc/loadavg", "0.05 0.02 0.01 1/150 999\n"),
            ("proc/pressure/cpu", "some avg10=0.00 avg60=0.00 avg300=0.00 total=1000\n"),
            ("proc/pressure/memory", "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"),
            ("proc/pressure/io", "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"),
            ("proc/self/stat", "9 (perfguard) R 1 9 9 0 -1 0 0 0 0 0 4 3 2 1 20 0 1 0\n"),
            ("proc/self/status", "Name:\tperfguard\nCpus_allowed_list:\t0-3\n"),
            ("proc/self/cgroup", "0::/user.slice\n"),
            ("proc/meminfo", "MemTotal:       64000000 kB\nMemFree: 1 kB\nMemAvailable:   60000000 kB\n"),
            ("proc/sys/kernel/osrelease", "6.12.4\n"),
            ("proc/sys/kernel/perf_event_paranoid", "2\n"),
            ("sys/fs/cgroup/user.slice/cpu.max", "max 100000\n"),
            ("sys/devices/system/cpu/online", "0-3\n"),
            ("sys/devices/system/cpu/smt/active", "0\n"),
            ("sys/devices/system/cpu/cpufreq/boost", "0\n"),
            ("sys/devices/system/cpu/cpufreq/policy0/scaling_governor", "performance\n"),
            ("sys/devices/system/cpu/cpufreq/policy0/scaling_driver", "acpi-cpufreq\n"),
            ("sys/devices/system/cpu/cpufreq/policy0/scaling_cur_freq", "2000000\n"),
            ("sys/devices/system/cpu/cpufreq/policy1/scaling_governor", "performance\n"),
            ("sys/devices/system/cpu/cpufreq/policy1/scaling_cur_freq", "2100000\n"),
            ("sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc\n"),
            ("sys/class/power_supply/AC/type", "Mains\n"),
            ("sys/class/power_supply/AC/online", "1\n"),
        ]);
        tree.processors(4, 4, "sse2");
        tree
    }

    /// Two cores with two threads each, on battery, saving power, hot at times.
    pub(crate) fn laptop_on_battery() -> Self {
        let tree = Self::with(&[
            ("proc/stat", "cpu  300 0 100 9600 0 0 0 0 0 0\ncpu0 1\ncpu1 1\ncpu2 1\ncpu3 1\n"),
            ("proc/loadavg", "0.90 0.80 0.70 1/900 999\n"),
            ("proc/pressure/cpu", "some avg10=0.00 avg60=0.00 avg300=0.00 total=1000\n"),
            ("proc/meminfo", "MemTotal:       16000000 kB\nMemAvailable:    9000000 kB\n"),
            ("proc/sys/kernel/osrelease", "6.8.0-generic\n"),
            ("proc/sys/kernel/perf_event_paranoid", "4\n"),
            ("sys/devices/system/cpu/online", "0-3\n"),
            ("sys/devices/system/cpu/smt/active", "1\n"),
            ("sys/devices/system/cpu/intel_pstate/no_turbo", "0\n"),
            ("sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count", "12\n"),
            ("sys/devices/system/cpu/cpufreq/policy0/scaling_governor", "powersave\n"),
            ("sys/devices/system/cpu/cpufreq/policy0/scaling_driver", "intel_pstate\n"),
            ("sys/devices/system/cpu/cpufreq/policy0/cpuinfo_min_freq", "400000\n"),
            ("sys/devices/system/cpu/cpufreq/policy0/cpuinfo_max_freq", "4400000\n"),
            ("sys/devices/system/cpu/cpufreq/policy0/base_frequency", "1800000\n"),
            ("sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc\n"),
            ("sys/class/power_supply/AC/type", "Mains\n"),
            ("sys/class/power_supply/AC/online", "0\n"),
            ("sys/class/power_supply/BAT0/type", "Battery\n"),
            ("sys/class/power_supply/BAT0/status", "Discharging\n"),
            ("sys/class/power_supply/hidpp_battery_0/type", "Battery\n"),
            ("sys/class/power_supply/hidpp_battery_0/scope", "Device\n"),
            ("sys/class/power_supply/hidpp_battery_0/status", "Full\n"),
        ]);
        tree.processors(4, 2, "sse2");
        tree
    }

    /// The quiet server with turbo.
    pub(crate) fn turbo_on() -> Self {
        let tree = Self::quiet_server();
        tree.write("sys/devices/system/cpu/cpufreq/boost", "1\n");
        tree.write("sys/devices/system/cpu/cpu0/acpi_cppc/nominal_freq", "3400\n");
        tree.write("sys/devices/system/cpu/cpufreq/policy0/cpuinfo_min_freq", "1400000\n");
        tree.write("sys/devices/system/cpu/cpufreq/policy0/cpuinfo_max_freq", "4900000\n");
        tree
    }

    /// A container that may use two of eight processors and shows nothing of `sys` but its groups.
    pub(crate) fn container_no_sysfs() -> Self {
        let tree = Self::with(&[
            (".dockerenv", ""),
            ("proc/stat", "cpu  5000 0 4000 990000 1000 0 0 0 0 0\ncpu0 1\n"),
            ("proc/loadavg", "2.50 2.00 1.00 1/150 999\n"),
            ("proc/self/status", "Cpus_allowed_list:\t2,5\n"),
            ("proc/self/cgroup", "4:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc\n"),
            ("proc/meminfo", "MemTotal:       32000000 kB\nMemAvailable:   16000000 kB\n"),
            ("proc/sys/kernel/osrelease", "5.15.0\n"),
            ("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "200000\n"),
            ("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n"),
            ("sys/fs/cgroup/cpu,cpuacct/cpu.stat", "nr_periods 10\nnr_throttled 5\nthrottled_time 9\n"),
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"),
            ("sys/fs/cgroup/memory/memory.usage_in_bytes", "1000\n"),
        ]);
        tree.processors(8, 8, "sse2");
        tree
    }

    /// Two processors of a hypervisor that gives them to others at times.
    pub(crate) fn ci_vm_with_steal() -> Self {
        let tree = Self::with(&[
            ("proc/stat", "cpu  3000 0 1000 5200 0 0 0 800 0 0\ncpu0 1\ncpu1 1\n"),
            ("proc/loadavg", "3.20 2.00 1.00 4/150 999\n"),
            ("proc/pressure/cpu", "some avg10=12.00 avg60=8.00 avg300=5.00 total=5000\n"),
            ("proc/self/status", "Cpus_allowed_list:\t0-1\n"),
            ("proc/meminfo", "MemTotal:       7000000 kB\nMemAvailable:   300000 kB\n"),
            ("proc/sys/kernel/osrelease", "6.5.0-azure\n"),
            ("proc/sys/kernel/perf_event_paranoid", "4\n"),
            ("sys/devices/system/cpu/online", "0-1\n"),
            ("sys/devices/system/cpu/smt/active", "0\n"),
            ("sys/devices/system/clocksource/clocksource0/current_clocksource", "hyperv_clocksource_tsc_page\n"),
            ("sys/class/dmi/id/sys_vendor", "Microsoft Corporation\n"),
        ]);
        tree.processors(2, 2, "sse2 hypervisor");
        tree
    }
}
