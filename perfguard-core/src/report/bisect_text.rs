//! What a bisection found, for people: the commit first, then why it is believed, then what it took.

use super::bisect_view::{BisectEnded, BisectPlanView, BisectRow, BisectStatusView, BisectView, CommitRow, CulpritRow};
use super::format::{change, counted, duration, one_line, percent, quoted, short};
use super::table::{Style, wrap};
use crate::model::Effect;

/// Commits of a set that are shown.
const SHOWN: usize = 10;

/// What was found, in a few lines.
pub fn bisect_text(view: &BisectView, style: Style) -> String {
    let mut text = String::new();
    let (found, others): (Vec<&BisectRow>, Vec<&BisectRow>) =
        view.benchmarks.iter().partition(|row| !row.culprits.is_empty());
    for row in &found {
        for culprit in &row.culprits {
            text += &culprit_text(row, culprit, view.certainty, style);
            text.push('\n');
        }
        if row.culprits.len() == 1 && row.elsewhere > 0.05 {
            let said = format!(
                "with {} there is another change in the range: `--all` tells them apart",
                percent(row.elsewhere)
            );
            text.extend([format!("{}\n\n", style.dim(&wrap(&said, style.width, 2)))]);
        }
    }
    text += &without_culprit(&others, found.is_empty(), style);
    text += &whole(view, style);
    text
}

fn culprit_text(row: &BisectRow, culprit: &CulpritRow, certainty: f64, style: Style) -> String {
    let mut text = style.bold(&one_line(&row.id.to_string()));
    let size = change(culprit.effect.ratio);
    let doing = match &culprit.commits[..] {
        [_] if culprit.is_named(certainty) => format!("{size} with this commit:"),
        [_] => format!("{size}, perhaps with this commit ({}):", certainty_of(culprit.posterior)),
        all => format!("{size} with one of these {} commits ({}):", all.len(), certainty_of(culprit.posterior)),
    };
    text.extend([format!("  {}\n", style.red(&doing))]);
    for commit in culprit.commits.iter().take(SHOWN) {
        text += &commit_line(commit, style);
    }
    if culprit.commits.len() > SHOWN {
        let (first, last) = (&culprit.commits[0], &culprit.commits[culprit.commits.len() - 1]);
        let more =
            format!("and {} more, all in {}..{}", culprit.commits.len() - SHOWN, short(&first.id), short(&last.id));
        text.extend([format!("    {}\n", style.dim(&more))]);
    }
    let said = if culprit.is_verified {
        let fresh = culprit.verification.as_ref().map(|known| one_line(&known.reason)).unwrap_or_default();
        format!(
            "posterior {}; verified against {}: {}, {fresh}",
            certainty_of(culprit.posterior),
            short(&culprit.before.id),
            with_ends(&culprit.effect)
        )
    } else {
        let why = match &culprit.verification {
            Some(known) => format!("{}: {}", known.verdict, one_line(&known.reason)),
            None => "it was not compared with what came before it".to_owned(),
        };
        format!("posterior {}; {} ({why})", certainty_of(culprit.posterior), "not verified")
    };
    text.extend([format!("{}\n", wrap(&said, style.width, 4))]);
    for inner in &culprit.merged {
        text.extend([format!("  {}\n", "it is a merge, and among what it brought in:")]);
        for commit in inner.commits.iter().take(SHOWN) {
            text += &commit_line(commit, style);
        }
        let verified = if inner.is_verified { "verified" } else { "not verified" };
        let said = format!("{}, posterior {}, {verified}", with_ends(&inner.effect), certainty_of(inner.posterior));
        text.extend([format!("{}\n", wrap(&said, style.width, 4))]);
    }
    text
}

fn commit_line(commit: &CommitRow, style: Style) -> String {
    let day = commit.authored_at.get(..10).unwrap_or_default();
    let line = format!("{}  {day}  {}", short(&commit.id), one_line(&commit.subject));
    let author = style.dim(&format!("  {}", one_line(&commit.author)));
    format!("    {line}{author}\n")
}

/// Benchmarks for which nothing was searched, each with its reason; only a count where there is something better to read.
fn without_culprit(rows: &[&BisectRow], alone: bool, style: Style) -> String {
    let mut text = String::new();
    if rows.is_empty() {
        return text;
    }
    if !alone {
        return format!("{} did not change that way\n", counted(rows.len(), "other benchmark"));
    }
    for row in rows {
        let size = row.effect.as_ref().map(|effect| format!("{}, ", with_ends(effect))).unwrap_or_default();
        let line = format!("{}: {}, {size}{}", one_line(&row.id.to_string()), row.ends, one_line(&row.reason));
        text.extend([format!("{}\n", wrap(&line, style.width, 0))]);
    }
    text
}

