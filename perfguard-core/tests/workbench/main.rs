//! The workbench with real repositories and the real cargo, each of its promises a test.

mod building;
mod support;
mod trees;
