//! analyse: to come.
