//! `core::panic::Location` records in a program: pointer to a file's name, its length, line, column. Every line that is
//! added to a source moves those below it, which changes nothing that runs.

use std::collections::BTreeMap;

use object::{Object as _, ObjectSection as _, ObjectSegment as _, ReadRef, RelocationFlags, SegmentFlags, elf};

/// Offsets in a record on a 64-bit machine.
const LENGTH: u64 = 8;
const LINE: u64 = 16;
const COLUMN: u64 = 20;
/// No file's name is as long.
const LONGEST_NAME: u64 = 4096;

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Location {
    file: String,
    line: u32,
    column: u32,
}

/// The records of a program by their addresses.
#[derive(Debug, Default)]
pub(super) struct Locations(BTreeMap<u64, Location>);

impl Locations {
    /// Finds the records by their relocations: each begins with a pointer to a text that ends in `.rs`.
    pub(super) fn of<'data>(file: &object::File<'data, impl ReadRef<'data>>) -> Self {
        let mut found = BTreeMap::new();
        // Packed relocations do not say where they point to.
        if file.sections().any(|section| section.name() == Ok(".relr.dyn") && section.size() > 0) {
            return Self(found);
        }
        // Neither records nor names are code, which is most of a program.
        let is_code = |flags| matches!(flags, SegmentFlags::Elf { p_flags, .. } if p_flags.0 & elf::PF_X.0 != 0);
        let data = file.segments().filter(|segment| !is_code(segment.flags()));
        let memory = Memory(data.filter_map(|segment| Some((segment.address(), segment.data().ok()?))).collect());
        for (address, relocation) in file.dynamic_relocations().into_iter().flatten() {
            let RelocationFlags::Elf { r_type } = relocation.flags() else { continue };
            let relative = [elf::R_X86_64_RELATIVE, elf::R_AARCH64_RELATIVE].contains(&r_type);
            if !relative {
                continue;
            }
            if let Some(location) = memory.location(address, relocation.addend().cast_unsigned()) {
                found.insert(address, location);
            }
        }
        Self(found)
    }

    /// How many records have other lines, if all that differs are lines and columns of records that name the same file on
    /// both sides, and the records of each file are in the same order.
    pub(super) fn only_lines_moved(base: &Self, head: &Self, differing: &[u64]) -> Option<usize> {
        let mut records: Vec<u64> = Vec::new();
        for word in differing {
            let start = [LINE, COLUMN].into_iter().filter_map(|offset| word.checked_sub(offset));
            let record = start.into_iter().find(|start| {
                let files = (base.0.get(start), head.0.get(start));
                matches!(files, (Some(one), Some(other)) if one.file == other.file)
            })?;
            records.push(record);
        }
        records.sort_unstable();
        records.dedup();
        (base.orders() == head.orders()).then_some(records.len())
    }

    /// The records of each file, by address, in the order of their lines.
    fn orders(&self) -> BTreeMap<&str, Vec<u64>> {
        let mut by_file: BTreeMap<&str, Vec<(u32, u32, u64)>> = BTreeMap::new();
        for (address, location) in &self.0 {
            by_file.entry(&location.file).or_default().push((location.line, location.column, *address));
        }
        let sorted = by_file.into_iter().map(|(file, mut records)| {
            records.sort_unstable();
            (file, records.into_iter().map(|(.., address)| address).collect())
        });
        sorted.collect()
    }
}

/// What of a program's memory comes from its file.
struct Memory<'data>(Vec<(u64, &'data [u8])>);

impl<'data> Memory<'data> {
    fn bytes(&self, address: u64, count: u64) -> Option<&'data [u8]> {
        self.0.iter().find_map(|(start, data)| {
            let from = usize::try_from(address.checked_sub(*start)?).ok()?;
            data.get(from..from.checked_add(usize::try_from(count).ok()?)?)
        })
    }

    fn number(&self, address: u64) -> Option<u32> {
        Some(u32::from_le_bytes(self.bytes(address, 4)?.try_into().ok()?))
    }

    fn location(&self, address: u64, name: u64) -> Option<Location> {
        let length = self.bytes(address.checked_add(LENGTH)?, 8)?;
        let length = u64::from_le_bytes(length.try_into().ok()?);
        if !(4..LONGEST_NAME).contains(&length) {
            return None;
        }
        let file = std::str::from_utf8(self.bytes(name, length)?).ok()?;
        if std::path::Path::new(file).extension() != Some("rs".as_ref()) {
            return None;
        }
        let (line, column) = (self.number(address + LINE)?, self.number(address + COLUMN)?);
        Some(Location { file: file.to_owned(), line, column })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(all: &[(u64, &str, u32)]) -> Locations {
        let record = |(address, file, line): &(u64, &str, u32)| {
            (*address, Location { file: (*file).to_owned(), line: *line, column: 5 })
        };
        Locations(all.iter().map(record).collect())
    }

    #[test]
    fn lines_that_all_moved_down_mean_nothing() {
        let base = records(&[(0, "a.rs", 10), (24, "a.rs", 20), (48, "b.rs", 3)]);
        let head = records(&[(0, "a.rs", 11), (24, "a.rs", 21), (48, "b.rs", 3)]);
        assert_eq!(Locations::only_lines_moved(&base, &head, &[16, 24 + 16]), Some(2));
    }

    #[test]
    fn a_word_that_is_no_line_a_file_of_another_name_and_another_order_mean_something() {
        let base = records(&[(0, "a.rs", 10), (24, "a.rs", 20)]);
        assert_eq!(Locations::only_lines_moved(&base, &base, &[8]), None, "a length");
        assert_eq!(Locations::only_lines_moved(&base, &base, &[100]), None, "no record at all");
        let other = records(&[(0, "c.rs", 11), (24, "a.rs", 20)]);
        assert_eq!(Locations::only_lines_moved(&base, &other, &[16]), None);
        let swapped = records(&[(0, "a.rs", 20), (24, "a.rs", 10)]);
        assert_eq!(Locations::only_lines_moved(&base, &swapped, &[16, 40]), None);
    }
}
