//! The group-sequential decision over pairs: regressed, improved, unchanged or undecided.
