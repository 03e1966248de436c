//! Shown to be the same within limits: two one-sided tests.
