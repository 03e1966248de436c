//! `cargo perfguard store`.

use std::path::{Path, PathBuf};

use perfguard_core::cancel::CancellationToken;
use perfguard_core::store::{Store, StoreLocation};

use super::Here;
use crate::cli::{StoreArgs, StoreVerb};
use crate::command_error::CommandError;
use crate::exit_code::Exit;
use crate::ui::Ui;

pub(crate) fn run(args: &StoreArgs, ui: &mut Ui, cancel: &CancellationToken) -> Result<Exit, CommandError> {
    let here = Here::find(args.manifest.manifest_path.as_deref(), &args.store.flags(), ui, cancel)?;
    let store = here.store_to_read()?;
    let path = here.store_location()?.0;
    match args.verb {
        StoreVerb::Verify => {
            let problems = store.verify();
            if problems.is_empty() {
                ui.say(&format!("the store `{}` is whole", path.display()));
                return Ok(Exit::Success);
            }
            Err(CommandError {
                exit: Exit::Store,
                message: format!("the store `{}` is damaged", path.display()),
                causes: problems,
                hint: Some("`cargo perfguard store repair` moves it aside and keeps what is whole".to_owned()),
            })
        }
        StoreVerb::Repair => repair(store, &path, ui),
    }
}

/// Puts a new store in the place of a damaged one, with all that is whole; the damaged one stays beside it.
fn repair(store: Store, path: &Path, ui: &Ui) -> Result<Exit, CommandError> {
    if store.verify().is_empty() {
        ui.say(&format!("the store `{}` is whole: nothing to repair", path.display()));
        return Ok(Exit::Success);
    }
    let beside = |end: &str| PathBuf::from(format!("{}{end}", path.display()));
    let failed = |error: std::io::Error| CommandError {
        exit: Exit::Store,
        message: format!("could not put the repaired store in its place: {error}"),
        causes: Vec::new(),
        hint: None,
    };
    let repaired = beside(".repaired");
    for end in ["", "-wal", "-shm"] {
        fs_err::remove_file(format!("{}{end}", repaired.display())).ok();
    }
    let mut new = Store::open(&StoreLocation(repaired.clone()))?;
    let salvage = store.salvage_to(&mut new)?;
    drop((store, new));
    let mut number = 1;
    while beside(&format!(".damaged-{number}")).exists() {
        number += 1;
    }
    let damaged = beside(&format!(".damaged-{number}"));
    for end in ["-wal", "-shm"] {
        let log = beside(end);
        if log.exists() {
            fs_err::rename(&log, format!("{}{end}", damaged.display())).map_err(failed)?;
        }
    }
    fs_err::rename(path, &damaged).and_then(|()| fs_err::rename(&repaired, path)).map_err(failed)?;
    for end in ["-wal", "-shm"] {
        fs_err::remove_file(format!("{}{end}", repaired.display())).ok();
    }
    for line in &salvage.lost {
        ui.say(&format!("lost: {line}"));
    }
    let (runs, baselines) = (salvage.runs, salvage.baselines);
    ui.say(&format!("kept {runs} runs and {baselines} baselines; the damaged store is `{}`", damaged.display()));
    Ok(Exit::Success)
}
