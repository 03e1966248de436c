//! plan: to come.
