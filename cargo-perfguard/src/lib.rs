//! cargo-perfguard
