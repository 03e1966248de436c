//! Stands in for the `cargo-perfguard` executable in this crate's tests: plays the roles that it is called for. Called with
//! `__threads`, it computes in four threads beside an idle one.

use std::hint::black_box;
use std::process::ExitCode;

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some(perfguard_core::process::LAUNCHER_ARGUMENT) => perfguard_core::process::launcher_main(),
        Some("__threads") => {
            std::thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| (0..20_000_000_u64).fold(1, |sum, next| black_box(sum ^ next)));
                }
            });
            ExitCode::SUCCESS
        }
        _ => perfguard_core::build::multicall().unwrap_or(ExitCode::FAILURE),
    }
}
