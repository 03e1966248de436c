//! Whether two builds of one tree have the same code: line tables should change nothing of it, and sometimes do.
//!
//! Compared are the functions of the executables' symbol tables by name, without hashes, and by size: where the two lie and
//! what they are called there differs from build to build, so that their bytes cannot be held against one another.

use std::collections::{BTreeMap, BTreeSet};

use object::{Object as _, ObjectSymbol as _, SymbolKind};

use super::inlined::demangled;

/// What two builds have of each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CodeDifference {
    /// The same functions of the same sizes.
    Same,
    /// These functions are not the same, or on one side only.
    Functions(BTreeSet<String>),
    /// One of them has no symbols to compare.
    Unknown,
}

/// Compares the functions of two executables.
pub fn code_difference(one: &[u8], other: &[u8]) -> CodeDifference {
    let (Some(one), Some(other)) = (sizes(one), sizes(other)) else { return CodeDifference::Unknown };
    let names: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    let differing: BTreeSet<String> =
        names.into_iter().filter(|name| one.get(*name) != other.get(*name)).cloned().collect();
    if differing.is_empty() { CodeDifference::Same } else { CodeDifference::Functions(differing) }
}

/// The sizes of all functions, sorted, by their names: instances of a generic function may share one. `None` where there
/// are no symbols.
fn sizes(program: &[u8]) -> Option<BTreeMap<String, Vec<u64>>> {
    let file = object::File::parse(program).ok()?;
    let mut found: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    let functions = file.symbols().filter(|symbol| symbol.kind() == SymbolKind::Text && symbol.is_definition());
    for symbol in functions.filter(|symbol| symbol.size() > 0) {
        found.entry(demangled(symbol.name().ok()?)).or_default().push(symbol.size());
    }
    for sizes in found.values_mut() {
        sizes.sort_unstable();
    }
    Some(found).filter(|found| !found.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_executable_has_its_own_code_and_a_script_has_none() {
        let own = fs_err::read(std::env::current_exe().unwrap()).unwrap();
        assert_eq!(code_difference(&own, &own), CodeDifference::Same);
        assert_eq!(code_difference(&own, b"#!/bin/sh\n"), CodeDifference::Unknown);
    }
}
