//! What a function's code amounts to, whatever its name, its address, and the names of the constants that it uses.

use std::collections::HashMap;

use blake3::{Hash, Hasher};
use object::{
    Architecture, Object as _, ObjectSection as _, ObjectSymbol as _, Relocation, RelocationFlags, RelocationKind,
    RelocationTarget, SectionFlags, SectionIndex, SectionKind, SymbolIndex, SymbolKind, elf,
};

use super::names::{is_made_up, lasting};
use super::objects::Objects;

/// How far constants are followed that point to constants: deep enough for a table of messages.
const DEEPEST: u8 = 6;
/// A `core::panic::Location` on a 64-bit machine: pointer, length, line, column.
const LOCATION_BYTES: usize = 24;
/// Where its line and column begin.
const LOCATION_LINE: usize = 16;

/// Two digests of one section of code. Both cover size and alignment: equal ones take the same room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct CodeDigest {
    /// Code, and what it refers to.
    pub(super) full: Hash,
    /// Code alone.
    pub(super) code: Hash,
}

/// Where something stands: an object's number, a section of it, an offset there.
#[derive(Debug, Clone, Copy)]
struct Spot {
    object: usize,
    section: SectionIndex,
    offset: u64,
}

/// Digests the code of one link.
#[derive(Debug)]
pub(super) struct Digester<'all, 'data> {
    objects: &'all Objects<'data>,
    known: HashMap<(usize, SectionIndex, u8), Hash>,
}

impl<'all, 'data> Digester<'all, 'data> {
    pub(super) fn new(objects: &'all Objects<'data>) -> Self {
        Self { objects, known: HashMap::new() }
    }

    /// The digests of a section of code.
    pub(super) fn code(&mut self, object: usize, section: SectionIndex) -> Option<CodeDigest> {
        let found = self.objects.get(object).file.section_by_index(section).ok()?;
        let mut code = Hasher::new();
        code.update(&found.size().to_le_bytes()).update(&found.align().to_le_bytes()).update(found.data().ok()?);
        let mut full = code.clone();
        for (offset, relocation) in found.relocations() {
            full.update(&offset.to_le_bytes());
            self.reference(&mut full, object, &relocation, DEEPEST);
        }
        Some(CodeDigest { full: full.finalize(), code: code.finalize() })
    }

    /// Adds what a relocation refers to: the name where the source gave one, else the content.
    fn reference(&mut self, hasher: &mut Hasher, object: usize, relocation: &Relocation, depth: u8) {
        if let RelocationFlags::Elf { r_type } = relocation.flags() {
            hasher.update(&r_type.0.to_le_bytes());
        }
        match relocation.target() {
            RelocationTarget::Symbol(symbol) => self.symbol(hasher, object, symbol, relocation, depth),
            RelocationTarget::Section(section) => {
                self.place(hasher, Spot { object, section, offset: 0 }, relocation.addend(), depth);
            }
            RelocationTarget::Absolute | _ => {
                hasher.update(&relocation.addend().to_le_bytes());
            }
        }
    }

    fn symbol(&mut self, hasher: &mut Hasher, object: usize, symbol: SymbolIndex, relocation: &Relocation, depth: u8) {
        let Ok(found) = self.objects.get(object).file.symbol_by_index(symbol) else { return };
        let name = found.name().unwrap_or_default();
        let is_section = found.kind() == SymbolKind::Section;
        if !is_section && !is_made_up(name) {
            hasher.update(b"name").update(lasting(name).as_bytes()).update(&relocation.addend().to_le_bytes());
            return;
        }
        let defined = match found.section_index() {
            Some(section) => Some((object, section, found.address())),
            None => self.shared(name),
        };
        let Some((object, section, address)) = defined else {
            hasher.update(b"unknown").update(&relocation.addend().to_le_bytes());
            return;
        };
        // A reference by section carries the offset in its addend, less what the processor adds to it.
        let bias = if is_section { relocation.addend() + self.bias(object, relocation) } else { 0 };
        let offset = address.saturating_add_signed(bias);
        self.place(hasher, Spot { object, section, offset }, relocation.addend() - bias, depth);
    }

    /// Where a constant is that another object made.
    fn shared(&self, name: &str) -> Option<(usize, SectionIndex, u64)> {
        let (object, symbol) = self.objects.shared(name)?;
        let found = self.objects.get(object).file.symbol_by_index(symbol).ok()?;
        Some((object, found.section_index()?, found.address()))
    }

