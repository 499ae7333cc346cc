//! Which messages of a conversation with branches are shown.

use std::collections::{HashMap, HashSet};

use longmem_core::Timestamp;
use serde_json::Value;

use crate::skip_reason::SkipReason;
use crate::turn_output::TurnOutput;

/// A message of a conversation with branches.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Node<'a, M> {
    pub(crate) id: &'a str,
    /// The message that this one answers or follows; it need not exist.
    pub(crate) parent: Option<&'a str>,
    pub(crate) time: Option<Timestamp>,
    pub(crate) message: M,
}

/// The messages that are shown, in order, and those that are not.
#[derive(Debug)]
pub(crate) struct Branches<'a, M> {
    pub(crate) shown: Vec<Node<'a, M>>,
    /// Messages that leave the shown ones at some point, or begin with another first message.
    pub(crate) abandoned: Vec<Node<'a, M>>,
    /// Messages that no link joins with the shown ones.
    pub(crate) unlinked: Vec<Node<'a, M>>,
}

impl Branches<'_, &Value> {
    /// Counts the messages that are not shown, by reason. A node without a message is none.
    pub(crate) fn count_left_out(&self, output: &mut TurnOutput<'_>) {
        for (nodes, reason) in
            [(&self.abandoned, SkipReason::AbandonedBranch), (&self.unlinked, SkipReason::Unlinked)]
        {
            nodes.iter().filter(|node| !node.message.is_null()).for_each(|_| output.skip(reason));
        }
    }
}

/// Parts the messages of a conversation, which come in the order of the file.
///
/// Shown are those from the first message to the one named `current`, or to the newest message that
/// nothing follows. Where no message names another one, all are shown, by time.
pub(crate) fn branches<'a, M>(nodes: Vec<Node<'a, M>>, current: Option<&str>) -> Branches<'a, M> {
    let indices: HashMap<&str, usize> =
        nodes.iter().enumerate().map(|(index, node)| (node.id, index)).collect();
    let parents: Vec<Option<usize>> =
        nodes.iter().map(|node| indices.get(node.parent?).copied()).collect();
    if parents.iter().all(Option::is_none) {
        return Branches { shown: by_time(nodes), abandoned: Vec::new(), unlinked: Vec::new() };
    }
    let last =
        current.and_then(|id| indices.get(id).copied()).or_else(|| newest_leaf(&nodes, &parents));
    let mut places = vec![None; nodes.len()];
    let mut path = Vec::new();
    let mut next = last;
    // In a damaged tree a message can be its own ancestor.
    while let Some(index) = next
        && places[index].is_none()
    {
        places[index] = Some(Place::Shown);
        path.push(index);
        next = parents[index];
    }
    // The parent of the first message that is shown can be a name without a message.
    let root = path.last().and_then(|&first| nodes[first].parent);
    for index in 0..nodes.len() {
        place_of(index, &nodes, &parents, root, &mut places);
    }
    let mut parted = Branches { shown: Vec::new(), abandoned: Vec::new(), unlinked: Vec::new() };
    let mut shown: Vec<Option<Node<'a, M>>> = (0..nodes.len()).map(|_| None).collect();
    for ((index, node), place) in nodes.into_iter().enumerate().zip(places) {
        match place {
            Some(Place::Shown) => shown[index] = Some(node),
            Some(Place::Abandoned) => parted.abandoned.push(node),
            Some(Place::Unlinked) | None => parted.unlinked.push(node),
        }
    }
    parted.shown = path.into_iter().rev().filter_map(|index| shown[index].take()).collect();
    parted
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Place {
    Shown,
    Abandoned,
    Unlinked,
}

