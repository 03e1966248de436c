//! Finds out what the executables of a build were made from, right after it: by the `.d` files of the units that cargo
//! names, by what build scripts printed, and by the lock file for which package may be in which executable.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::dep_info::{Declared, declared, read_files};
use super::{Inputs, PackageInputs, ScriptInputs, TargetInputs};
use crate::build::Layout;
use crate::build::manifests::normalise;
use crate::build::messages::{OwnUnit, OwnUnits};
use crate::vcs::SourceTree;

/// Why nobody knows what an executable was made from, in words.
type Doubt = String;

/// Gives what a complete build was made from, or why that is not known. The builder's folder is seated; `manifest` is
/// relative to the tree's root.
pub(in super::super) fn collect(
    layout: &Layout,
    source: &SourceTree,
    manifest: &Path,
    own: &OwnUnits,
) -> Result<Inputs, Doubt> {
    let workspace = workspace(layout, manifest)?;
    let lock = Lock::read(&layout.wb().join(&workspace).join("Cargo.lock"))?;
    let collecting = Collecting { layout, source, workspace: &workspace };
    let mut packages: BTreeMap<String, PackageInputs> = BTreeMap::new();
    let mut folders: BTreeMap<&str, String> = BTreeMap::new();
    let mut targets = Vec::new();
    for unit in &own.units {
        let folder = collecting.folder(&unit.folder)?;
        if folders.insert(&unit.package, folder.clone()).is_some_and(|known| known != folder) {
            return Err(format!("two packages are called `{}`", unit.package));
        }
        let files = collecting.files(unit)?;
        match &unit.target {
            Some(id) => {
                packages.entry(folder).or_default();
                targets.push(TargetInputs { id: id.clone(), files, packages: BTreeSet::new() });
            }
            None => packages.entry(folder).or_default().files.extend(files),
        }
    }
    for script in own.units.iter().filter(|unit| unit.is_build_script) {
        let mut runs = own.scripts.iter().filter(|(id, _)| *id == script.id).peekable();
        if runs.peek().is_none() {
            return Err(format!("cargo does not say whether the build script of `{}` ran", script.package));
        }
        for (_, out) in runs {
            let inputs = collecting.script(&script.folder, out)?;
            let known = packages.entry(collecting.folder(&script.folder)?).or_default();
            if !known.scripts.contains(&inputs) {
                known.scripts.push(inputs);
            }
        }
    }
    for target in &mut targets {
        let names = lock.reachable(&target.id.package)?;
        target.packages = names.iter().filter_map(|name| folders.get(name.as_str()).cloned()).collect();
    }
    Ok(Inputs { workspace: text(&workspace)?, packages, targets })
}

/// The workspace's folder: the one around the manifest that has a lock file, which cargo has made by now.
fn workspace(layout: &Layout, manifest: &Path) -> Result<PathBuf, Doubt> {
    let around = manifest.ancestors().skip(1);
    let mut found = around.filter(|folder| layout.wb().join(folder).join("Cargo.lock").is_file());
    match (found.next(), found.next()) {
        (Some(folder), None) => Ok(folder.to_owned()),
        (None, _) => Err("there is no lock file".to_owned()),
        (Some(_), Some(_)) => Err("more than one folder has a lock file".to_owned()),
    }
}

struct Collecting<'a> {
    layout: &'a Layout,
    source: &'a SourceTree,
    workspace: &'a Path,
}

