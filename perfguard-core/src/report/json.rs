//! Views as JSON, as the published schemas describe them.

/// A view as indented JSON with a line end.
///
/// # Panics
/// Never: views are plain data.
pub fn to_json(view: &impl serde::Serialize) -> String {
    let mut text = serde_json::to_string_pretty(view).expect("views are plain data");
    text.push('\n');
    text
}
