//! Benches as a project already has them, under divan.

use perfguard_examples::{text, word_counts_sorted};

#[divan::bench(args = [10, 1_000])]
fn sorted(bencher: divan::Bencher, words: usize) {
    let text = text(words);
    bencher.bench(|| word_counts_sorted(divan::black_box(&text)).len());
}

fn main() {
    divan::main();
}
