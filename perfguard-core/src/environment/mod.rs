//! environment: to come.
