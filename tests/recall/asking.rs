//! Two notes, asked in other words.

use crate::support::Known;

#[test]
fn where_somebody_moved_is_where_they_live() {
    let moved = "I moved to Lisbon in March because of a new job at a bank";
    let known = Known::of_notes(&[moved, "My dog is called Biscuit and hates thunder"]);
    for question in ["which city is my home?", "where do I live?"] {
        known.finds_first(question, moved);
    }
}
