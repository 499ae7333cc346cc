//! What is said once in a long text is found, wherever it stands.

use longmem::Role;
use longmem::memory::Channels;

use crate::long_messages::NOTES;
use crate::support::{Known, asked};

const NEEDLE: &str = "The submarine's periscope was repaired with chewing gum";

#[test]
fn a_sentence_is_found_by_its_meaning_at_every_place_of_a_long_text() {
    let text = |sentences: &[&str]| format!("{}.", sentences.join(". "));
    for place in (0..=NOTES.len()).step_by(3) {
        let known = Known::nothing();
        let parts = NOTES.chunks(15).map(|part| known.turn("parts", Role::User, &text(part)));
        known.remember(&parts.collect::<Vec<_>>());
        let mut sentences = NOTES.to_vec();
        sentences.insert(place, NEEDLE);
        known.remember(&[known.turn("long", Role::User, &text(&sentences))]);

        let mut request = asked("How did they mend the optics of the U-boat?");
        request.channels = Channels::Meaning;
        request.threshold = 0.0;
        let recall = known.recall_by(&request);
        assert!(recall.results[0].turn.text.contains(NEEDLE), "at sentence {place}");
        let stats = known.longmem.memory().stats().unwrap();
        assert_eq!((stats.truncated_tokens, stats.turns_without_vectors), (0, 0));
    }
}
