//! The lines of the native protocol (`docs/protocol.md`): requests as they are written, messages as they are read.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::model::{Direction, IterationControl, Metric, MetricId, Sample, Unit, is_metric_name};

/// The version of the protocol that is spoken here.
pub(super) const VERSION: u64 = 1;
/// A line may have so many bytes, its end not counted.
pub(super) const LONGEST: usize = 1 << 20;
/// What a harness says of itself that can run just so many iterations in a sample.
pub(super) const EXACT_ITERATIONS: &str = "iterations";

/// The request for a list.
pub(super) fn list_request() -> String {
    json!({ "type": "list", "protocol": VERSION }).to_string()
}

/// The request for one observation of a benchmark.
pub(super) fn run_request(name: &str, control: &IterationControl, iterations: Option<u64>) -> String {
    let ns = |time: std::time::Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    json!({
        "type": "run", "protocol": VERSION, "id": name, "warm_up_ns": ns(control.warm_up),
        "time_ns": ns(control.observation_time), "samples": control.samples, "iterations": iterations,
    })
    .to_string()
}

/// What a bench says.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Message {
    /// Who it is: always first.
    Hello { protocol: u64, harness: String, version: Option<String>, capabilities: Vec<String> },
    /// It has this benchmark.
    Benchmark { id: String },
    /// The samples of a benchmark.
    Observation { id: String, samples: Vec<Sample>, iterations: Option<u64> },
    /// Another number of a benchmark.
    Metric { id: String, metric: Metric, value: f64 },
    /// How far it is.
    Progress,
    /// A benchmark, or all of it, failed.
    Error { id: Option<String>, message: String },
    /// It has said everything: always last.
    Bye,
    /// A message of a kind that is not known: passed over.
    Unknown(String),
}

/// The words of a message that is not known by its kind alone.
#[derive(Deserialize)]
struct HelloWords {
    protocol: u64,
    harness: String,
    version: Option<String>,
    #[serde(default)]
    capabilities: Vec<String>,
}

#[derive(Deserialize)]
struct ObservationWords {
    id: String,
    samples: Vec<(u64, f64)>,
    iterations: Option<u64>,
}

