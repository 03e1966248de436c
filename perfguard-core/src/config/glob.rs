//! Unix globs over names and ids: `*`, `?` and `[…]`. A `*` matches separators too: an id is one text.

/// Whether a glob matches the whole of a text.
///
/// ```
/// # use perfguard_core::config::glob::matches;
/// assert!(matches("*::parse/[ab]?", "my-crate::bench::parse/b1"));
/// assert!(!matches("parse", "my-crate::bench::parse"));
/// ```
pub fn matches(pattern: &str, text: &str) -> bool {
    let chars = |text: &str| text.chars().collect::<Vec<_>>();
    matches_chars(&chars(pattern), &chars(text))
}

fn matches_chars(mut pattern: &[char], mut text: &[char]) -> bool {
    // After a `*`: what follows it, and where it may begin next. Only the last one has to be gone back to.
    let mut again: Option<(&[char], &[char])> = None;
    loop {
        let step = match (pattern.first(), text.first()) {
            (None, None) => return true,
            (Some('*'), _) => {
                pattern = &pattern[1..];
                again = Some((pattern, text));
                continue;
            }
            (Some('?'), Some(_)) => Some(1),
            (Some('['), Some(letter)) => class(pattern, *letter),
            (Some(wanted), Some(letter)) if wanted == letter => Some(1),
            _ => None,
        };
        if let Some(length) = step {
            (pattern, text) = (&pattern[length..], &text[1..]);
        } else {
            match again {
                Some((rest, [_, later @ ..])) => {
                    again = Some((rest, later));
                    (pattern, text) = (rest, later);
                }
                _ => return false,
            }
        }
    }
}

/// The length of the class `[…]` that a pattern begins with, if the letter is in it. One without end matches nothing.
fn class(pattern: &[char], letter: char) -> Option<usize> {
    let end = pattern.iter().skip(2).position(|c| *c == ']')? + 2;
    let (negated, inside) = match pattern[1] {
        '!' => (true, &pattern[2..end]),
        _ => (false, &pattern[1..end]),
    };
    let ranged = inside.windows(3).any(|part| part[1] == '-' && (part[0]..=part[2]).contains(&letter));
    ((ranged || inside.contains(&letter)) != negated).then_some(end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_questions_and_classes_match_as_in_a_shell() {
        for (pattern, text) in
            [("a*c", "abbc"), ("*", ""), ("a?c", "a:c"), ("[a-c]x", "bx"), ("[!a]x", "bx"), ("*a*b*", "xxaxxbxx")]
        {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("a*c", "abb"), ("[a-c]x", "dx"), ("[!a]x", "ax"), ("[a", "a"), ("", "a"), ("a?", "a")]
        {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn many_stars_do_not_take_for_ever() {
        assert!(!matches(&"*a".repeat(40), &"a".repeat(39)));
    }
}