impl Collecting<'_> {
    /// A package's folder, relative to the tree.
    fn folder(&self, folder: &Path) -> Result<String, Doubt> {
        let inside = folder.strip_prefix(self.layout.wb());
        text(inside.map_err(|_| format!("`{}` is not in the tree", folder.display()))?)
    }

    /// The files of the tree from which a unit was made.
    fn files(&self, unit: &OwnUnit) -> Result<BTreeSet<String>, Doubt> {
        let mut found = BTreeSet::new();
        let mut is_known = false;
        for dep_info in dep_infos(unit) {
            let Ok(content) = fs_err::read_to_string(&dep_info) else { continue };
            is_known = true;
            // Cargo calls the compiler in the workspace's folder for what lies below it, else in the package's.
            let workspace = self.layout.wb().join(self.workspace);
            let called_in = if unit.folder.starts_with(&workspace) { &workspace } else { &unit.folder };
            for path in read_files(&content) {
                found.extend(self.in_tree(&called_in.join(path))?);
            }
        }
        if is_known { Ok(found) } else { Err(format!("the compiler left no `.d` file of `{}`", unit.package)) }
    }

    /// The names of a file in the tree: its own, and where links lead to another, that one's. None for what the build
    /// itself made.
    fn in_tree(&self, path: &Path) -> Result<Vec<String>, Doubt> {
        let real = fs_err::canonicalize(path).map_err(|_| format!("`{}` is not there any more", path.display()))?;
        if real.starts_with(self.layout.build()) || real.starts_with(self.layout.out()) {
            return Ok(Vec::new());
        }
        let wb = self.layout.wb();
        let outside = || format!("`{}` is not in the tree", path.display());
        let as_named = path.strip_prefix(&wb).ok().and_then(normalise).ok_or_else(outside)?;
        let as_is = real.strip_prefix(&wb).map_err(|_| outside())?.to_owned();
        if !self.source.entries.contains_key(&as_is) {
            return Err(format!("`{}` is no file of the tree's own", as_is.display()));
        }
        Ok(vec![text(&as_named)?, text(&as_is)?])
    }

    /// What a build script reads that ran with this `OUT_DIR`.
    fn script(&self, folder: &Path, out: &Path) -> Result<ScriptInputs, Doubt> {
        let output = out.with_file_name("output");
        let output = fs_err::read(&output).map_err(|_| format!("`{}` is not there", output.display()))?;
        let Declared::Paths(paths) = declared(&String::from_utf8_lossy(&output)) else {
            return Ok(ScriptInputs::Package);
        };
        let mut found = BTreeSet::new();
        for path in paths {
            let path = folder.join(path);
            let real = fs_err::canonicalize(&path).ok();
            let inside = real.and_then(|real| real.strip_prefix(self.layout.wb()).map(Path::to_owned).ok());
            let named = path.strip_prefix(self.layout.wb()).ok().and_then(normalise);
            // What is missing makes cargo run the script every time; what lies elsewhere may change without us.
            let (Some(inside), Some(named)) = (inside, named) else { return Ok(ScriptInputs::Anything) };
            if inside.as_os_str() == ".git" {
                return Ok(ScriptInputs::Anything);
            }
            found.extend([text(&inside)?, text(&named)?]);
        }
        Ok(ScriptInputs::Paths(found))
    }
}

/// Where the `.d` files of a unit may be: beside what was written, with or without the `lib` of a library's name; a build
/// script has a folder of its own.
fn dep_infos(unit: &OwnUnit) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for file in &unit.files {
        if unit.is_build_script {
            let beside = file.parent().and_then(|folder| fs_err::read_dir(folder).ok()).into_iter().flatten().flatten();
            found.extend(beside.map(|item| item.path()).filter(|path| path.extension().is_some_and(|end| end == "d")));
            continue;
        }
        let Some(stem) = file.file_stem().and_then(|stem| stem.to_str()) else { continue };
        let names = [Some(stem), stem.strip_prefix("lib")].into_iter().flatten();
        found.extend(names.map(|name| file.with_file_name(format!("{name}.d"))));
    }
    found
}

fn text(path: &Path) -> Result<String, Doubt> {
    path.to_str().map(str::to_owned).ok_or_else(|| format!("`{}` is no UTF-8", path.display()))
}

/// Which packages need which, by name, as `Cargo.lock` says: all features and platforms together.
struct Lock(BTreeMap<String, BTreeSet<String>>);

impl Lock {
    fn read(path: &Path) -> Result<Self, Doubt> {
        let unreadable = || format!("`{}` cannot be read", path.display());
        let lock: Table =
            fs_err::read_to_string(path).ok().and_then(|text| text.parse().ok()).ok_or_else(unreadable)?;
        let mut needs: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for package in lock.get("package").and_then(Value::as_array).into_iter().flatten() {
            let name = package.get("name").and_then(Value::as_str).ok_or_else(unreadable)?;
            let named = package.get("dependencies").and_then(Value::as_array).into_iter().flatten();
            // `name`, `name version`, `name version (source)`: packages of one name count as one.
            let named = named.filter_map(Value::as_str).filter_map(|text| text.split(' ').next());
            needs.entry(name.to_owned()).or_default().extend(named.map(str::to_owned));
        }
        Ok(Self(needs))
    }

    /// A package and all that it needs, and they need.
    fn reachable(&self, package: &str) -> Result<BTreeSet<String>, Doubt> {
        if !self.0.contains_key(package) {
            return Err(format!("the lock file does not have `{package}`"));
        }
        let mut found = BTreeSet::new();
        let mut open = vec![package];
        while let Some(name) = open.pop() {
            if found.insert(name.to_owned()) {
                open.extend(self.0.get(name).into_iter().flatten().map(String::as_str));
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_file_says_whose_code_may_be_in_an_executable() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("Cargo.lock");
        let text = "version = 4\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\ndependencies = [\"far 2.0.0\", \"b\"]\n\
                    [[package]]\nname = \"b\"\nversion = \"1.0.0\"\n[[package]]\nname = \"c\"\nversion = \"1.0.0\"\n\
                    [[package]]\nname = \"far\"\nversion = \"2.0.0\"\nsource = \"registry+x\"\ndependencies = [\"a\"]\n";
        fs_err::write(&path, text).unwrap();
        let lock = Lock::read(&path).unwrap();
        assert_eq!(lock.reachable("a").unwrap(), ["a", "b", "far"].map(str::to_owned).into());
        assert_eq!(lock.reachable("c").unwrap(), ["c".to_owned()].into());
        assert!(lock.reachable("gone").is_err());
    }
}
