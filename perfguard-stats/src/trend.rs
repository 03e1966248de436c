//! Slow drift: slopes with significance, prediction of one new value, and an online watch.
