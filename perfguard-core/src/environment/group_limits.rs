//! What the control groups around this process grant, in both versions of their file system.

use std::path::{Path, PathBuf};

use super::machine::read;
use crate::model::GroupLimits;

/// A version 1 limit above this means that there is none.
const NO_LIMIT: u64 = 1 << 60;

/// Reads the limits. Those of a group hold for the groups in it, so the narrowest of all above counts.
pub(super) fn below(root: &Path) -> GroupLimits {
    let groups = read(&root.join("proc/self/cgroup")).unwrap_or_default();
    let mut limits = GroupLimits::default();
    for line in groups.lines() {
        let mut parts = line.splitn(3, ':');
        let (Some(_), Some(controllers), Some(path)) = (parts.next(), parts.next(), parts.next()) else { continue };
        let has = |name: &str| controllers.split(',').any(|known| known == name);
        for folder in folders(root, controllers, path) {
            if controllers.is_empty() || has("cpu") {
                narrow_time(&mut limits, &folder);
            }
            if controllers.is_empty() || has("memory") {
                narrow_memory(&mut limits, &folder);
            }
        }
    }
    limits
}

/// The folders of a group and of all above it, its own first.
fn folders(root: &Path, controllers: &str, path: &str) -> Vec<PathBuf> {
    let mount = root.join("sys/fs/cgroup");
    let mounts = match controllers {
        "" => vec![mount.join("unified"), mount],
        names => names.split(',').map(|name| mount.join(name)).chain([mount.join(names)]).collect(),
    };
    let path = Path::new(path.trim_start_matches('/'));
    // Inside a container, the path is the host's and may not be there: then the mount itself is the group.
    let of_mount = |mount: PathBuf| path.ancestors().map(|part| mount.join(part)).collect::<Vec<_>>();
    mounts.into_iter().flat_map(of_mount).filter(|folder| folder.is_dir()).collect()
}

fn narrow_time(limits: &mut GroupLimits, folder: &Path) {
    let number = |name: &str| -> Option<f64> { read(&folder.join(name))?.parse().ok() };
    let of_two = || {
        let text = read(&folder.join("cpu.max"))?;
        let (quota, period) = text.split_once(' ')?;
        Some((quota.parse::<f64>().ok()?, period.parse::<f64>().ok()?))
    };
    let of_one = || Some((number("cpu.cfs_quota_us")?, number("cpu.cfs_period_us")?));
    let Some((quota, period)) = of_two().or_else(of_one).filter(|(quota, period)| *quota > 0.0 && *period > 0.0) else {
        return;
    };
    let processors = quota / period;
    if limits.processors.is_none_or(|known| processors < known) {
        limits.processors = Some(processors);
        let counts = read(&folder.join("cpu.stat")).unwrap_or_default();
        let count = |name: &str| -> Option<f64> {
            counts.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
        };
        let periods = count("nr_periods").filter(|periods| *periods > 0.0);
        limits.throttled = periods.and_then(|periods| Some(count("nr_throttled")? / periods));
    }
}

fn narrow_memory(limits: &mut GroupLimits, folder: &Path) {
    let number = |name: &str| -> Option<u64> { read(&folder.join(name))?.parse().ok() };
    let limit = number("memory.max").or_else(|| number("memory.limit_in_bytes")).filter(|limit| *limit < NO_LIMIT);
    let used = number("memory.current").or_else(|| number("memory.usage_in_bytes"));
    if let (Some(limit), Some(used)) = (limit, used)
        && limits.memory_bytes.is_none_or(|(known, _)| limit < known)
    {
        limits.memory_bytes = Some((limit, used));
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::Tree;
    use super::*;

    #[test]
    fn the_narrowest_limit_of_all_groups_above_counts() {
        let tree = Tree::new();
        tree.write("proc/self/cgroup", "0::/ci.slice/job\n");
        tree.write("sys/fs/cgroup/ci.slice/cpu.max", "150000 100000\n");
        tree.write("sys/fs/cgroup/ci.slice/cpu.stat", "usage_usec 5\nnr_periods 200\nnr_throttled 50\n");
        tree.write("sys/fs/cgroup/ci.slice/job/cpu.max", "max 100000\n");
        tree.write("sys/fs/cgroup/ci.slice/job/memory.max", "1000\n");
        tree.write("sys/fs/cgroup/ci.slice/job/memory.current", "900\n");
        let limits = below(tree.root());
        assert_eq!((limits.processors, limits.throttled), (Some(1.5), Some(0.25)));
        assert_eq!(limits.memory_bytes, Some((1000, 900)));
    }

    #[test]
    fn the_first_version_is_read_too_and_its_endless_limits_are_none() {
        let tree = Tree::container_no_sysfs();
        let limits = below(tree.root());
        assert_eq!((limits.processors, limits.throttled), (Some(2.0), Some(0.5)));
        assert_eq!(limits.memory_bytes, None);
        assert_eq!(below(Tree::quiet_server().root()), GroupLimits::default());
    }
}
