//! What shape a sample has: tests of normality, and which kind of method fits.
