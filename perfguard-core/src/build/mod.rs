//! From a source tree to executables, outside the user's tree: the workbench.
//!
//! Two commits are built in one real folder, one after the other, so that both sides have the same paths; what each left
//! is kept, and stands in that same folder while its benches run. See `ARCHITECTURE.md`, *Workbench*.

mod artifacts;
mod cache_probe;
mod cargo;
mod cargo_config;
mod checkout;
mod checkout_error;
mod common_layout;
mod error;
mod file_clock;
mod git_stand_in;
mod identity;
mod inputs;
mod kept;
mod kit_check;
mod layout;
mod link_kit;
mod linker_probe;
mod lock;
mod manifests;
mod messages;
mod record;
mod retention;
mod role_linker;
mod role_runner;
mod role_wrapper;
mod roles;
mod seat;
mod state;
mod tree_files;
mod variant;
mod workbench;

#[cfg(test)]
mod checkout_tests;
#[cfg(test)]
mod seat_tests;

pub use cache_probe::probe_cache;
pub use checkout_error::CheckoutError;
pub use common_layout::{CommonLayouts, LayoutRequest, NotLinked, PlacedAlike, SharedFunctions};
pub use error::{BuildError, LockError};
pub use identity::{Identity, IdentitySide, is_not_read};
pub use inputs::Affected;
pub use kept::is_kept;
pub use linker_probe::LinkerProbe;
pub use lock::MachineLock;
pub use retention::{KeepLimits, Kept, free_bytes, repositories};
pub use roles::multicall;
pub use seat::Seat;
pub use workbench::{Build, BuildRequest, Workbench, WorkbenchSetup};

use checkout::Checkout;
#[cfg(test)]
use checkout::Updated;
use layout::Layout;
use seat::Swap;
