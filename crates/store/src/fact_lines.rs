//! Facts that replaced one another are a line in time. What a store does to the lines, without the
//! store.

use std::collections::BTreeSet;

use longmem_core::FactId;

/// Where a fact stands in its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FactPlace {
    /// The fact.
    pub id: FactId,
    /// Since when it holds, in milliseconds since 1970.
    pub since_ms: i64,
    /// What replaced it; none while it holds.
    pub superseded_by: Option<FactId>,
}

/// All of a user's facts by their places in lines.
///
/// # Examples
/// ```
/// use longmem_core::FactId;
/// use longmem_store::{FactLines, FactPlace};
///
/// let fact = |id, since_ms| FactPlace { id: FactId(id), since_ms, superseded_by: None };
/// let mut lines = FactLines::new(vec![fact(1, 10)]);
/// lines.insert(fact(2, 20), Some(FactId(1)));
/// assert_eq!(lines.places()[0].superseded_by, Some(FactId(2)));
/// ```
#[derive(Debug, Clone, Default)]
pub struct FactLines {
    places: Vec<FactPlace>,
}

impl FactLines {
    /// The lines of these facts.
    pub fn new(places: Vec<FactPlace>) -> Self {
        Self { places }
    }

    /// The facts' places, in the order given.
    pub fn places(&self) -> &[FactPlace] {
        &self.places
    }

    /// Adds a fact that replaces one, which must be there. It goes to where its time belongs in that
    /// one's line: what is learned late from an old talk never replaces what was said after it.
    pub fn insert(&mut self, mut new: FactPlace, replaces: Option<FactId>) {
        if let Some(old) = replaces {
            match self.first_later(old, new.since_ms) {
                None => {
                    let last = self.last_of_line(old);
                    self.at(last).superseded_by = Some(new.id);
                }
                Some(later) => {
                    for place in &mut self.places {
                        if place.superseded_by == Some(later) && place.since_ms <= new.since_ms {
                            place.superseded_by = Some(new.id);
                        }
                    }
                    new.superseded_by = Some(later);
                }
            }
        }
        self.places.push(new);
    }

    /// A fact with the older ones that it had replaced, which would hold again without it.
    pub fn with_past(&self, fact: FactId) -> BTreeSet<FactId> {
        let mut found = BTreeSet::from([fact]);
        // Each round finds what the round before was replaced by; lines are short.
        loop {
            let before = found.len();
            let replaced =
                |place: &&FactPlace| place.superseded_by.is_some_and(|next| found.contains(&next));
            let more: Vec<FactId> = self.places.iter().filter(replaced).map(|p| p.id).collect();
            found.extend(more);
            if found.len() == before {
                return found;
            }
        }
    }

    /// Takes facts out of their lines: what they replaced is replaced by what replaced them.
    pub fn take_out(&mut self, gone: &BTreeSet<FactId>) {
        for at in 0..self.places.len() {
            while let Some(next) = self.places[at].superseded_by
                && gone.contains(&next)
            {
                self.places[at].superseded_by = self.at(next).superseded_by;
            }
        }
        self.places.retain(|place| !gone.contains(&place.id));
    }

    /// The first fact of a line that was said after a time.
    fn first_later(&mut self, of_line: FactId, since_ms: i64) -> Option<FactId> {
        let mut at = of_line;
        while self.at(at).since_ms <= since_ms {
            at = self.at(at).superseded_by?;
        }
        // Several facts may have been replaced by one, so the line has to be followed back too.
        while let Some(earlier) = self
            .places
            .iter()
            .find(|place| place.superseded_by == Some(at) && place.since_ms > since_ms)
        {
            at = earlier.id;
        }
        Some(at)
    }

    fn last_of_line(&mut self, fact: FactId) -> FactId {
        let mut at = fact;
        while let Some(next) = self.at(at).superseded_by {
            at = next;
        }
        at
    }

    fn at(&mut self, fact: FactId) -> &mut FactPlace {
        let found = self.places.iter_mut().find(|place| place.id == fact);
        found.expect("facts of one user refer to facts of that user")
    }
}
