//! Resampling: bootstrap intervals and permutation, from a recorded seed.