    /// What a processor adds to the addend of a reference that counts from the next instruction.
    fn bias(&self, object: usize, relocation: &Relocation) -> i64 {
        let is_x86 = self.objects.get(object).file.architecture() == Architecture::X86_64;
        let from_next = [RelocationKind::Relative, RelocationKind::PltRelative, RelocationKind::GotRelative];
        if is_x86 && from_next.contains(&relocation.kind()) { 4 } else { 0 }
    }

    /// Adds what stands somewhere: code by its name, data by its content.
    fn place(&mut self, hasher: &mut Hasher, spot: Spot, rest: i64, depth: u8) {
        hasher.update(&rest.to_le_bytes());
        let object = self.objects.get(spot.object);
        let Ok(section) = object.file.section_by_index(spot.section) else { return };
        if section.kind() == SectionKind::Text {
            let name = object.name_of_code(spot.section).or(section.name().ok()).unwrap_or_default();
            hasher.update(b"code").update(lasting(name).as_bytes()).update(&spot.offset.to_le_bytes());
        } else if let Some(item) = merged_item(&section, spot.offset) {
            hasher.update(b"item").update(item);
        } else {
            hasher.update(b"data").update(&spot.offset.to_le_bytes());
            hasher.update(self.data(spot.object, spot.section, depth).as_bytes());
        }
    }

    /// The digest of a whole section of data, and of what it points to.
    fn data(&mut self, object: usize, section: SectionIndex, depth: u8) -> Hash {
        if let Some(known) = self.known.get(&(object, section, depth)) {
            return *known;
        }
        let mut hasher = Hasher::new();
        if let Ok(found) = self.objects.get(object).file.section_by_index(section) {
            let bytes = found.data().unwrap_or_default();
            let relocations: Vec<_> = found.relocations().collect();
            let counted = if self.is_location(object, bytes, &relocations) { &bytes[..LOCATION_LINE] } else { bytes };
            hasher.update(&found.size().to_le_bytes()).update(counted);
            if depth > 0 {
                for (offset, relocation) in &relocations {
                    hasher.update(&offset.to_le_bytes());
                    self.reference(&mut hasher, object, relocation, depth - 1);
                }
            }
        }
        let hash = hasher.finalize();
        self.known.insert((object, section, depth), hash);
        hash
    }

    /// Whether data is a `core::panic::Location`, of which every added line moves line and column.
    fn is_location(&self, object: usize, bytes: &[u8], relocations: &[(u64, Relocation)]) -> bool {
        let [(0, to_name)] = relocations else { return false };
        if bytes.len() != LOCATION_BYTES {
            return false;
        }
        let length = u64::from_le_bytes(bytes[8..16].try_into().expect("eight bytes"));
        self.bytes_at(object, to_name, length).is_some_and(|name| name.ends_with(b".rs") || name.ends_with(b".rs\0"))
    }

    /// The bytes that a relocation of data points to.
    fn bytes_at(&self, object: usize, relocation: &Relocation, length: u64) -> Option<&'data [u8]> {
        let (object, section, address) = match relocation.target() {
            RelocationTarget::Section(section) => (object, section, 0),
            RelocationTarget::Symbol(symbol) => {
                let found = self.objects.get(object).file.symbol_by_index(symbol).ok()?;
                match found.section_index() {
                    Some(section) => (object, section, found.address()),
                    None => self.shared(found.name().ok()?)?,
                }
            }
            RelocationTarget::Absolute | _ => return None,
        };
        let start = address.checked_add_signed(relocation.addend())?;
        let data = self.objects.get(object).file.section_by_index(section).ok()?.data().ok()?;
        data.get(usize::try_from(start).ok()?..usize::try_from(start.checked_add(length)?).ok()?)
    }
}

/// The constant or string at an offset of a section whose items the linker merges: neighbours are other code's business.
fn merged_item<'data>(section: &impl object::ObjectSection<'data>, offset: u64) -> Option<&'data [u8]> {
    let SectionFlags::Elf { sh_flags, .. } = section.flags() else { return None };
    if sh_flags.0 & elf::SHF_MERGE.0 == 0 {
        return None;
    }
    let data = section.data().ok()?;
    let rest = data.get(usize::try_from(offset).ok()?..)?;
    if sh_flags.0 & elf::SHF_STRINGS.0 != 0 {
        return Some(&rest[..memchr::memchr(0, rest).unwrap_or(rest.len())]);
    }
    // Such constants are as large as they are aligned.
    rest.get(..usize::try_from(section.align()).ok()?)
}
