//! Many tests at once: family-wise and false-discovery corrections.
