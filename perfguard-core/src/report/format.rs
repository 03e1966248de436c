//! Numbers with units that fit.

use crate::model::Unit;

/// Three or four significant digits, no exponent: `1.234`, `12.34`, `123.4`, `1234`.
fn digits(value: f64) -> String {
    match value.abs() {
        size if size < 9.9995 => format!("{value:.3}"),
        size if size < 99.995 => format!("{value:.2}"),
        size if size < 999.95 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

/// A time, from picoseconds to hours: `1.234 µs`.
///
/// ```
/// # use perfguard_core::report::format::duration;
/// assert_eq!(duration(1234.0), "1.234 µs");
/// assert_eq!(duration(0.5), "500.0 ps");
/// ```
pub fn duration(nanoseconds: f64) -> String {
    let (value, unit) = match nanoseconds {
        0.0 => return "0 ns".to_owned(),
        n if n < 1.0 => (n * 1e3, "ps"),
        n if n < 999.95 => (n, "ns"),
        n if n < 999.95e3 => (n / 1e3, "µs"),
        n if n < 999.95e6 => (n / 1e6, "ms"),
        n if n < 120e9 => (n / 1e9, "s"),
        n if n < 7_200e9 => (n / 60e9, "min"),
        n => (n / 3_600e9, "h"),
    };
    format!("{} {unit}", digits(value))
}

/// A count with its thousands set apart: `1,692 instr.`.
///
/// ```
/// # use perfguard_core::report::format::count;
/// assert_eq!(count(1234567.0), "1,234,567 instr.");
/// ```
pub fn count(count: f64) -> String {
    thousands(count) + " instr."
}

/// A whole number with its thousands set apart.
fn thousands(value: f64) -> String {
    let whole = format!("{value:.0}");
    let (sign, digits) = if let Some(digits) = whole.strip_prefix('-') { ("-", digits) } else { ("", whole.as_str()) };
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    format!("{sign}{text}")
}

/// An amount of any metric in its unit.
///
/// ```
/// # use perfguard_core::model::Unit;
/// # use perfguard_core::report::format::amount;
/// assert_eq!(amount(Unit::Count, 12345.0), "12,345");
/// assert_eq!(amount(Unit::Count, 2.5), "2.500");
/// assert_eq!(amount(Unit::Ratio, 0.97), "97 %");
/// assert_eq!(amount(Unit::PerSecond, 12345.0), "12,345/s");
/// assert_eq!(amount(Unit::BytesPerSecond, 2048.0), "2.0 KiB/s");
/// ```
pub fn amount(unit: Unit, value: f64) -> String {
    let number = |value: f64| {
        let is_small = value.fract() != 0.0 && value.abs() < 1000.0;
        if is_small { digits(value) } else { thousands(value) }
    };
    match unit {
        Unit::Nanoseconds => duration(value),
        Unit::Bytes => bytes(value),
        Unit::Count => number(value),
        Unit::Ratio => percent(value),
        Unit::PerSecond => format!("{}/s", number(value)),
        Unit::BytesPerSecond => format!("{}/s", bytes(value)),
    }
}

/// Amounts side by side as bars, the largest one full: at most `width` columns, each the sum of its neighbours.
///
/// ```
/// # use perfguard_core::report::format::bars;
/// assert_eq!(bars(&[0.005, 0.25, 0.5, 1.0], 8), " ▂▄█");
/// assert_eq!(bars(&[0.5, 0.5, 0.0, 0.0, 1.0, 1.0], 3), "▄ █");
/// ```
pub fn bars(amounts: &[f64], width: usize) -> String {
    const LEVELS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let columns = amounts.len().min(width).max(1);
    let column =
        |at: usize| -> f64 { amounts[at * amounts.len() / columns..(at + 1) * amounts.len() / columns].iter().sum() };
    let sums: Vec<f64> = (0..columns).map(column).collect();
    let largest = sums.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    let level = |sum: f64| {
        // What is next to nothing is left out.
        let share = (sum / largest - 0.01).clamp(0.0, 1.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 8")]
        LEVELS[(share * 8.0).ceil() as usize]
    };
    sums.into_iter().map(level).collect()
}

/// A commit's id, or any other hash, as people read it: its first nine digits.
///
/// ```
/// # use perfguard_core::report::format::short;
/// assert_eq!(short("f2434a34b47af9aec2e0"), "f2434a34b");
/// assert_eq!(short("none"), "none");
/// ```
pub fn short(hash: &str) -> &str {
    hash.get(..9).unwrap_or(hash)
}

/// A word as a shell takes it.
///
/// ```
/// # use perfguard_core::report::format::quoted;
/// assert_eq!(quoted("p::b::parse"), "p::b::parse");
/// assert_eq!(quoted("two words"), "'two words'");
/// ```
pub fn quoted(word: &str) -> String {
    // Only a word with a byte of zero cannot be quoted.
    shlex::try_quote(word).map_or_else(|_| word.to_owned(), Into::into)
}

/// A number of things: `1 target`, `3 targets`. The noun takes an `s`.
///
/// ```
/// # use perfguard_core::report::format::counted;
/// assert_eq!((counted(1, "target"), counted(0, "target")), ("1 target".into(), "0 targets".into()));
/// ```
pub fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// An amount of memory: `12.34 MiB`.
///
/// ```
/// # use perfguard_core::report::format::bytes;
/// assert_eq!(bytes(3.0 * 1024.0 * 1024.0), "3.0 MiB");
/// ```
pub fn bytes(bytes: f64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut value = bytes;
    let mut unit = 0;
    while value >= 1023.95 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{value:.0} B") } else { format!("{value:.1} {}", UNITS[unit]) }
}

/// A share as a percentage: `0.42 %`.
///
/// ```
/// # use perfguard_core::report::format::percent;
/// assert_eq!(percent(0.0042), "0.42 %");
/// assert_eq!(percent(0.25), "25 %");
/// ```
pub fn percent(share: f64) -> String {
    let percent = share * 100.0;
    match percent.abs() {
        size if size < 9.995 => format!("{percent:.2} %"),
        size if size < 99.95 => digits_of_percent(percent, 1),
        _ => digits_of_percent(percent, 0),
    }
}

fn digits_of_percent(percent: f64, decimals: usize) -> String {
    let text = format!("{percent:.decimals$}");
    let text = if decimals > 0 { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text} %")
}

/// A ratio as a signed change: 1.05 is `+5.0 %`.
///
/// ```
/// # use perfguard_core::report::format::change;
/// assert_eq!(change(1.05), "+5.0 %");
/// assert_eq!(change(0.9), "-10.0 %");
/// assert_eq!(change(0.9999), "0.0 %");
/// ```
pub fn change(ratio: f64) -> String {
    let percent = (ratio - 1.0) * 100.0;
    if percent.abs() < 0.05 {
        "0.0 %".to_owned()
    } else if percent.abs() < 999.5 {
        format!("{percent:+.1} %")
    } else {
        format!("×{ratio:.1}")
    }
}

/// A name as one line: characters that control a terminal, or that have no width or turn the direction of what follows,
/// are written as escapes.
pub fn one_line(text: &str) -> String {
    let is_hidden =
        |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    text.chars()
        .flat_map(|c| if c.is_control() || is_hidden(c) { c.escape_default().collect::<Vec<_>>() } else { vec![c] })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_keep_four_digits_and_their_unit_over_all_sizes() {
        for (nanoseconds, text) in [
            (0.0, "0 ns"),
            (0.0123, "12.30 ps"),
            (1.0, "1.000 ns"),
            (999.99, "1.000 µs"),
            (12_345.6, "12.35 µs"),
            (999_960_000.0, "1.000 s"),
            (61e9, "61.00 s"),
            (7_000e9, "116.7 min"),
            (36_000e9, "10.00 h"),
        ] {
            assert_eq!(duration(nanoseconds), text);
        }
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(one_line("a\nb\u{1b}[31m"), "a\\nb\\u{1b}[31m");
        assert_eq!(one_line("a\u{202e}b\u{200b}"), "a\\u{202e}b\\u{200b}");
    }

    #[test]
    fn changes_carry_their_sign_and_large_ones_are_factors() {
        assert_eq!((change(1.0), change(25.0)), ("0.0 %".into(), "×25.0".into()));
    }
}
