//! Pairs that were taken side by side.
