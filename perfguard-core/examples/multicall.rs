//! Stands in for the `cargo-perfguard` executable in this crate's tests: plays the roles that it is called for.

use std::process::ExitCode;

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some(perfguard_core::process::LAUNCHER_ARGUMENT) {
        return perfguard_core::process::launcher_main();
    }
    perfguard_core::build::multicall().unwrap_or(ExitCode::FAILURE)
}
