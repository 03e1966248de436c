//! The engine of perfguard: from a cargo workspace to measured, recorded and compared benchmarks.
//!
//! Read top-down. The *nouns* ([`model`]) are what stages hand to one another. The *doors* ([`clock`], [`cancel`],
//! [`event`], [`config`], [`process`], [`environment`], [`vcs`]) are the only ways to the outside world. The *stages*
//! ([`plan`], [`build`], [`measure`], [`analyse`], [`judge`], [`bisect`], [`explain`], [`store`], [`report`]) take values and
//! give values; a stage imports nouns and doors, never another stage. [`pipeline`] alone wires them.
//!
//! Nothing in this crate prints.

pub mod model;

pub mod cancel;
pub mod clock;
pub mod config;
pub mod environment;
pub mod event;
pub mod process;
pub mod vcs;

pub mod analyse;
pub mod bisect;
pub mod build;
pub mod explain;
pub mod judge;
pub mod measure;
pub mod plan;
pub mod report;
pub mod store;

pub mod pipeline;
