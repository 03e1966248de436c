//! How large a difference is: probability of superiority and Cliff's delta.
