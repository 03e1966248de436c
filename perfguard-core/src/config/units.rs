//! Values with units, read and explained.

use std::time::Duration;

use crate::model::Observations;

/// A text that is no value of the kind that was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}")]
pub struct ValueError {
    /// A lower-case fragment with an example.
    pub expected: String,
}

impl ValueError {
    fn of(expected: &str) -> Self {
        Self { expected: expected.to_owned() }
    }
}

pub(super) const DURATION: &str = "a duration with its unit, such as `5ms`, `60s` or `2m`";
pub(super) const PERCENT: &str = "a percentage, such as `1%` or `0.5%`";
pub(super) const BYTES: &str = "an amount of memory with its unit, such as `16MiB` or `14GiB`";
pub(super) const OBSERVATIONS: &str = "the fewest and the most observations, such as `8..40`";
pub(super) const AMOUNT: &str = "an amount in the metric's unit, such as `2ms`, `14GiB`, `95%` or `1000`";
pub(super) const COUNT: &str = "a whole number from 1 on";

/// Reads a duration with its unit, such as `5ms`, `1.5s` or `2m`; longer than nothing.
///
/// # Errors
/// When it has no unit, another one, or is not positive.
///
/// ```
/// # use perfguard_core::config::units::parse_duration;
/// assert_eq!(parse_duration("1.5s").unwrap().as_millis(), 1500);
/// assert!(parse_duration("60").is_err());
/// ```
pub fn parse_duration(text: &str) -> Result<Duration, ValueError> {
    let expected = ValueError::of(DURATION);
    // Days are 24 hours here: nobody means the calendar.
    let days = text.strip_suffix('d').and_then(|number| number.trim().parse::<u32>().ok());
    let parsed = match days {
        Some(days) => jiff::SignedDuration::from_hours(i64::from(days) * 24),
        None => text.parse().map_err(|_| expected.clone())?,
    };
    match Duration::try_from(parsed) {
        Ok(duration) if !duration.is_zero() && !text.starts_with('P') => Ok(duration),
        _ => Err(expected),
    }
}

/// Reads a percentage, such as `1%` or `0.5 %`, as a share: 0.01. More than nothing, at most all.
///
/// # Errors
/// When the sign is missing or the number is out of range.
///
/// ```
/// # use perfguard_core::config::units::parse_percent;
/// assert_eq!(parse_percent("1%").unwrap(), 0.01);
/// assert!(parse_percent("0.01").is_err());
/// ```
pub fn parse_percent(text: &str) -> Result<f64, ValueError> {
    let number = text.strip_suffix('%').and_then(|number| number.trim().parse::<f64>().ok());
    match number {
        Some(percent) if percent > 0.0 && percent <= 100.0 => Ok(percent / 100.0),
        _ => Err(ValueError::of(PERCENT)),
    }
}

/// Reads the fewest and the most observations, such as `8..40`; both count, and one number alone is both.
///
/// # Errors
/// When it is no such range, begins with zero or ends before it begins.
///
/// ```
/// # use perfguard_core::config::units::parse_observations;
/// assert_eq!(parse_observations("8..40").unwrap().max, 40);
/// assert!(parse_observations("40..8").is_err());
/// ```
pub fn parse_observations(text: &str) -> Result<Observations, ValueError> {
    let (min, max) = text.split_once("..").unwrap_or((text, text));
    match (min.trim().parse(), max.trim().parse()) {
        (Ok(min), Ok(max)) if 1 <= min && min <= max => Ok(Observations { min, max }),
        _ => Err(ValueError::of(OBSERVATIONS)),
    }
}

