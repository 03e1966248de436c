//! What a program names in its own target directory: helper programs, shared objects, what build scripts made.

use std::collections::BTreeSet;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::program_file::ProgramFile;
use super::{IdentitySide, same_program};
use crate::build::{BuildError, Layout};

/// The first thing that base's program names and that is not the same on both sides, in words.
pub(super) fn difference(
    layout: &Layout,
    base: &IdentitySide<'_>,
    head: &IdentitySide<'_>,
    program: &ProgramFile,
) -> Result<Option<String>, BuildError> {
    let here = layout.here();
    let folders = |side: &IdentitySide<'_>| layout.kept(side.key);
    let (of_base, of_head) = (folders(base), folders(head));
    let mut inside: BTreeSet<PathBuf> = paths_in(program, &here).map_err(BuildError::Cache)?;
    // What cargo tells at run time counts where the program asks for it.
    for (name, value) in &base.artifact.run.env {
        if name.as_bytes().starts_with(ASKED.as_bytes())
            && let Ok(path) = Path::new(value).strip_prefix(&here)
            && program.holds(&[ASKED.as_bytes()]).map_err(BuildError::Cache)?[0]
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

/// How variables begin that name programs at run time.
const ASKED: &str = "CARGO_BIN_EXE_";
/// No path is longer.
const LONGEST_PATH: usize = 4096;

/// Paths below `here/out` and `here/build` that stand in a program, relative to `here`.
fn paths_in(program: &ProgramFile, here: &Path) -> io::Result<BTreeSet<PathBuf>> {
    let mut found = BTreeSet::new();
    for part in ["out/", "build/"] {
        let lead = [here.as_os_str().as_bytes(), b"/", part.as_bytes()].concat();
        for rest in program.after(&lead, LONGEST_PATH)? {
            // Texts of a program lie side by side without an end: the longest beginning that exists is meant.
            let rest = rest.into_iter().take_while(|byte| byte.is_ascii_graphic() || *byte == b' ');
            let text: Vec<u8> = part.bytes().chain(rest).collect();
            found.insert(PathBuf::from(String::from_utf8_lossy(&text).into_owned()));
        }
    }
    Ok(found)
}

/// Shared objects of the target directory that a program needs.
fn shared_objects(kept: &Path, program: &ProgramFile) -> io::Result<Vec<PathBuf>> {
    let mut all = Vec::new();
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
            } else if is_shared {
                all.push(path);
            }
        }
    }
    if all.is_empty() {
        return Ok(all);
    }
    let names: Vec<&[u8]> = all.iter().map(|path| path.file_name().unwrap_or_default().as_bytes()).collect();
    let needed = program.holds(&names)?;
    let needed = all.iter().zip(needed).filter(|(_, needed)| *needed);
    Ok(needed.filter_map(|(path, _)| path.strip_prefix(kept).map(Path::to_owned).ok()).collect())
}

/// Whether what stands at two places is the same: a program by what is loaded of it, a folder by all that is in it.
fn same(one: &Path, other: &Path) -> io::Result<bool> {
    let Some((one, other)) = existing(one, other) else { return Ok(true) };
    if one.is_dir() && other.is_dir() {
        let names = |folder: &Path| -> io::Result<BTreeSet<std::ffi::OsString>> {
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
        let (one, other) = (ProgramFile::open(&one)?, ProgramFile::open(&other)?);
        let (length, other_length) = (one.file().metadata()?.len(), other.file().metadata()?.len());
        return Ok(
            length == other_length && one.same_range(0, &other, 0, length)? || same_program(&one, &other)?.is_ok()
        );
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
        let path = folder.path().join("program");
        fs_err::write(&path, program).unwrap();
        let found = paths_in(&ProgramFile::open(&path).unwrap(), Path::new("/c/here")).unwrap();
        let texts: Vec<_> = found.iter().map(|path| path.display().to_string()).collect();
        assert_eq!(texts, ["build/x/out/gone", "out/release/helperassertion failed"]);
        let is_same = |path: &str| same(&base.join(path), &head.join(path)).unwrap();
        assert!(is_same("out/release/helperassertion failed") && is_same("build/x/out/gone"));
        fs_err::write(head.join("out/release/helper"), "two").unwrap();
        assert!(!is_same("out/release/helperassertion failed"));
    }
}
