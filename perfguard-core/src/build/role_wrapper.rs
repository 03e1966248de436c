//! perfguard as `RUSTC_WRAPPER`: crates of the workspace only warn, their symbol hashes forget the version, executables
//! are linked through perfguard's linker.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;

use super::roles::{LINKER, LINKER_NAME, WRAPPER};
use crate::environment::vars;
use crate::process;

/// Calls the compiler, by way of the user's own wrapper where there is one. Returns only when that failed.
pub(super) fn play(mut words: Vec<OsString>) -> io::Result<()> {
    let mut env = Vec::new();
    if let Some(start) = words.iter().position(|word| word == "--crate-name") {
        let shim = vars::current_role()?.with_file_name(LINKER_NAME);
        if let Some(linker) = change_arguments(&mut words, start, &shim) {
            env.push((LINKER, linker));
        }
    }
    if let Some(wrapper) = vars::var_os(WRAPPER) {
        words.insert(0, wrapper);
    }
    Err(process::replace_with(&words, &env))
}

/// Changes the arguments of a crate for which cargo does not cap lints itself, that is one of the user's. Gives the
/// linker that was chosen, if the crate is linked through perfguard's.
fn change_arguments(words: &mut Vec<OsString>, start: usize, shim: &Path) -> Option<OsString> {
    let starts = |word: &OsString, part: &str| word.as_encoded_bytes().starts_with(part.as_bytes());
    if words.iter().any(|word| starts(word, "--cap-lints")) {
        return None;
    }
    words.push("--cap-lints=warn".into());
    let metadata = stable_metadata(&words[start..]);
    for word in words.iter_mut().filter(|word| starts(word, "metadata=")) {
        *word = format!("metadata={metadata}").into();
    }
    let is_build_script = words.get(start + 1).is_some_and(|name| name == "build_script_build");
    // A bench with `harness = false` names no type at all.
    let all_types = words.windows(2).filter(|pair| pair[0] == "--crate-type").all(|pair| pair[1] == "bin");
    if is_build_script || !all_types || words.iter().any(|word| word == "--print") {
        return None;
    }
    let linker = chosen_linker(words).unwrap_or_else(|| "cc".into());
    if !is_driven_like_a_compiler(&linker) {
        return None;
    }
    let mut option = OsString::from("linker=");
    option.push(shim);
    words.extend(["-C".into(), option]);
    Some(linker)
}

/// A hash over the other arguments without their 16-digit hashes: a version bump alone gives the same code in the same
/// order. So does a profile of another name with the same settings (the folders that are called like it are left out), and
/// a feature that no code asks for: the compiler is never shown two builds of a crate with different features together, as
/// cargo unites them, and those of build scripts and macros are programs of their own.
fn stable_metadata(words: &[OsString]) -> String {
    let is_feature = |word: &OsString| word.as_encoded_bytes().starts_with(b"feature=");
    let mut hasher = blake3::Hasher::new();
    for (at, word) in words.iter().enumerate() {
        let mut bytes = word.as_encoded_bytes();
        let flag = at.checked_sub(1).map(|before| words[before].as_encoded_bytes());
        let starts = |parts: &[&[u8]]| parts.iter().any(|part| bytes.starts_with(part));
        let is_left_out = match flag {
            Some(b"-L") => starts(&[b"dependency="]),
            Some(b"-C") => starts(&[b"metadata=", b"extra-filename=", b"incremental="]),
            Some(b"--out-dir") => true,
            Some(b"--cfg") => is_feature(word),
            // There is one more such word for each feature.
            _ if bytes == b"--cfg" => words.get(at + 1).is_some_and(is_feature),
            _ => starts(&[b"metadata=", b"extra-filename="]),
        };
        if flag == Some(b"--extern") {
            // The name; where the file lies says nothing of what is in it.
            bytes = bytes.split(|byte| *byte == b'=').next().unwrap_or_default();
        }
        if !is_left_out {
            hasher.update(&without_hashes(bytes));
            hasher.update(&[0]);
        }
    }
    hasher.finalize().to_hex()[..16].to_owned()
}

/// Leaves out every `-` followed by 16 lower-case hex digits.
fn without_hashes(bytes: &[u8]) -> Vec<u8> {
    const DIGITS: usize = 16;
    let mut kept = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let digits = bytes.get(at + 1..at + 1 + DIGITS).unwrap_or_default();
        let is_hash = |byte: &u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte);
        if bytes[at] == b'-' && digits.len() == DIGITS && digits.iter().all(is_hash) {
            at += 1 + DIGITS;
        } else {
            kept.push(bytes[at]);
            at += 1;
        }
    }
    kept
}

