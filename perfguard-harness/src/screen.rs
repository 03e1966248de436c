//! What a person sees under plain `cargo bench`.

use std::io::{self, Write};

use crate::bencher::Outcome;
use crate::metric::Unit;
use crate::statistics::quantile;

/// A number of seconds, bytes or things with a unit that fits.
pub(crate) fn amount(unit: Unit, value: f64) -> String {
    match unit {
        Unit::Nanoseconds => {
            scaled(value, 1e3, &["ns", "µs", "ms"]).unwrap_or_else(|| format!("{} s", digits(value / 1e9)))
        }
        Unit::Bytes => bytes(value),
        Unit::Count => digits(value),
        Unit::Ratio => format!("{:.2} %", value * 100.0),
        Unit::PerSecond => format!(
            "{}/s",
            scaled(value, 1e3, &["", "k", "M"]).unwrap_or_else(|| format!("{} G", digits(value / 1e9))).trim_end()
        ),
        Unit::BytesPerSecond => format!("{}/s", bytes(value)),
    }
}

fn bytes(value: f64) -> String {
    scaled(value, 1024.0, &["B", "KiB", "MiB"]).unwrap_or_else(|| format!("{} GiB", digits(value / 1024.0_f64.powi(3))))
}

/// A number in the first unit in which it is below the step to the next.
fn scaled(value: f64, step: f64, units: &[&str]) -> Option<String> {
    let mut value = value;
    for unit in units {
        if value.abs() < step * 0.9995 {
            return Some(format!("{} {unit}", digits(value)));
        }
        value /= step;
    }
    None
}

/// About four digits.
fn digits(value: f64) -> String {
    match value.abs() {
        _ if value.fract() == 0.0 => format!("{value:.0}"),
        size if size < 9.9995 => format!("{value:.3}"),
        size if size < 99.995 => format!("{value:.2}"),
        _ => format!("{value:.1}"),
    }
}

const NAME: usize = 32;

/// The table's head.
pub(crate) fn head() -> io::Result<()> {
    let titles = ["fastest", "median", "slowest", "samples × iterations"];
    let [fastest, median, slowest, counts] = titles;
    writeln!(io::stdout().lock(), "{:NAME$} {fastest:>10} {median:>10} {slowest:>10}  {counts}", "benchmark")
}

/// One benchmark's row, its other numbers below it.
pub(crate) fn row(id: &str, outcome: &Outcome) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if let Some(error) = &outcome.error {
        return writeln!(out, "{id:NAME$} failed: {error}");
    }
    let each = outcome.taken.each_ns();
    let at = |share| quantile(&each, share).map_or_else(String::new, |time| amount(Unit::Nanoseconds, time));
    let (fastest, median, slowest) = (at(0.0), at(0.5), at(1.0));
    let iterations = outcome.taken.samples.first().map_or(0, |(iterations, _)| *iterations);
    let counts = format!("{} × {iterations}", outcome.taken.samples.len());
    writeln!(out, "{id:NAME$} {fastest:>10} {median:>10} {slowest:>10}  {counts}")?;
    let numbers: Vec<String> =
        outcome.metrics.iter().map(|metric| format!("{} {}", metric.name, amount(metric.unit, metric.value))).collect();
    if !numbers.is_empty() {
        writeln!(out, "    {}", numbers.join(", "))?;
    }
    for remark in &outcome.remarks {
        writeln!(out, "    {remark}")?;
    }
    Ok(())
}

/// A plain line.
pub(crate) fn line(text: &str) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{text}")
}

/// A line for people beside the data.
pub(crate) fn complain(text: &str) {
    writeln!(io::stderr().lock(), "{text}").ok();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_units_that_fit() {
        assert_eq!(amount(Unit::Nanoseconds, 1234.5), "1.234 µs");
        assert_eq!(amount(Unit::Nanoseconds, 2.5e9), "2.500 s");
        assert_eq!(amount(Unit::Bytes, 2048.0), "2 KiB");
        assert_eq!(amount(Unit::Ratio, 0.97), "97.00 %");
        assert_eq!(amount(Unit::PerSecond, 1_500_000.0), "1.500 M/s");
        assert_eq!(amount(Unit::PerSecond, 3.0), "3/s");
        assert_eq!(amount(Unit::Count, 2.5), "2.500");
    }
}
