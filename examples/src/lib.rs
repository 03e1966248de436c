//! Something to measure: words of a text counted in two ways, a cache with a bound and one without.

use std::collections::{BTreeMap, HashMap};

/// How often each word is in a text.
pub fn word_counts(text: &str) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for word in text.split_whitespace() {
        *counts.entry(word).or_default() += 1;
    }
    counts
}

/// The same by sorting first.
pub fn word_counts_sorted(text: &str) -> Vec<(&str, usize)> {
    let mut words: Vec<&str> = text.split_whitespace().collect();
    words.sort_unstable();
    words.chunk_by(|one, other| one == other).map(|same| (same[0], same.len())).collect()
}

/// A text of so many words.
pub fn text(words: usize) -> String {
    (0..words).map(|n| format!("word{} ", n * n % 97)).collect()
}

/// Remembers squares, as many as it may.
#[derive(Debug, Default)]
pub struct Cache {
    known: HashMap<u64, u64>,
    asked: u64,
    found: u64,
}

impl Cache {
    /// The square of a number, from memory where it is there.
    pub fn square(&mut self, number: u64) -> u64 {
        self.asked += 1;
        if let Some(square) = self.known.get(&number) {
            self.found += 1;
            return *square;
        }
        let square = number * number;
        self.known.insert(number, square);
        square
    }

    /// The share of questions that memory answered.
    pub fn hit_rate(&self) -> f64 {
        self.found as f64 / self.asked.max(1) as f64
    }
}
