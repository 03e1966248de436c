//! `cargo perfguard compare --variant`: which builds of which tree are meant, and the matrix of several.

use perfguard_core::cancel::CancellationToken;
use perfguard_core::clock::Clock;
use perfguard_core::model::Variant;
use perfguard_core::pipeline::{CompareRequest, MatrixRequest, SideSpec, compare_matrix, sides_of};
use perfguard_core::report::matrix_table;

use super::compare::exit_of;
use super::{Here, show};
use crate::cli::CompareArgs;
use crate::command_error::CommandError;
use crate::exit_code::Exit;
use crate::progress::Progress;
use crate::ui::Ui;

/// Whether builds of one tree are compared.
pub(crate) fn is_wanted(args: &CompareArgs) -> bool {
    !args.variants.variant.is_empty()
}

/// The two variants that are compared, or the first two of a matrix; and all but the first.
pub(crate) fn parse(args: &CompareArgs) -> Result<([Variant; 2], Vec<Variant>), CommandError> {
    let usage = |message: &str, hint: &str| Err(CommandError::usage(message, hint));
    let all: Vec<Variant> = args
        .variants
        .variant
        .iter()
        .map(|text| {
            text.parse().map_err(|error: perfguard_core::model::VariantError| {
                CommandError::usage(error.to_string(), error.hint())
            })
        })
        .collect::<Result<_, _>>()?;
    for (at, variant) in all.iter().enumerate() {
        if all[..at].contains(variant) {
            return usage(
                &format!("variant `{variant}` is given twice"),
                "`cargo perfguard self-test` compares a build with itself",
            );
        }
    }
    match &all[..] {
        [] => Ok((Default::default(), Vec::new())),
        [one] => usage(
            &format!("one variant alone is compared with nothing: `{one}`"),
            &format!("put what it is compared against before it: `--variant '' --variant '{one}'`"),
        ),
        [first, second, rest @ ..] if rest.is_empty() || args.variants.matrix => {
            Ok(([first.clone(), second.clone()], all[1..].to_vec()))
        }
        _ => usage(
            &format!("{} variants are given, and a comparison has two sides", all.len()),
            "`--matrix` compares each with the first",
        ),
    }
}

/// The one tree that both sides are of; `what` is of it, by this flag.
pub(crate) fn side(here: &Here, args: &CompareArgs, what: &str, flag: &str) -> Result<SideSpec, CommandError> {
    let Some(revision) = &args.base else { return Ok(SideSpec::WorkingTree) };
    let two = match &args.head {
        Some(head) => Some(format!("{revision} {head}")),
        None if revision.contains("..") => Some(revision.clone()),
        None => None,
    };
    if let Some(two) = two {
        return Err(CommandError::usage(
            format!("{what} of one tree, and `{two}` names two"),
            format!("name one revision, or none for the working tree; or compare the two without `{flag}`"),
        ));
    }
    Ok(sides_of(&here.place, revision, None)?.0)
}

/// Compares each further variant with the first.
pub(crate) fn matrix(
    here: &Here,
    compare: CompareRequest,
    others: Vec<Variant>,
    args: &CompareArgs,
    clock: &dyn Clock,
    ui: &mut Ui,
    cancel: &CancellationToken,
) -> Result<Exit, CommandError> {
    let mut store = here.store()?;
    let request = MatrixRequest { compare, others };
    let (view, interrupted) =
        compare_matrix(&here.place, &here.tools, &request, &mut store, clock, &mut Progress::new(ui), cancel)?;
    show(&view, args.output.format, matrix_table);
    if interrupted {
        ui.say("interrupted: the pairs that were taken are kept");
        return Ok(Exit::Interrupted);
    }
    let exits: Vec<Exit> = view.comparisons.iter().map(|one| exit_of(one, &args.judge)).collect();
    // Where several codes hold, the first of the documented order.
    let order = [Exit::Build, Exit::Regression, Exit::Benchmark, Exit::Undecided];
    Ok(order.into_iter().find(|exit| exits.contains(exit)).unwrap_or(Exit::Success))
}
