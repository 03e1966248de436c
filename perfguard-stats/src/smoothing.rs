//! Weighted by age or by window: decaying means and spreads, rolling windows, control limits.
