//! Whether two programs are the same once loaded.

use std::collections::BTreeMap;
use std::io;

use object::read::ReadCache;
use object::{Object as _, ObjectSection as _, ReadRef, SectionFlags, elf};

use super::locations::Locations;
use super::program_file::ProgramFile;

/// What differs between two programs, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Difference(pub(super) String);

/// Sections that are loaded and mean nothing.
const BUILD_ID: &str = ".note.gnu.build-id";
/// Where panic locations lie.
const WITH_LOCATIONS: [&str; 2] = [".data.rel.ro", ".data.rel.ro.local"];

/// Compares what is loaded of two programs. Gives what was left out, each in words.
pub(super) fn same_program(base: &ProgramFile, head: &ProgramFile) -> io::Result<Result<Vec<String>, Difference>> {
    let differ = |what: &str| Ok(Err(Difference(what.to_owned())));
    let (base_cache, head_cache) = (ReadCache::new(base.file()), ReadCache::new(head.file()));
    let (Ok(base_file), Ok(head_file)) = (object::File::parse(&base_cache), object::File::parse(&head_cache)) else {
        return differ("they are no programs of a known form");
    };
    let (base_sections, head_sections) = (loaded(&base_file), loaded(&head_file));
    if base_sections.keys().ne(head_sections.keys()) {
        return differ("they have other sections");
    }
    let mut left_out = Vec::new();
    let mut words = Vec::new();
    for (key, one) in &base_sections {
        let other = &head_sections[key];
        let name = &key.0;
        let is_build_id = name == BUILD_ID;
        if !is_build_id && (one.address, one.size) != (other.address, other.size) {
            return differ(&format!("`{name}` is not as large, or lies elsewhere"));
        }
        let same = match (one.range, other.range) {
            (Some((start, length)), Some((other_start, other_length))) => {
                length == other_length && base.same_range(start, head, other_start, length)?
            }
            (None, None) => true,
            _ => false,
        };
        if same {
            continue;
        }
        if is_build_id {
            left_out.push("the build id".to_owned());
            continue;
        }
        let (Some((start, length)), Some((other_start, _))) = (one.range, other.range) else {
            return differ(&format!("`{name}` is not the same"));
        };
        if !WITH_LOCATIONS.contains(&name.as_str()) {
            return differ(&format!("`{name}` is not the same"));
        }
        words.extend(differing_words(one.address, &base.range(start, length)?, &head.range(other_start, length)?));
    }
    if !words.is_empty() {
        let (one, other) = (Locations::of(&base_file), Locations::of(&head_file));
        let moved = Locations::only_lines_moved(&one, &other, &words);
        let Some(count) = moved else { return differ("constants are not the same") };
        left_out.push(format!("line numbers of {count} panic locations"));
    }
    Ok(Ok(left_out))
}

/// A loaded section: where it lies in memory, and where in the file, if it has anything there.
struct Loaded {
    address: u64,
    size: u64,
    range: Option<(u64, u64)>,
}

/// Loaded sections by name and number among those of the same name.
fn loaded<'data>(file: &object::File<'data, impl ReadRef<'data>>) -> BTreeMap<(String, usize), Loaded> {
    let mut found = BTreeMap::new();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for section in file.sections() {
        let SectionFlags::Elf { sh_flags, .. } = section.flags() else { continue };
        if sh_flags.0 & elf::SHF_ALLOC.0 == 0 {
            continue;
        }
        let name = section.name().unwrap_or_default().to_owned();
        let number = seen.entry(name.clone()).or_default();
        let (address, size, range) = (section.address(), section.size(), section.file_range());
        found.insert((name, *number), Loaded { address, size, range });
        *number += 1;
    }
    found
}

/// Addresses of aligned four-byte words that differ.
fn differing_words(address: u64, one: &[u8], other: &[u8]) -> Vec<u64> {
    let words = one.chunks(4).zip(other.chunks(4)).enumerate().filter(|(_, (one, other))| one != other);
    words.map(|(index, _)| address + 4 * index as u64).collect()
}
