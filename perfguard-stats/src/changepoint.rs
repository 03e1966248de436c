//! Where a series changes its level: robust detection with significance corrected for the search.
