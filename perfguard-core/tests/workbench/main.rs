//! The workbench with real repositories and the real cargo, each of its promises a test.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking and starts processes itself"
)]

#[path = "../common/mod.rs"]
mod common;

mod building;
mod inputs;
mod support;
mod time_limit;
