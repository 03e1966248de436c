//! Where the functions of an executable are.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use object::read::ReadCache;
use object::{Object as _, ObjectSymbol as _, SymbolKind};

/// How many functions sit at the same address on both sides of a layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlacedAlike {
    /// Those at the same address.
    pub alike: usize,
    /// Those in common that the symbols of both executables name.
    pub found: usize,
}

/// The addresses of each symbol, sorted: units may have copies of their own.
type Addresses = BTreeMap<String, Vec<u64>>;

/// Compares the addresses of functions by name, base's and head's in the same order.
pub(super) fn compare(base: &Path, head: &Path, common: &[(String, String)]) -> io::Result<PlacedAlike> {
    let (base, head) = (addresses(base)?, addresses(head)?);
    let mut placed = PlacedAlike { alike: 0, found: 0 };
    for (one, other) in common {
        if let (Some(one), Some(other)) = (base.get(one), head.get(other)) {
            placed.found += 1;
            placed.alike += usize::from(one == other);
        }
    }
    Ok(placed)
}

fn addresses(program: &Path) -> io::Result<Addresses> {
    let cache = ReadCache::new(std::fs::File::open(program)?);
    let file = object::File::parse(&cache).map_err(io::Error::other)?;
    let mut found = Addresses::new();
    for symbol in file.symbols().filter(|symbol| symbol.is_definition() && symbol.kind() != SymbolKind::Section) {
        if let Ok(name) = symbol.name() {
            found.entry(name.to_owned()).or_default().push(symbol.address());
        }
    }
    for addresses in found.values_mut() {
        addresses.sort_unstable();
    }
    Ok(found)
}
