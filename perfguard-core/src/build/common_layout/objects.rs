//! The objects of a link that are live: object files and archive members, with what each of their code sections is called.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;

use object::read::archive::ArchiveFile;
use object::read::{ReadCache, ReadCacheRange, ReadRef as _};
use object::{Object as _, ObjectSection as _, ObjectSymbol as _, SectionIndex, SectionKind, SymbolIndex, SymbolKind};

use super::link_map::Placed;
use super::names::is_made_up;

/// The files that a link read live code from. Only what is asked for is read: the standard library alone is larger than
/// perfguard may be.
#[derive(Debug, Default)]
pub(super) struct Files(BTreeMap<String, ReadCache<File>>);

/// An object in a file, or a whole file.
type Part<'data> = ReadCacheRange<'data, File>;

impl Files {
    /// Opens each file once. One that is gone is left out: its code counts as unknown.
    pub(super) fn open(code: &[Placed]) -> Self {
        let names: BTreeSet<_> = code.iter().map(|placed| placed.file.as_str()).collect();
        let open = |name: &str| File::open(name).ok().map(|file| (name.to_owned(), ReadCache::new(file)));
        Self(names.into_iter().filter_map(open).collect())
    }
}

/// One object.
#[derive(Debug)]
pub(super) struct Object<'data> {
    pub(super) file: object::File<'data, Part<'data>>,
    /// What the linker can order each code section by.
    names: HashMap<SectionIndex, &'data str>,
    /// Code sections by their own names.
    code: HashMap<&'data str, Vec<SectionIndex>>,
}

impl<'data> Object<'data> {
    fn parse(part: Part<'data>) -> Option<Self> {
        let file = object::File::parse(part).ok()?;
        let mut code: HashMap<_, Vec<_>> = HashMap::new();
        for section in file.sections().filter(|section| section.kind() == SectionKind::Text) {
            if let Ok(name) = section.name() {
                code.entry(name).or_default().push(section.index());
            }
        }
        let mut best: HashMap<SectionIndex, ((bool, u64), &'data str)> = HashMap::new();
        for symbol in file.symbols().filter(|symbol| symbol.is_definition() && symbol.kind() != SymbolKind::Section) {
            let (Some(section), Ok(name)) = (symbol.section_index(), symbol.name()) else { continue };
            // `$x` and the like mark kinds of code on some architectures.
            if is_made_up(name) || name.starts_with('$') {
                continue;
            }
            // A global name is the only one of its kind; the first names the section best.
            let rank = (symbol.is_local(), symbol.address());
            let known = best.entry(section).or_insert((rank, name));
            if rank < known.0 {
                *known = (rank, name);
            }
        }
        let names = file
            .sections()
            .filter(|section| section.kind() == SectionKind::Text)
            .filter_map(|section| best.get(&section.index()).map(|(_, name)| (section.index(), *name)))
            .collect();
        Some(Self { file, names, code })
    }

    /// What the linker can order a code section by.
    pub(super) fn name_of_code(&self, section: SectionIndex) -> Option<&'data str> {
        self.names.get(&section).copied()
    }

    /// The code sections of a name: one, but for hand-made objects.
    pub(super) fn code_called(&self, name: &str) -> &[SectionIndex] {
        self.code.get(name).map_or(&[], Vec::as_slice)
    }
}

/// All live objects of one link.
#[derive(Debug)]
pub(super) struct Objects<'data> {
    all: Vec<Object<'data>>,
    /// By file and member; an object file is its own only member, without a name.
    by_place: HashMap<&'data str, HashMap<String, usize>>,
    /// Where constants are defined that one object made and another uses.
    shared: HashMap<&'data str, (usize, SymbolIndex)>,
}

impl<'data> Objects<'data> {
    /// Reads the objects that the code came from. What is no ELF object, such as code for a link-time optimizer, is left
    /// out.
    pub(super) fn parse(files: &'data Files, code: &[Placed]) -> Self {
        let wanted: BTreeSet<_> = code.iter().map(|placed| (placed.file.as_str(), placed.member.as_deref())).collect();
        let mut found = Self { all: Vec::new(), by_place: HashMap::new(), shared: HashMap::new() };
        for (name, cache) in &files.0 {
            if wanted.contains(&(name.as_str(), None))
                && let Ok(size) = cache.len()
            {
                found.add(name, None, cache.range(0, size));
            }
            let Ok(archive) = ArchiveFile::parse(cache) else { continue };
            for member in archive.members().flatten() {
                let member_name = String::from_utf8_lossy(member.name()).into_owned();
                if wanted.contains(&(name.as_str(), Some(&member_name))) && !member.is_thin() {
                    let (start, size) = member.file_range();
                    found.add(name, Some(member_name), cache.range(start, size));
                }
            }
        }
        found
    }

    fn add(&mut self, file: &'data str, member: Option<String>, part: Part<'data>) {
        let Some(object) = Object::parse(part) else { return };
        let number = self.all.len();
        for symbol in object.file.symbols().filter(|symbol| symbol.is_definition() && symbol.is_global()) {
            if let Ok(name) = symbol.name()
                && is_made_up(name)
            {
                self.shared.entry(name).or_insert((number, symbol.index()));
            }
        }
        self.all.push(object);
        self.by_place.entry(file).or_default().entry(member.unwrap_or_default()).or_insert(number);
    }

    /// An object by its number.
    pub(super) fn get(&self, number: usize) -> &Object<'data> {
        &self.all[number]
    }

    /// The number of the object that a piece of code came from.
    pub(super) fn number_of(&self, placed: &Placed) -> Option<usize> {
        self.by_place.get(placed.file.as_str())?.get(placed.member.as_deref().unwrap_or_default()).copied()
    }

    /// Where a constant is defined that several objects share.
    pub(super) fn shared(&self, name: &str) -> Option<(usize, SymbolIndex)> {
        self.shared.get(name).copied()
    }
}
