//! Common layouts: both sides of a comparison linked again so that code which is the same on both sits at the same
//! addresses, in another order for each layout. What layout does to a benchmark then cancels within a pair, and differs
//! from pair to pair: noise, not bias.
//!
//! The kits of both sides are linked once as they are, which shows that they are whole, and once for each layout.
//! `--symbol-ordering-file` puts functions in an order (LLD only), `-z separate-loadable-segments` puts code and data on
//! pages of their own, so that only the order decides addresses.

mod digest;
mod error;
mod functions;
mod link_map;
mod linking;
mod names;
mod objects;
mod order;
mod placed;
mod pool;
mod reader;
mod side;
mod watch;

pub use error::NotLinked;
pub use placed::PlacedAlike;
pub(super) use reader::read_functions;

use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::cancel::CancellationToken;
use crate::clock::Clock;
use crate::model::Artifact;
use linking::Linking;
use watch::Watch;

/// What one link may take: a link-time optimizer of a large program takes minutes, a linker that waits for ever does not
/// end.
const LINK_LIMIT: Duration = Duration::from_mins(5);

/// Which layouts are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LayoutRequest {
    /// How many.
    pub count: usize,
    /// The order of functions in each is drawn from this seed and its number.
    pub seed: u64,
    /// Whether base's layouts are wanted in head's place too, as files of their own: for the null control.
    pub second_base: bool,
}

/// How many functions there are: code that goes by one symbol and is part of the executable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedFunctions {
    /// The same code on both sides.
    pub common: usize,
    /// All of base's.
    pub base: usize,
    /// All of head's.
    pub head: usize,
}

/// A pool of common layouts. The lists are as long as was asked for; what stands at the same place of each belongs
/// together. All programs have paths of one length.
#[derive(Debug, Clone)]
pub struct CommonLayouts {
    /// Base, as it is but for its program.
    pub base: Vec<Artifact>,
    /// Head, as it is but for its program; where base and head are one executable, files of its own nevertheless.
    pub head: Vec<Artifact>,
    /// Base once more, with its programs in head's place; empty if it was not asked for.
    pub second_base: Vec<Artifact>,
    /// What the sides have in common.
    pub functions: SharedFunctions,
    /// How long linking each layout took, both sides together, nanoseconds.
    pub link_ns: Vec<u64>,
    /// How many were linked now; the others were kept.
    pub linked: usize,
    /// The symbols in common, base's and head's.
    common: Vec<(String, String)>,
}

impl CommonLayouts {
    /// Reads both executables of a layout, and counts how many of the functions in common are at the same address.
    ///
    /// # Errors
    /// When an executable cannot be read.
    ///
    /// # Panics
    /// If there are fewer layouts.
    pub fn placed_alike(&self, number: usize) -> std::io::Result<PlacedAlike> {
        placed::compare(&self.base[number].program, &self.head[number].program, &self.common)
    }
}

/// Gives the layouts that are asked for: those that are kept, and the others linked now. `reader` is perfguard in the role
/// of [`read_functions`].
pub(super) fn common_layouts(
    base: &Artifact,
    head: &Artifact,
    request: LayoutRequest,
    reader: &Path,
    clock: &dyn Clock,
    cancel: &CancellationToken,
) -> Result<CommonLayouts, NotLinked> {
    Linking::new(base, head, request, reader, Watch { clock, cancel, limit: LINK_LIMIT }).layouts()
}
