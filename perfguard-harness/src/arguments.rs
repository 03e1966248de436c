//! The command line of a bench under plain `cargo bench`: the usual flags, and no others.

/// What a person asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Arguments {
    /// Names only.
    pub(crate) list: bool,
    /// Each benchmark once, to see whether it works: what `cargo test` asks for.
    pub(crate) test: bool,
    /// A filter is a whole name.
    pub(crate) exact: bool,
    /// Parts of names; a benchmark that has one of them is meant.
    pub(crate) filters: Vec<String>,
    /// Iterations in a sample.
    pub(crate) iterations: Option<u64>,
}

/// What `--help` says.
pub(crate) const HELP: &str = "\
usage: cargo bench [--bench NAME] -- [FILTER]... [OPTIONS]
  FILTER             benchmarks whose name contains it
      --exact        a FILTER is the whole name
      --list         show the names, run none
      --test         run each once, to see whether it works
      --iterations N as many in every sample
";

impl Arguments {
    /// Reads the words after the program's own.
    ///
    /// # Errors
    /// What is wrong with them; `Ok(None)` asks for help.
    pub(crate) fn parse(words: impl IntoIterator<Item = String>) -> Result<Option<Self>, String> {
        let mut arguments = Self::default();
        let mut is_bench = false;
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--list" => arguments.list = true,
                "--test" => arguments.test = true,
                "--exact" => arguments.exact = true,
                // `cargo bench` always gives it; `cargo test --benches` does not, and means a try.
                "--bench" => is_bench = true,
                "--help" | "-h" => return Ok(None),
                "--nocapture" | "--show-output" | "--quiet" | "-q" => {}
                // What the compiler's own harness takes for `--list`.
                "--format" | "--color" => drop(words.next()),
                "--iterations" => {
                    let count = words.next().and_then(|count| count.parse().ok()).filter(|count| *count > 0);
                    arguments.iterations = Some(count.ok_or("`--iterations` takes a number from 1 on")?);
                }
                word if word.starts_with("--format=") || word.starts_with("--color=") => {}
                word if word.starts_with('-') => return Err(format!("unknown flag `{word}`: `--help` shows them")),
                _ => arguments.filters.push(word),
            }
        }
        arguments.test |= !is_bench && !arguments.list;
        Ok(Some(arguments))
    }

    /// Whether a benchmark is meant.
    pub(crate) fn means(&self, id: &str) -> bool {
        let matches = |filter: &String| if self.exact { id == filter } else { id.contains(filter.as_str()) };
        self.filters.is_empty() || self.filters.iter().any(matches)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Option<Arguments>, String> {
        Arguments::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn the_usual_flags_are_taken_and_others_are_refused() {
        let found = parse("--bench sum --exact --iterations 7").unwrap().unwrap();
        let filters = vec!["sum".to_owned()];
        assert_eq!(found, Arguments { exact: true, filters, iterations: Some(7), ..Arguments::default() });
        assert!(parse("--list --format terse").unwrap().unwrap().list);
        assert!(parse("").unwrap().unwrap().test, "what `cargo test --benches` calls");
        assert_eq!(parse("--bench --help"), Ok(None));
        assert!(parse("--bench --sample-size 3").unwrap_err().contains("--sample-size"));
        assert!(parse("--iterations 0").is_err() && parse("--iterations").is_err());
    }

    #[test]
    fn a_filter_is_a_part_of_a_name_and_exact_the_whole() {
        let part = parse("--bench sort sum").unwrap().unwrap();
        assert!(part.means("a/sort/10") && part.means("sum") && !part.means("parse"));
        let whole = parse("--bench sum --exact").unwrap().unwrap();
        assert!(whole.means("sum") && !whole.means("sum/10"));
        assert!(parse("--bench").unwrap().unwrap().means("anything"));
    }
}
