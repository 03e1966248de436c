//! Which benchmarks the user means.

use crate::model::BenchmarkId;

/// The user's FILTER words: several mean *or*; none means all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// The words as typed.
    pub words: Vec<String>,
    /// Whether a word must be a whole id rather than a part of one.
    pub exact: bool,
}

impl Filter {
    /// Whether the user wants this benchmark: case-sensitive substring of the id, or the whole id.
    pub fn matches(&self, id: &BenchmarkId) -> bool {
        let text = id.to_string();
        self.words.is_empty()
            || self.words.iter().any(|word| if self.exact { text == *word } else { text.contains(word.as_str()) })
    }
}

/// The ids most like a word that matched nothing, best first, at most `most`.
///
/// Likeness is the Jaro–Winkler similarity to the id or to any part of it between separators, whichever is larger.
pub fn nearest_ids<'a>(word: &str, ids: &'a [BenchmarkId], most: usize) -> Vec<&'a BenchmarkId> {
    const LEAST_SIMILARITY: f64 = 0.7;
    let wanted = word.to_lowercase();
    let likeness = |id: &BenchmarkId| {
        let text = id.to_string().to_lowercase();
        let parts = text.split([':', '/', ' ', '_']).filter(|part| !part.is_empty());
        parts.chain([text.as_str()]).map(|part| strsim::jaro_winkler(&wanted, part)).fold(0.0, f64::max)
    };
    let mut ranked: Vec<_> = ids.iter().map(|id| (likeness(id), id)).filter(|(s, _)| *s >= LEAST_SIMILARITY).collect();
    ranked.sort_by(|(a, left), (b, right)| b.total_cmp(a).then_with(|| left.cmp(right)));
    ranked.into_iter().take(most).map(|(_, id)| id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> BenchmarkId {
        text.parse().expect("a whole id")
    }

    #[test]
    fn several_words_mean_or_and_none_means_all() {
        let filter = |words: &[&str], exact| Filter { words: words.iter().map(ToString::to_string).collect(), exact };
        let sum = id("p::bench::sum/10");
        assert!(filter(&[], false).matches(&sum));
        assert!(filter(&["fib", "sum"], false).matches(&sum));
        assert!(!filter(&["fib"], false).matches(&sum));
        assert!(!filter(&["Sum"], false).matches(&sum), "case counts");
        assert!(!filter(&["sum/10"], true).matches(&sum), "exact means the whole id");
        assert!(filter(&["p::bench::sum/10"], true).matches(&sum));
    }

    #[test]
    fn a_misspelt_word_finds_the_id_that_was_meant() {
        let ids = [id("p::bench::parse/small"), id("p::bench::render"), id("p::other::sum")];
        assert_eq!(nearest_ids("prase", &ids, 3).first(), Some(&&ids[0]));
        assert!(nearest_ids("zzzzzz", &ids, 3).is_empty());
    }
}
