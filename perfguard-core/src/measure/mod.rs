//! measure: a stage.

mod driver;

pub use driver::{Driver, Listing, Reading, Session};