/// Reads an amount of memory with its unit, such as `16MiB` or `14 GiB` (powers of 1,024) or `500MB` (of 1,000).
///
/// # Errors
/// When it has no unit, another one, or is not positive.
///
/// ```
/// # use perfguard_core::config::units::parse_bytes;
/// assert_eq!(parse_bytes("1.5KiB").unwrap(), 1536);
/// assert!(parse_bytes("16").is_err());
/// ```
pub fn parse_bytes(text: &str) -> Result<u64, ValueError> {
    const UNITS: [(&str, f64); 9] = [
        ("KiB", 1024.0),
        ("MiB", 1_048_576.0),
        ("GiB", 1_073_741_824.0),
        ("TiB", 1_099_511_627_776.0),
        ("kB", 1e3),
        ("MB", 1e6),
        ("GB", 1e9),
        ("TB", 1e12),
        ("B", 1.0),
    ];
    let found = UNITS.iter().find_map(|(unit, size)| Some((text.strip_suffix(unit)?, size)));
    let bytes = found.and_then(|(number, size)| Some(number.trim().parse::<f64>().ok()? * size));
    match bytes {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive, and casts saturate")]
        Some(bytes) if bytes >= 1.0 && bytes.is_finite() => Ok(bytes as u64),
        _ => Err(ValueError::of(BYTES)),
    }
}

/// Reads an amount of any metric: a time (in nanoseconds), memory (in bytes), a share (of one), or a plain number.
///
/// # Errors
/// When it is none of these, negative, or not finite.
///
/// ```
/// # use perfguard_core::config::units::parse_amount;
/// assert_eq!(parse_amount("2ms").unwrap(), 2e6);
/// assert_eq!(parse_amount("1KiB").unwrap(), 1024.0);
/// assert_eq!(parse_amount("95%").unwrap(), 0.95);
/// assert_eq!(parse_amount("1000").unwrap(), 1000.0);
/// ```
pub fn parse_amount(text: &str) -> Result<f64, ValueError> {
    #[expect(clippy::cast_precision_loss, reason = "amounts are far below 2^53")]
    let found = text
        .parse::<f64>()
        .ok()
        .or_else(|| parse_percent(text).ok())
        .or_else(|| parse_bytes(text).ok().map(|bytes| bytes as f64))
        .or_else(|| parse_duration(text).ok().map(|time| time.as_nanos() as f64));
    found.filter(|amount| amount.is_finite() && *amount >= 0.0).ok_or_else(|| ValueError::of(AMOUNT))
}

/// Reads a whole number from one on.
///
/// # Errors
/// When it is none.
pub fn parse_count(text: &str) -> Result<u64, ValueError> {
    text.parse().ok().filter(|count| *count > 0).ok_or_else(|| ValueError::of(COUNT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_need_a_unit_and_a_positive_number() {
        for (text, milliseconds) in
            [("5ms", 5), ("60s", 60_000), ("2m", 120_000), ("1h", 3_600_000), ("1m 30s", 90_000), ("2d", 172_800_000)]
        {
            assert_eq!(parse_duration(text).unwrap().as_millis(), milliseconds, "{text}");
        }
        for text in ["", "5", "0s", "-5s", "soon", "PT5S"] {
            let error = parse_duration(text).unwrap_err().to_string();
            assert!(error.contains("`60s`"), "{text}: {error}");
        }
    }

    #[test]
    fn percentages_need_their_sign() {
        assert!((parse_percent("0.5 %").unwrap() - 0.005).abs() < 1e-15);
        for text in ["", "1", "%", "0%", "-1%", "101%", "NaN%", "inf%"] {
            assert!(parse_percent(text).is_err(), "{text}");
        }
    }

    #[test]
    fn amounts_of_memory_need_a_unit_and_a_positive_number() {
        for (text, bytes) in [("14GiB", 14 << 30), ("500MB", 500_000_000), ("7 B", 7), ("0.5 MiB", 1 << 19)] {
            assert_eq!(parse_bytes(text).unwrap(), bytes, "{text}");
        }
        for text in ["", "5", "0MiB", "-1GiB", "GiB", "NaNGiB", "1GB/s"] {
            assert!(parse_bytes(text).unwrap_err().to_string().contains("`14GiB`"), "{text}");
        }
    }

    #[test]
    fn ranges_begin_at_one_and_end_after_they_begin() {
        assert_eq!(parse_observations("8").unwrap(), Observations { min: 8, max: 8 });
        for text in ["", "..", "0..3", "9..3", "8..", "a..b", "8..40..50"] {
            assert!(parse_observations(text).is_err(), "{text}");
        }
    }
}
