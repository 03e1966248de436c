//! perfguard as the linker: keeps the inputs of an executable's link as a *link kit*, then calls the real linker with
//! untouched arguments. A kit that cannot be kept never fails the link.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::roles::{HERE, KITS, LINKER, OWN_PREFIX};
use crate::environment::vars;
use crate::process;

/// In an argument of a kit: the kit's own folder.
pub(super) const KIT: &str = "{kit}";
/// The argument of a kit that names the output.
pub(super) const OUTPUT: &str = "{out}";
/// The kit's description, in its folder.
pub(super) const DESCRIPTION: &str = "link.json";

/// How to link a kit again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kit {
    /// The linker's arguments, with [`KIT`] and [`OUTPUT`] in the place of paths.
    pub(super) args: Vec<String>,
    /// The real linker.
    pub(super) linker: OsString,
    /// The environment that it ran with, without perfguard's own variables: a linker of the user's may need any of it.
    pub(super) env: Vec<(OsString, OsString)>,
}

/// Keeps the kit and calls the real linker. Returns only when the call failed.
pub(super) fn play(words: Vec<OsString>) -> io::Result<()> {
    let linker = vars::var_os(LINKER).unwrap_or_else(|| "cc".into());
    if let (Some(kits), Some(here)) = (vars::var_os(KITS), vars::var_os(HERE))
        && let Some(output) = output_of(&words)
        && let Some(name) = Path::new(output).file_name()
    {
        let folder = PathBuf::from(kits).join(name);
        fs_err::remove_dir_all(&folder).ok();
        if keep_kit(&folder, &words, Path::new(&here), &linker).is_err() {
            fs_err::remove_dir_all(&folder).ok();
        }
    }
    let mut command = vec![linker];
    command.extend(words);
    Err(process::replace_with(&command, &[]))
}

fn output_of(words: &[OsString]) -> Option<&OsStr> {
    words.windows(2).find(|pair| pair[0] == "-o").map(|pair| pair[1].as_os_str())
}

fn keep_kit(folder: &Path, words: &[OsString], here: &Path, linker: &OsStr) -> io::Result<()> {
    fs_err::create_dir_all(folder)?;
    let mut args = Vec::new();
    let mut previous = String::new();
    for (number, word) in expanded(words)?.into_iter().enumerate() {
        let kept =
            if previous == "-o" { OUTPUT.to_owned() } else { keep_word(folder, number, &previous, &word, here)? };
        args.push(kept);
        previous = word;
    }
    let mut env = vars::all();
    env.retain(|(name, _)| !name.as_encoded_bytes().starts_with(OWN_PREFIX.as_bytes()));
    let kit = Kit { args, linker: linker.to_owned(), env };
    fs_err::write(folder.join(DESCRIPTION), serde_json::to_vec(&kit)?)
}

/// The words, those of `@file`s in their place.
fn expanded(words: &[OsString]) -> io::Result<Vec<String>> {
    let mut plain = Vec::new();
    for word in words {
        let text = word.to_str().ok_or(io::ErrorKind::InvalidData)?;
        match text.strip_prefix('@') {
            Some(file) => {
                let words = shlex::split(&fs_err::read_to_string(file)?).ok_or(io::ErrorKind::InvalidData)?;
                plain.extend(words);
            }
            None => plain.push(text.to_owned()),
        }
    }
    Ok(plain)
}

/// Puts away what a word names, and gives the word that names it there. File names stay: a shared object without a name
/// of its own is known by its file's.
fn keep_word(folder: &Path, number: usize, previous: &str, word: &str, here: &Path) -> io::Result<String> {
    let (lead, path) = split_lead(previous, word);
    // Relative paths of the user's own arguments mean the workspace's root, where the linker is called.
    let source = std::path::absolute(path).unwrap_or_else(|_| path.into());
    let Some(file_name) = source.file_name().and_then(OsStr::to_str) else { return Ok(word.to_owned()) };
    let own = folder.join(number.to_string());
    let is_search_folder = previous == "-L" || lead == "-L";
    if is_search_folder && source.is_dir() && source.starts_with(here) {
        // `-l` finds libraries by folder, those of build scripts among them.
        fs_err::create_dir_all(&own)?;
        for item in fs_err::read_dir(source)?.flatten() {
            let is_library = item.path().extension().is_some_and(|kind| kind == "a" || kind == "so");
            if is_library && item.path().is_file() {
                keep_file(&item.path(), &own.join(item.file_name()))?;
            }
        }
        Ok(format!("{lead}{KIT}/{number}"))
    } else if source.is_file() {
        fs_err::create_dir_all(&own)?;
        keep_file(&source, &own.join(file_name))?;
        Ok(format!("{lead}{KIT}/{number}/{file_name}"))
    } else {
        Ok(word.to_owned())
    }
}

/// Splits `-Wl,--version-script=FILE`, `-LFOLDER` or `-TFILE` into what leads and the path; a plain path leads with
/// nothing.
fn split_lead<'a>(previous: &str, word: &'a str) -> (&'a str, &'a str) {
    if Path::new(word).is_file() || previous == "-L" {
        return ("", word);
    }
    if let Some(path) = word.strip_prefix("-L").or_else(|| word.strip_prefix("-T")).filter(|path| !path.is_empty()) {
        return word.split_at(word.len() - path.len());
    }
    match word.rfind(['=', ',']) {
        Some(at) if word.starts_with('-') => word.split_at(at + 1),
        _ => ("", ""),
    }
}

/// Hard links only to what rustc writes, which it always writes as new files: archivers and build scripts write in place.
fn keep_file(source: &Path, target: &Path) -> io::Result<()> {
    let extension = source.extension().unwrap_or_default();
    let by_build_script = source.components().any(|part| part.as_os_str() == "out");
    let by_rustc = (extension == "rlib" || extension == "o") && !by_build_script;
    if by_rustc && fs_err::hard_link(source, target).is_ok() {
        return Ok(());
    }
    fs_err::copy(source, target).map(drop)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    #[test]
    fn a_kit_names_its_own_copies_and_leaves_flags_alone() {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path().join("here");
        fs_err::create_dir_all(here.join("build/x/out")).unwrap();
        for file in ["a.o", "script.map", "build/x/out/libnative.a"] {
            fs_err::write(here.join(file), file).unwrap();
        }
        let file = |name: &str| here.join(name).display().to_string();
        let words = [
            "-m64".to_owned(),
            file("a.o"),
            "-L".to_owned(),
            file("build/x/out"),
            format!("-Wl,--version-script={}", file("script.map")),
            format!("-L{}", file("build/x/out")),
            "-o".to_owned(),
            file("bench"),
        ];
        let kit = folder.path().join("kit");
        keep_kit(&kit, &words.map(OsString::from), &here, OsStr::new("cc")).unwrap();
        let kept: Kit = serde_json::from_slice(&fs_err::read(kit.join(DESCRIPTION)).unwrap()).unwrap();
        let expected = [
            "-m64",
            "{kit}/1/a.o",
            "-L",
            "{kit}/3",
            "-Wl,--version-script={kit}/4/script.map",
            "-L{kit}/5",
            "-o",
            "{out}",
        ];
        assert_eq!(kept.args, expected);
        assert_eq!(fs_err::read(kit.join("3/libnative.a")).unwrap(), b"build/x/out/libnative.a");
        let links = |path: &Path| fs_err::metadata(path).unwrap().nlink();
        assert_eq!(links(&kit.join("1/a.o")), 2, "rustc's own object is a hard link");
        assert_eq!(links(&kit.join("3/libnative.a")), 1, "a build script's library is a copy");
    }
}
