//! The `cargo-perfguard` executable.

fn main() -> std::process::ExitCode {
    cargo_perfguard::main()
}
