//! What grew between two sides of a benchmark: pure functions from what callgrind wrote, the executables' line tables and
//! the lock files to rows and a picture. Starts nothing, reads no file.
//!
//! `callgrind` reads a dump, `profile` makes a count an iteration of two of them, `inlined` tells what stands at an
//! address, `functions` adds up function by function, `growth` holds two sides side by side, `stacks` and `flame_graph`
//! draw them. `lock` and `code` are for what else differs.

mod callgrind;
mod code;
mod cycles;
mod events;
mod flame_graph;
mod functions;
mod growth;
mod inlined;
mod lock;
mod paths;
mod profile;
mod stacks;

pub use callgrind::{Dump, DumpError};
pub use code::{CodeDifference, code_difference};
pub use events::simulated;
pub use flame_graph::{FlameGraph, flame_graph};
pub use functions::{Functions, Program};
pub use growth::growth;
pub use lock::{LockError, dependency_changes};
pub use profile::Profile;
