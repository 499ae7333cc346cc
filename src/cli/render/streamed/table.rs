//! Tables, laid out when all their rows are there.

use comfy_table::{ContentArrangement, Table, presets};

/// The lines of a table on a terminal of this width, from its rows in Markdown; `plain` takes the markup
/// out of a cell.
pub(super) fn lines(rows: &[String], width: usize, plain: impl Fn(&str) -> String) -> Vec<String> {
    let mut cells = rows.iter().filter(|row| !parts_head(row)).map(|row| cells_of(row, &plain));
    let Some(first) = cells.next() else { return rows.to_vec() };
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(width).unwrap_or(u16::MAX));
    if rows.get(1).is_some_and(|row| parts_head(row)) {
        table.set_header(first);
    } else {
        table.add_row(first);
    }
    for row in cells {
        table.add_row(row);
    }
    table.lines().map(|line| line.trim_end().to_owned()).collect()
}

/// Whether a row only parts the head from the rest: `|---|:-:|`.
fn parts_head(row: &str) -> bool {
    row.contains('-') && row.chars().all(|c| matches!(c, '|' | '-' | ':' | ' '))
}

fn cells_of(row: &str, plain: &impl Fn(&str) -> String) -> Vec<String> {
    let row = row.strip_prefix('|').unwrap_or(row);
    let row = row.strip_suffix('|').unwrap_or(row);
    // A mark within a cell is written with a stroke before it.
    let cells = row.replace("\\|", "\u{1}");
    cells.split('|').map(|cell| plain(&cell.replace('\u{1}', "|")).trim().to_owned()).collect()
}
