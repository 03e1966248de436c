//! What a design can see: power, smallest detectable effect, pairs still needed.
