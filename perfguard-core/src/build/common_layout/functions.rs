//! The functions of one executable: what the linker can order, and what tells equal ones.

use std::collections::HashMap;

use blake3::Hasher;
use serde::{Deserialize, Serialize};

use super::digest::Digester;
use super::link_map::Placed;
use super::names::lasting;
use super::objects::{Files, Objects};

/// The first half of a BLAKE3 hash: plenty for the functions of two programs.
pub(super) type Digest = [u8; 16];

/// The live code that goes by one symbol: one section, or several where units have copies of their own, which the linker
/// puts side by side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Function {
    /// What the linker orders it by.
    pub(super) symbol: String,
    /// The symbol without what changes from build to build.
    pub(super) lasting: String,
    /// Of code and all it refers to.
    pub(super) full: Digest,
    /// Of code alone.
    pub(super) code: Digest,
}

/// The functions of a link's live code, in the order of their first appearance. Code that is not in the files, or has no
/// symbol, is left out: the linker puts it behind all that is ordered.
pub(super) fn read(code: &[Placed]) -> Vec<Function> {
    let files = Files::open(code);
    let objects = Objects::parse(&files, code);
    let mut digester = Digester::new(&objects);
    let mut symbols = Vec::new();
    let mut hashers: HashMap<&str, (Hasher, Hasher)> = HashMap::new();
    for placed in code {
        let Some(number) = objects.number_of(placed) else { continue };
        for section in objects.get(number).code_called(&placed.section) {
            let Some(symbol) = objects.get(number).name_of_code(*section) else { continue };
            let Some(digest) = digester.code(number, *section) else { continue };
            let (full, code) = hashers.entry(symbol).or_insert_with(|| {
                symbols.push(symbol);
                (Hasher::new(), Hasher::new())
            });
            full.update(digest.full.as_bytes());
            code.update(digest.code.as_bytes());
        }
    }
    let finish = |symbol: &str| {
        let (full, code) = &hashers[symbol];
        Function { symbol: symbol.to_owned(), lasting: lasting(symbol), full: digest_of(full), code: digest_of(code) }
    };
    symbols.into_iter().map(finish).collect()
}

fn digest_of(hasher: &Hasher) -> Digest {
    *hasher.finalize().as_bytes().first_chunk().expect("a hash is twice as long")
}