/// Finds out where a message and its ancestors belong, each of them once.
fn place_of<M>(
    index: usize,
    nodes: &[Node<'_, M>],
    parents: &[Option<usize>],
    root: Option<&str>,
    places: &mut [Option<Place>],
) {
    let mut chain = Vec::new();
    let mut next = Some(index);
    let mut first = index;
    let place = loop {
        match next {
            Some(index) => match places[index] {
                Some(Place::Shown) => break Place::Abandoned,
                Some(place) => break place,
                None => {
                    // Until its place is known, so that a circle ends.
                    places[index] = Some(Place::Unlinked);
                    chain.push(index);
                    first = index;
                    next = parents[index];
                }
            },
            None if root.is_some() && nodes[first].parent == root => break Place::Abandoned,
            None => break Place::Unlinked,
        }
    };
    for index in chain {
        places[index] = Some(place);
    }
}

/// The message with the newest time that follows another and that nothing follows. Only where each is
/// followed by another, which takes a circle, it is the one with the newest time.
fn newest_leaf<M>(nodes: &[Node<'_, M>], parents: &[Option<usize>]) -> Option<usize> {
    let followed: HashSet<usize> = parents.iter().flatten().copied().collect();
    let newest = |leaves_only: bool| {
        (0..nodes.len())
            .filter(|index| {
                !leaves_only || (parents[*index].is_some() && !followed.contains(index))
            })
            .max_by_key(|&index| nodes[index].time)
    };
    newest(true).or_else(|| newest(false))
}

/// Sorts messages by time. One without a time stays behind the one that it follows in the file.
fn by_time<M>(nodes: Vec<Node<'_, M>>) -> Vec<Node<'_, M>> {
    let mut last = None;
    let mut timed: Vec<_> = nodes
        .into_iter()
        .map(|node| {
            last = node.time.or(last);
            (last, node)
        })
        .collect();
    timed.sort_by_key(|(time, _)| *time);
    timed.into_iter().map(|(_, node)| node).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn node<'a>(id: &'a str, parent: Option<&'a str>, second: Option<i64>) -> Node<'a, ()> {
        let time = second.map(|second| Timestamp::from_second(second).unwrap());
        Node { id, parent, time, message: () }
    }

    fn ids<'a>(nodes: &[Node<'a, ()>]) -> Vec<&'a str> {
        nodes.iter().map(|node| node.id).collect()
    }

    #[test]
    fn the_branch_that_is_named_is_shown_and_the_others_are_told_apart() {
        let nodes = vec![
            node("a", Some("nobody"), None),
            node("b1", Some("a"), None),
            node("c1", Some("b1"), None),
            node("b2", Some("a"), None),
            node("other beginning", Some("nobody"), None),
            node("lost", Some("gone"), None),
            node("after lost", Some("lost"), None),
            node("circle", Some("circle"), None),
        ];
        let parted = branches(nodes, Some("b2"));
        assert_eq!(ids(&parted.shown), ["a", "b2"]);
        assert_eq!(ids(&parted.abandoned), ["b1", "c1", "other beginning"]);
        assert_eq!(ids(&parted.unlinked), ["lost", "after lost", "circle"]);
    }

    #[test]
    fn without_a_name_the_branch_with_the_newest_end_is_shown() {
        let nodes = |times: [Option<i64>; 3]| {
            vec![
                node("a", None, times[0]),
                node("b", Some("a"), times[1]),
                node("c", Some("a"), times[2]),
            ]
        };
        for (times, end) in
            [([None, Some(9), Some(5)], "b"), ([None; 3], "c"), ([Some(99), Some(1), None], "b")]
        {
            for current in [None, Some("gone")] {
                assert_eq!(ids(&branches(nodes(times), current).shown), ["a", end]);
            }
        }
    }

    #[test]
    fn messages_without_links_are_all_shown_by_time() {
        let nodes = vec![
            node("c", None, Some(3)),
            node("c too", None, None),
            node("a", Some("gone"), Some(1)),
            node("b", None, Some(2)),
        ];
        let parted = branches(nodes, Some("a"));
        assert_eq!(ids(&parted.shown), ["a", "b", "c", "c too"]);
        assert!(parted.abandoned.is_empty() && parted.unlinked.is_empty());
    }

    /// With recursion this would overflow the stack, and with a walk to the root for each message
    /// it would take hours.
    #[test]
    fn a_chain_of_a_million_messages_is_read_in_one_pass() {
        let ids: Vec<String> = (0..1_000_000).map(|index| index.to_string()).collect();
        let chain = || {
            let node = |index: usize| {
                let parent = index.checked_sub(1).map(|parent| ids[parent].as_str());
                node(&ids[index], parent, None)
            };
            (0..ids.len()).rev().map(node).collect()
        };
        assert_eq!(branches(chain(), None).shown.len(), ids.len());
        let parted = branches(chain(), Some("10"));
        assert_eq!((parted.shown.len(), parted.abandoned.len()), (11, ids.len() - 11));
    }

    proptest! {
        #[test]
        fn every_message_is_in_one_place(
            parents in prop::collection::vec(prop::option::of(0..8usize), 0..8),
            current in 0..9usize,
        ) {
            let ids: Vec<String> = (0..9).map(|index| index.to_string()).collect();
            let nodes = (0..parents.len())
                .map(|index| node(&ids[index], parents[index].map(|parent| ids[parent].as_str()), None))
                .collect();
            let parted = branches(nodes, Some(&ids[current]));
            let all = [parted.shown, parted.abandoned, parted.unlinked].concat();
            let distinct: HashSet<&str> = all.iter().map(|node| node.id).collect();
            prop_assert_eq!((all.len(), distinct.len()), (parents.len(), parents.len()));
        }
    }
}