fn whole(view: &BisectView, style: Style) -> String {
    let mut text = String::new();
    let ended = match view.ended {
        BisectEnded::Done => "",
        BisectEnded::NoDifference => "the ends do not differ: there is nothing to look for",
        BisectEnded::Budget => {
            "the budget ended the search; `cargo perfguard bisect --resume --budget TIME` goes on with it"
        }
        BisectEnded::Interrupted => "interrupted; `cargo perfguard bisect --resume` goes on with it",
    };
    if !ended.is_empty() {
        text.extend([format!("{}\n", wrap(ended, style.width, 0))]);
    }
    for skipped in view.skipped.iter().take(SHOWN) {
        let of = skipped.benchmark.as_ref().map(|id| format!(" for {}", one_line(&id.to_string()))).unwrap_or_default();
        let line = format!("skipped {}{of}: {}", short(&skipped.commit), one_line(&skipped.reason));
        text.extend([format!("{}\n", style.dim(&wrap(&line, style.width, 0)))]);
    }
    if view.skipped.len() > SHOWN {
        text.extend([format!("{}\n", style.dim(&format!("and {} more", view.skipped.len() - SHOWN)))]);
    }
    let failed =
        if view.failed_builds == 0 { String::new() } else { format!(" and {} that failed", view.failed_builds) };
    let line = format!(
        "{} {}..{}: {}{failed}, {}, {}",
        counted(view.commits, "commit"),
        short(&view.good.id),
        short(&view.bad.id),
        counted(view.builds, "build"),
        counted(view.pairs, "pair"),
        duration(view.seconds * 1e9)
    );
    text.extend([format!("{}\n", style.dim(&wrap(&line, style.width, 0)))]);
    text.extend([format!("{}\n", style.dim(&format!("again: {}", view.command)))]);
    if let Some(next) = &view.next {
        text.extend([format!("{}\n", style.dim(&format!("next:  {next}")))]);
    }
    text
}

fn with_ends(effect: &Effect) -> String {
    let ends = effect.interval.map(|ends| format!(" ({} … {})", change(ends.low), change(ends.high)));
    format!("{}{}", change(effect.ratio), ends.unwrap_or_default())
}

/// A posterior that is never said to be whole.
fn certainty_of(posterior: f64) -> String {
    if posterior > 0.9995 { "> 99.9 %".to_owned() } else { percent(posterior) }
}

/// Where a bisection stands, in a few lines.
pub fn bisect_status_text(view: &BisectStatusView, style: Style) -> String {
    let began = view.began_at.get(..16).unwrap_or_default().replace('T', " ");
    let state = if view.has_ended { "ended" } else { "under way" };
    let mut text = style.bold(&format!("a bisection is {state}, begun {began}\n"));
    let words: Vec<String> = view.args.iter().map(|arg| quoted(arg)).collect();
    text.extend([format!("  cargo perfguard bisect {}\n", words.join(" "))]);
    text.extend([format!(
        "  {}, {}, {}\n",
        counted(view.builds, "build"),
        counted(view.pairs, "pair"),
        duration(view.seconds * 1e9)
    )]);
    let list = |commits: &[String]| commits.iter().map(|commit| short(commit)).collect::<Vec<_>>().join(" ");
    for (what, commits) in [("measured", &view.measured), ("skipped", &view.skipped)] {
        if !commits.is_empty() {
            text.extend([format!("{}\n", wrap(&format!("{what}: {}", list(commits)), style.width, 2))]);
        }
    }
    if !view.has_ended {
        text += &style.dim("`cargo perfguard bisect --resume` goes on with it, `bisect abort` forgets it\n");
    }
    text
}

/// What a bisection would do, in a few lines.
pub fn bisect_plan_text(view: &BisectPlanView, style: Style) -> String {
    let mut text = String::new();
    let whole = view.commits.zip(view.candidates).zip(view.builds);
    let (Some(good), Some(((commits, candidates), builds))) = (&view.good, whole) else {
        text += &style.bold(&format!("a commit before {} is looked for that was better\n", short(&view.bad.id)));
        text += "  one, two, four, … commits back; each is a build and some seconds of measuring a benchmark\n";
        return text;
    };
    text += &style.bold(&format!("{}..{}\n", short(&good.id), short(&view.bad.id)));
    let commits = counted(commits, "commit");
    text.extend([format!("  {commits} in question, {candidates} of which touch what a build may read\n")]);
    let kept = if view.kept > 0 { format!(" ({} of the range are kept)", view.kept) } else { String::new() };
    text.extend([format!("  about {}, the two ends among them{kept}\n", counted(builds, "build"))]);
    #[expect(clippy::cast_precision_loss, reason = "a few builds")]
    let time = duration(builds as f64 * view.build_seconds * 1e9);
    let by = if view.is_guess { "guessed: none was seen yet" } else { "as the last one took" };
    let each = duration(view.build_seconds * 1e9);
    text.extend([format!("  about {time} ({each} a build, {by}), and some seconds of measuring a benchmark\n")]);
    text
}