/// The last `-C linker=` word, from whichever file, variable or flag it came.
fn chosen_linker(words: &[OsString]) -> Option<OsString> {
    let text = words.iter().rev().filter_map(|word| word.to_str());
    text.into_iter()
        .find_map(|word| word.strip_prefix("linker=").or_else(|| word.strip_prefix("-Clinker=")))
        .map(Into::into)
}

/// Whether rustc would drive this linker as it drives a C compiler, which is how it drives perfguard's. By rustc's own
/// rule: whatever is not called like a bare linker, a script of the user's among them.
fn is_driven_like_a_compiler(linker: &OsStr) -> bool {
    let stem = Path::new(linker).file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let stem = stem.trim_end_matches(|c: char| c.is_ascii_digit() || c == '-' || c == '.');
    let is_bare = ["ld", "lld", "link", "rust-lld", "lld-link", "wasm-ld"]
        .iter()
        .any(|name| stem == *name || stem.ends_with(&format!("-{name}")));
    !is_bare
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<OsString> {
        text.split(' ').map(Into::into).collect()
    }

    fn changed(text: &str) -> (String, Option<OsString>) {
        let mut words = words(text);
        let start = words.iter().position(|word| word == "--crate-name").unwrap();
        let linker = change_arguments(&mut words, start, Path::new("/roles/perfguard-cc"));
        (words.join(OsStr::new(" ")).into_string().unwrap(), linker)
    }

    #[test]
    fn a_dependency_of_which_cargo_caps_the_lints_is_left_alone() {
        let text = "rustc --crate-name dep --crate-type lib --cap-lints allow -C metadata=0123456789abcdef";
        assert_eq!(changed(text), (text.to_owned(), None));
    }

    #[test]
    fn a_library_of_the_workspace_only_warns_and_is_not_linked() {
        let (text, linker) = changed("rustc --crate-name own --crate-type lib -C metadata=0123456789abcdef");
        assert!(text.ends_with("--cap-lints=warn"), "{text}");
        assert!(!text.contains("0123456789abcdef"), "{text}");
        assert_eq!(linker, None);
    }

    #[test]
    fn a_bench_is_linked_through_perfguard_and_the_chosen_linker_is_handed_on() {
        let (text, linker) = changed("rustc --crate-name bench benches/bench.rs --test -C linker=/usr/bin/clang-15");
        assert!(text.ends_with("-C linker=/roles/perfguard-cc"), "{text}");
        assert_eq!(linker, Some("/usr/bin/clang-15".into()));
        assert_eq!(changed("rustc --crate-name bench b.rs").1, Some("cc".into()));
        let own = changed("rustc --crate-name bench b.rs -C linker=/wb/tools/linker.sh").1;
        assert_eq!(own, Some("/wb/tools/linker.sh".into()), "rustc drives what it does not know as a compiler");
    }

    #[test]
    fn build_scripts_and_linkers_of_another_kind_are_linked_as_they_are() {
        assert_eq!(changed("rustc --crate-name build_script_build build.rs --crate-type bin").1, None);
        for linker in ["rust-lld", "ld.lld", "/opt/ld", "x86_64-linux-gnu-ld", "lld-15"] {
            assert_eq!(changed(&format!("rustc --crate-name bench b.rs -C linker={linker}")).1, None, "{linker}");
        }
        assert_eq!(changed("rustc --crate-name m m.rs --crate-type proc-macro").1, None);
    }

    #[test]
    fn a_version_bump_another_profiles_name_or_a_feature_alone_keeps_the_symbol_hashes() {
        let base = "rustc --crate-name own --crate-type lib -C metadata=0123456789abcdef -C extra-filename=-0123456789abcdef \
                    --extern dep=/x/libdep-0123456789abcdef.rlib";
        let bumped = base.replace("0123456789abcdef", "fedcba9876543210");
        let metadata = |text: &str| {
            let (text, _) = changed(text);
            text.split(' ').find_map(|word| word.strip_prefix("metadata=").map(str::to_owned)).unwrap()
        };
        assert_eq!(metadata(base), metadata(&bumped));
        let of_profile =
            |name: &str| format!("{base} --out-dir /x/{name} -L dependency=/x/{name} --extern a=/x/{name}/a");
        assert_eq!(metadata(&of_profile("release")), metadata(&of_profile("twin")));
        assert_eq!(metadata(base), metadata(&format!("{base} --cfg feature=\"x\"")));
        assert_ne!(metadata(base), metadata(&format!("{base} --cfg tokio_unstable")));
    }
}
