//! What stands at an address of an executable, by its line tables: the line, and through which functions it was inlined.

use std::borrow::Cow;

use addr2line::gimli::{self, EndianSlice, RunTimeEndian};
use object::{Object as _, ObjectSection as _};

type Slice<'data> = EndianSlice<'data, RunTimeEndian>;

/// The line tables of one executable.
pub(super) struct Inlines<'data> {
    /// Where the sources lay that are the user's own.
    tree: &'data str,
    context: addr2line::Context<Slice<'data>>,
}

/// What stands at an address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Source {
    /// The functions that were inlined there, the outermost first; none where the code is the function's own.
    pub(super) inlined: Vec<String>,
    /// File and line: of the innermost function whose source is the user's own, else of the innermost; where they are known.
    pub(super) line: Option<(String, u32)>,
}

impl<'data> Inlines<'data> {
    /// Reads an executable; `None` where it is none, or has no line tables.
    pub(super) fn of(program: &'data [u8], tree: &'data str) -> Option<Self> {
        let file = object::File::parse(program).ok()?;
        file.section_by_name(".debug_line")?;
        let endian = if file.is_little_endian() { RunTimeEndian::Little } else { RunTimeEndian::Big };
        let load = |id: gimli::SectionId| -> Result<Slice<'data>, gimli::Error> {
            let section = file.section_by_name(id.name());
            let bytes = section.and_then(|section| section.data().ok()).unwrap_or_default();
            Ok(EndianSlice::new(bytes, endian))
        };
        let dwarf = gimli::Dwarf::load(load).ok()?;
        let context = addr2line::Context::from_dwarf(dwarf).ok()?;
        Some(Self { tree, context })
    }

    /// What stands at an address; nothing where the tables do not say.
    pub(super) fn at(&self, address: u64) -> Source {
        let (mut source, mut has_own) = (Source::default(), false);
        let Ok(mut frames) = self.context.find_frames(address).skip_all_loads() else { return source };
        while let Ok(Some(frame)) = frames.next() {
            let place = frame.location.as_ref();
            let place = place.and_then(|place| Some((place.file?, place.line.unwrap_or_default())));
            let is_own = place.is_some_and(|(file, _)| file.starts_with(self.tree));
            if let Some((file, line)) = place.filter(|_| source.inlined.is_empty() || is_own && !has_own) {
                source.line = Some((file.to_owned(), line));
            }
            has_own |= is_own;
            let name = frame.function.as_ref().and_then(|function| function.raw_name().ok().map(Cow::into_owned));
            source.inlined.push(name.map_or_else(|| UNNAMED.to_owned(), |name| demangled(&name)));
        }
        // The last frame is the function that the code was inlined into, which callgrind names.
        source.inlined.pop();
        source.inlined.reverse();
        source
    }
}

/// A function without a name.
const UNNAMED: &str = "?";

/// A name as it is written in the source, without hashes; one that is not mangled stays as it is.
pub(super) fn demangled(name: &str) -> String {
    format!("{:#}", rustc_demangle::demangle(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_their_hashes_and_those_of_c_stay() {
        assert_eq!(demangled("_ZN4core3fmt5write17h0123456789abcdefE"), "core::fmt::write");
        assert_eq!(demangled("_RNvNtCs1234_7mycrate3foo3bar"), "mycrate::foo::bar");
        assert_eq!(demangled("memcpy"), "memcpy");
        assert_eq!(demangled("(below main)"), "(below main)");
    }

    #[test]
    fn what_is_no_executable_has_no_lines() {
        assert!(Inlines::of(b"#!/bin/sh\n", "").is_none());
        assert!(Inlines::of(b"", "").is_none());
    }

    #[test]
    fn this_test_itself_is_found_with_its_file() {
        let own = fs_err::read(std::env::current_exe().unwrap()).unwrap();
        let inlines = Inlines::of(&own, "").expect("tests have line tables");
        let file = object::File::parse(&*own).unwrap();
        let symbols = object::Object::symbols(&file);
        let name = "names_lose_their_hashes_and_those_of_c_stay";
        let own_symbol = symbols
            .into_iter()
            .find(|symbol| object::ObjectSymbol::name(symbol).is_ok_and(|text| text.contains(name)))
            .expect("a test is a function");
        let found = inlines.at(object::ObjectSymbol::address(&own_symbol));
        assert!(found.line.expect("a line").0.ends_with("inlined.rs"));
    }
}
