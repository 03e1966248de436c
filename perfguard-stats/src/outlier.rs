//! Labels for values that lie far out. Labels only: nothing is ever dropped.
