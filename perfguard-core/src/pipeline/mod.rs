//! pipeline: to come.
