//! What a program names in its own target directory: helper programs, shared objects, what build scripts made.

use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::{IdentitySide, same_program};
use crate::build::{BuildError, Layout};

/// The first thing that base's program names and that is not the same on both sides, in words.
pub(super) fn difference(
    layout: &Layout,
    base: &IdentitySide<'_>,
    head: &IdentitySide<'_>,
    program: &[u8],
) -> Result<Option<String>, BuildError> {
    let here = layout.here();
    let folders = |side: &IdentitySide<'_>| layout.kept(side.key);
    let (of_base, of_head) = (folders(base), folders(head));
    let mut inside: BTreeSet<PathBuf> = paths_in(program, &here);
    // What cargo tells at run time counts where the program asks for it.
    let asks = memchr::memmem::find(program, b"CARGO_BIN_EXE_").is_some();
    for (name, value) in base.artifact.run.env.iter().filter(|_| asks) {
        if name.as_bytes().starts_with(b"CARGO_BIN_EXE_")
            && let Ok(path) = Path::new(value).strip_prefix(&here)
        {
            inside.insert(path.to_owned());
        }
    }
    inside.extend(shared_objects(&of_base, program).map_err(BuildError::Cache)?);
    for path in inside {
        let (one, other) = (of_base.join(&path), of_head.join(&path));
        if !same(&one, &other).map_err(BuildError::Cache)? {
            return Ok(Some(format!("`{}`, which the executable names, differs", path.display())));
        }
    }
    Ok(None)
}

/// Paths below `here/out` and `here/build` that stand in a program, relative to `here`.
fn paths_in(program: &[u8], here: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for part in ["out/", "build/"] {
        let lead = [here.as_os_str().as_bytes(), b"/", part.as_bytes()].concat();
        for at in memchr::memmem::find_iter(program, &lead) {
            let from = at + here.as_os_str().len() + 1;
            // Texts of a program lie side by side without an end: the longest beginning that exists is meant.
            let rest = program[from..].iter().take_while(|byte| byte.is_ascii_graphic() || **byte == b' ');
            let text: Vec<u8> = rest.take(4096).copied().collect();
            found.insert(PathBuf::from(String::from_utf8_lossy(&text).into_owned()));
        }
    }
    found
}

/// Shared objects of the target directory that a program needs.
fn shared_objects(kept: &Path, program: &[u8]) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![(kept.join("build"), 0)];
    while let Some((folder, depth)) = open.pop() {
        if depth > 4 || !folder.is_dir() {
            continue;
        }
        for item in fs_err::read_dir(&folder)?.flatten() {
            let path = item.path();
            let is_shared = path.extension().is_some_and(|extension| extension == "so" || extension == "dylib");
            if path.is_dir() {
                open.push((path, depth + 1));
            } else if is_shared && memchr::memmem::find(program, item.file_name().as_bytes()).is_some() {
                found.extend(path.strip_prefix(kept).map(Path::to_owned));
            }
        }
    }
    Ok(found)
}

/// Whether what stands at two places is the same: a program by what is loaded of it, a folder by all that is in it.
fn same(one: &Path, other: &Path) -> std::io::Result<bool> {
    let Some((one, other)) = existing(one, other) else { return Ok(true) };
    if one.is_dir() && other.is_dir() {
        let names = |folder: &Path| -> std::io::Result<BTreeSet<std::ffi::OsString>> {
            Ok(fs_err::read_dir(folder)?.flatten().map(|item| item.file_name()).collect())
        };
        let all = names(&one)?;
        if all != names(&other)? {
            return Ok(false);
        }
        for name in all {
            if !same(&one.join(&name), &other.join(&name))? {
                return Ok(false);
            }
        }
        return Ok(true);
    }
    if one.is_file() && other.is_file() {
        let (one, other) = (fs_err::read(one)?, fs_err::read(other)?);
        return Ok(one == other || same_program(&one, &other).is_ok());
    }
    Ok(!one.exists() && !other.exists())
}

/// The longest beginnings of two paths' last names at which something is on either side; `None` where nothing is.
fn existing(one: &Path, other: &Path) -> Option<(PathBuf, PathBuf)> {
    if one.exists() || other.exists() {
        return Some((one.to_owned(), other.to_owned()));
    }
    let (folder, other_folder) = (one.parent()?, other.parent()?);
    if folder.is_dir() || other_folder.is_dir() {
        let text = one.file_name()?.to_string_lossy().into_owned();
        let ends = (1..text.len()).rev().filter(|end| text.is_char_boundary(*end));
        let mut names = ends.map(|end| (folder.join(&text[..end]), other_folder.join(&text[..end])));
        return names.find(|(one, other)| one.exists() || other.exists());
    }
    existing(folder, other_folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_in_a_program_is_found_though_other_text_follows_it() {
        let folder = tempfile::tempdir().unwrap();
        let (base, head) = (folder.path().join("base"), folder.path().join("head"));
        for (side, content) in [(&base, "one"), (&head, "one")] {
            fs_err::create_dir_all(side.join("out/release")).unwrap();
            fs_err::write(side.join("out/release/helper"), content).unwrap();
        }
        let program = b"\0\0/c/here/out/release/helperassertion failed\0/c/here/build/x/out/gone";
        let found = paths_in(program, Path::new("/c/here"));
        let texts: Vec<_> = found.iter().map(|path| path.display().to_string()).collect();
        assert_eq!(texts, ["build/x/out/gone", "out/release/helperassertion failed"]);
        let is_same = |path: &str| same(&base.join(path), &head.join(path)).unwrap();
        assert!(is_same("out/release/helperassertion failed") && is_same("build/x/out/gone"));
        fs_err::write(head.join("out/release/helper"), "two").unwrap();
        assert!(!is_same("out/release/helperassertion failed"));
    }
}
