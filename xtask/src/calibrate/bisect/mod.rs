//! The search, tried on simulated histories: how often it names the right commit, how certain it claims to be, and what
//! it costs, beside `git bisect run` on the same noise.

mod methods;
mod several;
mod single;
mod world;

/// The tables, as Markdown; `only` names some of them, or none for all.
pub(crate) fn tables(replicates: usize, only: &[&str]) -> String {
    let mut text = String::from("# How often the search is right\n");
    let mut add = |name: &str, part: &dyn Fn(usize) -> String| {
        if only.is_empty() || only.contains(&name) {
            text.push_str(&part(replicates));
        }
    };
    add("base", &single::base);
    add("noise", &single::noise);
    add("layout", &single::layout);
    add("unbuildable", &single::unbuildable);
    add("costs", &single::costs);
    add("others", &single::others);
    add("several", &several::table);
    text
}
