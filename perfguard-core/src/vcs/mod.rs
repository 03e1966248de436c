//! vcs: to come.
