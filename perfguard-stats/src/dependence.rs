//! How much values that follow one another say again: autocorrelation and effective sample size.
