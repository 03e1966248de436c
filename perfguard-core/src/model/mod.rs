//! The nouns: values that stages hand to one another. They serialise; they do no I/O.

mod artifact;
mod baseline;
mod comparison;
mod culprit;
mod diagnosis;
mod environment;
mod estimate;
mod explanation;
mod id;
mod kept;
mod machine;
mod measurement;
mod metric;
mod observation;
mod run;
mod settings;
mod statistic;
mod target;
mod timeline;
mod variant;
mod weather;

pub use artifact::{Artifact, ArtifactHash, BuildContext, RunEnvironment};
pub use baseline::Baseline;
pub use comparison::{
    Comparison, ComparisonRun, Effect, Evidence, Finding, GateEffect, Layouts, NullControl, PairRecord, Severity, Side,
    Stage, SuiteWide, Verdict,
};
pub use culprit::Verification;
pub use diagnosis::{Ability, CacheAbilities, FindingLevel, MachineFinding, MetricRow, NoiseFloor, Seen};
pub use environment::{Environment, Fingerprint};
pub use estimate::{Difference, Estimate};
pub use explanation::{
    DependencyChange, Explanation, FunctionGrowth, InstructionGrowth, Instructions, MetricChange, PartGrowth, Sides,
};
pub use id::{BenchmarkId, IdError, PROGRAM_PACKAGE, TargetId, TargetKind};
pub use kept::KeptKind;
pub use machine::{CiService, FrequencyFacts, GroupLimits, MachineFacts};
pub use measurement::{Failure, FailureKind, Measurement, Note, Stopped};
pub use metric::{Direction, Metric, MetricId, Unit, built_in_metrics, is_metric_name};
pub use observation::{Observation, Sample, Summary};
pub use run::{Run, RunCommand, RunId, Source};
pub use settings::{Interval, IterationControl, Observations, RunSettings};
pub use statistic::Statistic;
pub use target::{BenchTarget, Harness, HarnessKind, NotMeasured, Selected};
pub use timeline::{Timeline, TimelinePoint};
pub use variant::{Variant, VariantError};
pub use weather::{Disturbance, DisturbanceKind, MeanAndMost, Weather};
