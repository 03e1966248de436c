//! Whether two programs are the same once loaded.

use std::collections::BTreeMap;

use object::{Object as _, ObjectSection as _, SectionFlags, elf};

use super::locations::Locations;

/// What differs between two programs, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Difference(pub(in super::super) String);

/// Sections that are loaded and mean nothing.
const BUILD_ID: &str = ".note.gnu.build-id";
/// Where panic locations lie.
const WITH_LOCATIONS: [&str; 2] = [".data.rel.ro", ".data.rel.ro.local"];

/// Compares what is loaded of two programs. Gives what was left out, each in words.
pub(in super::super) fn same_program(base: &[u8], head: &[u8]) -> Result<Vec<String>, Difference> {
    if base == head {
        return Ok(Vec::new());
    }
    let parse =
        |bytes| object::File::parse(bytes).map_err(|_| Difference("they are no programs of a known form".to_owned()));
    let (base_file, head_file) = (parse(base)?, parse(head)?);
    let (base_sections, head_sections) = (loaded(&base_file), loaded(&head_file));
    if base_sections.keys().ne(head_sections.keys()) {
        return Err(Difference("they have other sections".to_owned()));
    }
    let mut left_out = Vec::new();
    let mut words = Vec::new();
    for (key, (address, data)) in &base_sections {
        let (other_address, other) = &head_sections[key];
        let name = &key.0;
        if name == BUILD_ID {
            if data != other {
                left_out.push("the build id".to_owned());
            }
            continue;
        }
        if address != other_address || data.len() != other.len() {
            return Err(Difference(format!("`{name}` is not as large, or lies elsewhere")));
        }
        if data == other {
            continue;
        }
        if !WITH_LOCATIONS.contains(&name.as_str()) {
            return Err(Difference(format!("`{name}` is not the same")));
        }
        words.extend(differing_words(*address, data, other));
    }
    if !words.is_empty() {
        let (one, other) = (Locations::of(&base_file), Locations::of(&head_file));
        let moved = Locations::only_lines_moved(&one, &other, &words);
        let Some(count) = moved else { return Err(Difference("constants are not the same".to_owned())) };
        left_out.push(format!("line numbers of {count} panic locations"));
    }
    Ok(left_out)
}

/// Loaded sections by name and number among those of the same name, with address and content.
fn loaded<'data>(file: &object::File<'data>) -> BTreeMap<(String, usize), (u64, &'data [u8])> {
    let mut found = BTreeMap::new();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for section in file.sections() {
        let SectionFlags::Elf { sh_flags, .. } = section.flags() else { continue };
        if sh_flags.0 & elf::SHF_ALLOC.0 == 0 {
            continue;
        }
        let name = section.name().unwrap_or_default().to_owned();
        let number = seen.entry(name.clone()).or_default();
        found.insert((name, *number), (section.address(), section.data().unwrap_or_default()));
        *number += 1;
    }
    found
}

/// Addresses of aligned four-byte words that differ.
fn differing_words(address: u64, one: &[u8], other: &[u8]) -> Vec<u64> {
    let words = one.chunks(4).zip(other.chunks(4)).enumerate().filter(|(_, (one, other))| one != other);
    words.map(|(index, _)| address + 4 * index as u64).collect()
}
