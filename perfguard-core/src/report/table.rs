//! Tables for a terminal: aligned columns that give way, in their order, when the terminal is narrow.

use anstyle::{AnsiColor, Style as Ansi};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How to write for a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Columns to fill at most.
    pub width: usize,
    /// Whether to colour.
    pub color: bool,
}

/// Space between columns.
const GAP: usize = 2;
/// The first column is not made narrower than this.
const NARROWEST: usize = 28;

impl Style {
    fn paint(self, style: Ansi, text: &str) -> String {
        if self.color { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    pub(super) fn bold(self, text: &str) -> String {
        self.paint(Ansi::new().bold(), text)
    }

    pub(super) fn dim(self, text: &str) -> String {
        self.paint(Ansi::new().dimmed(), text)
    }

    pub(super) fn red(self, text: &str) -> String {
        self.paint(AnsiColor::Red.on_default(), text)
    }

    pub(super) fn cyan(self, text: &str) -> String {
        self.paint(AnsiColor::Cyan.on_default(), text)
    }
}

/// A column.
#[derive(Debug, Clone)]
pub(super) struct Column<'a> {
    pub(super) title: &'a str,
    /// Columns with the largest number go first when the terminal is narrow; those with 0 never go.
    pub(super) gives_way: u8,
}

/// A line of a table.
#[derive(Debug, Clone)]
pub(super) enum Row {
    /// One cell a column: the first is written from the left, the others to the right.
    Cells(Vec<String>),
    /// A heading over the rows that follow, over the whole width.
    Heading(String),
    /// A remark below a row, over the whole width.
    Remark(String),
}

/// Writes a table. Columns that are empty in every row are left out.
pub(super) fn render(columns: &[Column<'_>], rows: &[Row], style: Style) -> String {
    let cells = || rows.iter().filter_map(|row| if let Row::Cells(cells) = row { Some(cells) } else { None });
    let mut shown: Vec<usize> =
        (0..columns.len()).filter(|column| *column == 0 || cells().any(|cells| !cells[*column].is_empty())).collect();
    let width_of = |column: usize| {
        cells().map(|cells| cells[column].width()).chain([columns[column].title.width()]).max().unwrap_or_default()
    };
    loop {
        let others: usize = shown[1..].iter().map(|column| width_of(*column) + GAP).sum();
        let fits = NARROWEST.min(width_of(0)) + others <= style.width;
        let goes = shown
            .iter()
            .filter(|column| columns[**column].gives_way > 0)
            .max_by_key(|c| columns[**c].gives_way)
            .copied();
        match goes {
            Some(goes) if !fits => shown.retain(|column| *column != goes),
            _ => break,
        }
    }
    let others: usize = shown[1..].iter().map(|column| width_of(*column) + GAP).sum();
    let first = width_of(0).min(style.width.saturating_sub(others).max(NARROWEST));
    let line = |cells: &[String]| {
        let mut line = pad_right(&elide(&cells[0], first), first);
        for column in &shown[1..] {
            let cell = &cells[*column];
            line += &" ".repeat(GAP + width_of(*column) - cell.width());
            line += cell;
        }
        line.trim_end().to_owned()
    };
    let titles: Vec<String> = columns.iter().map(|column| column.title.to_owned()).collect();
    let mut text = style.bold(&line(&titles)) + "\n";
    for row in rows {
        match row {
            Row::Cells(cells) => text += &line(cells),
            Row::Heading(heading) => text += &style.bold(&elide(heading, style.width)),
            Row::Remark(remark) => text += &style.dim(&wrap(remark, style.width, 4)),
        }
        text.push('\n');
    }
    text
}

fn pad_right(text: &str, width: usize) -> String {
    text.to_owned() + &" ".repeat(width.saturating_sub(text.width()))
}

/// A text that is too wide loses its middle: beginnings and ends tell ids apart.
pub(super) fn elide(text: &str, width: usize) -> String {
    if text.width() <= width || width < 3 {
        return text.to_owned();
    }
    let take = |letters: &mut dyn Iterator<Item = char>, room: usize| {
        let mut used = 0;
        let fits = letters.take_while(|letter| {
            used += letter.width().unwrap_or_default();
            used <= room
        });
        fits.collect::<Vec<char>>()
    };
    let head = (width - 1) / 2;
    let mut end = take(&mut text.chars().rev(), width - 1 - head);
    end.reverse();
    take(&mut text.chars(), head).into_iter().chain(['…']).chain(end).collect()
}

/// A text over several lines, broken at spaces, each indented.
pub(super) fn wrap(text: &str, width: usize, indent: usize) -> String {
    let room = width.saturating_sub(indent).max(20);
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is a line");
        if !line.is_empty() && line.width() + 1 + word.width() > room {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    let margin = " ".repeat(indent);
    lines.iter().map(|line| margin.clone() + line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_id_loses_its_middle_and_keeps_its_width() {
        assert_eq!(elide("abcdefghij", 5), "ab…ij");
        assert_eq!(elide("short", 5), "short");
        assert_eq!(elide("和和和和和", 7), "和…和", "wide letters are not cut in half");
    }

    #[test]
    fn columns_give_way_in_their_order_and_no_line_is_too_wide() {
        let columns = [
            Column { title: "name", gives_way: 0 },
            Column { title: "keep", gives_way: 0 },
            Column { title: "second", gives_way: 1 },
            Column { title: "first to go", gives_way: 2 },
            Column { title: "empty", gives_way: 0 },
        ];
        let cells = ["a rather long name of a benchmark", "1", "2", "3", ""].map(str::to_owned).to_vec();
        for (width, present) in [(80, 4), (50, 3), (36, 2)] {
            let text = render(&columns, &[Row::Cells(cells.clone())], Style { width, color: false });
            let title = text.lines().next().unwrap();
            assert_eq!(["name", "keep", "second", "first"].iter().filter(|t| title.contains(**t)).count(), present);
            assert!(text.lines().all(|line| line.width() <= width), "{width}:\n{text}");
            assert!(!title.contains("empty"));
        }
    }
}
