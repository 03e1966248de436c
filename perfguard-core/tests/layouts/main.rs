//! Common layouts of real executables: linked by the real linkers, run, and their symbols read.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking and starts processes itself"
)]

#[path = "../common/mod.rs"]
mod common;
#[expect(dead_code, reason = "the workbench's tests use all of it")]
#[path = "../workbench/support.rs"]
mod support;

mod kinds_of_builds;
mod layouts;
mod reasons;
mod suite;
