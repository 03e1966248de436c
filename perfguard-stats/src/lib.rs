//! perfguard-stats
