//! build: the workbench. So far the tree side: checkouts, kept folders, and which of them is seated.

mod checkout;
mod checkout_error;
mod file_clock;
mod git_stand_in;
mod kept;
mod layout;
mod seat;
mod state;
mod tree_files;

#[cfg(test)]
mod checkout_tests;
#[cfg(test)]
mod seat_tests;

pub use checkout::{Checkout, Updated};
pub use checkout_error::CheckoutError;
pub use layout::Layout;
pub use seat::{Seat, Swap};