#[derive(Deserialize)]
struct MetricWords {
    id: String,
    name: String,
    value: f64,
    unit: Unit,
    direction: Way,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Way {
    #[serde(alias = "lower-is-better")]
    Lower,
    #[serde(alias = "higher-is-better")]
    Higher,
}

#[derive(Deserialize)]
struct ErrorWords {
    id: Option<String>,
    message: String,
}

#[derive(Deserialize)]
struct BenchmarkWords {
    id: String,
}

/// Reads one line.
///
/// # Errors
/// What is wrong with it, to follow the line's number.
pub(super) fn parse(line: &[u8]) -> Result<Message, String> {
    if line.len() > LONGEST {
        return Err(format!("is longer than the limit of {} KiB", LONGEST / 1024));
    }
    let value: Value = serde_json::from_slice(line).map_err(|error| not_json(line, &error))?;
    let Some(kind) = value.get("type").and_then(Value::as_str).map(str::to_owned) else {
        return Err("has no `type`".to_owned());
    };
    let message =
        match kind.as_str() {
            "hello" => words(&kind, value).map(|HelloWords { protocol, harness, version, capabilities }| {
                Message::Hello { protocol, harness, version, capabilities }
            }),
            "benchmark" => words(&kind, value).map(|BenchmarkWords { id }| Message::Benchmark { id }),
            "observation" => words(&kind, value).and_then(observation),
            "metric" => words(&kind, value).and_then(metric),
            "error" => words(&kind, value).map(|ErrorWords { id, message }| Message::Error { id, message }),
            "progress" => Ok(Message::Progress),
            "bye" => Ok(Message::Bye),
            _ => Ok(Message::Unknown(kind)),
        };
    message.map_err(|what| format!("is no message: {what}"))
}

fn words<T: serde::de::DeserializeOwned>(kind: &str, value: Value) -> Result<T, String> {
    serde_json::from_value(value).map_err(|error| format!("`{kind}`: {error}"))
}

/// So much of a line is quoted, characters.
const SHOWN: usize = 60;

/// Why a line is no JSON. What many languages write for numbers that are none is named.
fn not_json(line: &[u8], error: &serde_json::Error) -> String {
    let text = String::from_utf8_lossy(line);
    if let Some(word) = ["NaN", "Infinity"].into_iter().find(|word| text.contains(word)) {
        return format!("is not JSON: it has no `{word}`");
    }
    let start: String = text.chars().take(SHOWN).collect();
    let more = if text.chars().count() > SHOWN { "…" } else { "" };
    // The place in the line stands at the end of serde's words: the line itself says more.
    let reason = error.to_string();
    let reason = reason.split(" at line ").next().unwrap_or_default();
    format!("is not JSON, {reason}: `{start}{more}`")
}

fn observation(words: ObservationWords) -> Result<Message, String> {
    let ObservationWords { id, samples, iterations } = words;
    if samples.is_empty() {
        return Err(format!("`observation` of `{id}` has no samples"));
    }
    for (iterations, total_ns) in &samples {
        if *iterations == 0 || *total_ns < 0.0 {
            return Err(format!(
                "`observation` of `{id}`: a sample of {iterations} iterations that took {total_ns} ns"
            ));
        }
    }
    let samples = samples.into_iter().map(|(iterations, total_ns)| Sample { iterations, total_ns }).collect();
    Ok(Message::Observation { id, samples, iterations })
}

fn metric(words: MetricWords) -> Result<Message, String> {
    let MetricWords { id, name, value, unit, direction } = words;
    if !is_metric_name(&name) {
        return Err(format!("`metric`: `{name}` is no name of lower-case letters, digits and `-`"));
    }
    let direction = match direction {
        Way::Lower => Direction::LowerIsBetter,
        Way::Higher => Direction::HigherIsBetter,
    };
    let metric = Metric { id: MetricId(name.into()), unit, direction };
    match metric.id.built_in() {
        Some(known) if known.id == MetricId::WALL_TIME => Err("`metric`: samples give the `wall-time`".to_owned()),
        Some(known) if known != metric => Err(format!("`metric`: `{}` has another unit or direction", metric.id)),
        _ => Ok(Message::Metric { id, metric, value }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_message_is_read() {
        let hello = parse(br#"{"type":"hello","protocol":1,"harness":"h","capabilities":["iterations"],"novel":3}"#);
        let capabilities = vec![EXACT_ITERATIONS.to_owned()];
        assert_eq!(hello, Ok(Message::Hello { protocol: 1, harness: "h".into(), version: None, capabilities }));
        let read = parse(br#"{"type":"observation","id":"a","samples":[[3,10],[4,1.5]],"iterations":9}"#);
        let sample = |iterations, total_ns| Sample { iterations, total_ns };
        let samples = vec![sample(3, 10.0), sample(4, 1.5)];
        assert_eq!(read, Ok(Message::Observation { id: "a".into(), samples, iterations: Some(9) }));
        let read =
            parse(br#"{"type":"metric","id":"a","name":"hit-rate","value":0.97,"unit":"ratio","direction":"higher"}"#);
        let metric =
            Metric { id: MetricId("hit-rate".into()), unit: Unit::Ratio, direction: Direction::HigherIsBetter };
        assert_eq!(read, Ok(Message::Metric { id: "a".into(), metric, value: 0.97 }));
        let read = parse(br#"{"type":"error","message":"no"}"#);
        assert_eq!(read, Ok(Message::Error { id: None, message: "no".into() }));
        assert_eq!(parse(br#"{"type":"benchmark","id":"x"}"#), Ok(Message::Benchmark { id: "x".into() }));
        assert_eq!(parse(br#"{"type":"progress","done":0.5}"#), Ok(Message::Progress));
        assert_eq!(parse(br#"{"type":"bye"}"#), Ok(Message::Bye));
        assert_eq!(parse(br#"{"type":"novel"}"#), Ok(Message::Unknown("novel".into())));
    }

    #[test]
    fn what_is_no_message_is_told_for_what_it_is() {
        let long = [b"\"".to_vec(), vec![b'x'; LONGEST], b"\"".to_vec()].concat();
        for (line, told) in [
            (&b"warming up ..."[..], "is not JSON"),
            (b"{\"type\":\"bye\"}{\"type\":\"bye\"}", "trailing characters"),
            (b"\xff\xfe", "is not JSON"),
            (b"[]", "has no `type`"),
            (b"{\"type\":3}", "has no `type`"),
            (br#"{"type":"metric","id":"a","name":"m","value":NaN,"unit":"count","direction":"lower"}"#, "`NaN`"),
            (
                br#"{"type":"metric","id":"a","name":"m","value":-Infinity,"unit":"count","direction":"lower"}"#,
                "`Infinity`",
            ),
            (
                br#"{"type":"metric","id":"a","name":"m","value":1e999,"unit":"count","direction":"lower"}"#,
                "out of range",
            ),
            (
                br#"{"type":"metric","id":"a","name":"m","value":"fast","unit":"count","direction":"lower"}"#,
                "\"fast\", expected f64",
            ),
            (
                br#"{"type":"metric","id":"a","name":"m","value":1,"unit":"parsec","direction":"lower"}"#,
                "unknown variant `parsec`",
            ),
            (br#"{"type":"metric","id":"a","name":"My m","value":1,"unit":"count","direction":"lower"}"#, "is no name"),
            (
                br#"{"type":"metric","id":"a","name":"wall-time","value":1,"unit":"nanoseconds","direction":"lower"}"#,
                "samples give",
            ),
            (
                br#"{"type":"metric","id":"a","name":"peak-memory","value":1,"unit":"count","direction":"lower"}"#,
                "another unit",
            ),
            (br#"{"type":"observation","id":"a","samples":[]}"#, "no samples"),
            (br#"{"type":"observation","id":"a","samples":[[0,1]]}"#, "0 iterations"),
            (br#"{"type":"observation","id":"a","samples":[[1,-1]]}"#, "took -1 ns"),
            (br#"{"type":"observation","samples":[[1,1]]}"#, "missing field `id`"),
            (&long, "longer than the limit of 1024 KiB"),
        ] {
            let error = parse(line).unwrap_err();
            assert!(error.contains(told), "{error}");
        }
    }

    #[test]
    fn requests_are_lines_of_json() {
        let request = run_request("a \"b\"", &IterationControl::default(), Some(7));
        let read: Value = serde_json::from_str(&request).unwrap();
        assert_eq!(read["id"], "a \"b\"");
        assert_eq!((&read["warm_up_ns"], &read["time_ns"]), (&json!(5_000_000), &json!(10_000_000)));
        assert_eq!((&read["samples"], &read["iterations"]), (&json!(10), &json!(7)));
        assert!(!request.contains('\n') && list_request().contains("\"list\""));
    }
}
