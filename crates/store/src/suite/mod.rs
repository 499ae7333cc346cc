//! The suite that every store passes; [`store_suite!`](crate::store_suite) makes its tests.
//!
//! A test is a function of a maker of stores. Its name says what holds.

#![expect(missing_docs, reason = "the name of a test says what holds")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(clippy::missing_panics_doc, reason = "a test that fails panics")]

pub mod changes;
pub mod fact_vectors;
pub mod facts;
pub mod forgetting;
pub mod indexing;
pub mod kept;
mod made_up;
pub mod moving;
mod naive;
pub mod search;
pub mod summaries;
pub mod turns;

use std::sync::Arc;

use crate::Store;

/// A store for one test.
pub trait Fixture {
    /// The store, empty in the beginning.
    fn store(&self) -> Arc<dyn Store>;

    /// The same store as somebody else has it: opened once more, if that can be.
    fn opened_again(&self) -> Arc<dyn Store> {
        self.store()
    }
}

/// Makes an empty store.
pub type Make<'a> = &'a dyn Fn() -> Box<dyn Fixture>;

/// Makes the tests of the suite for a store. The argument is a function that returns a
/// [`Fixture`](crate::suite::Fixture) with an empty store each time; behind `where` may stand one that says
/// whether there can be one at all, where a store needs a server, and tests that it skips pass.
///
/// # Examples
/// ```ignore
/// longmem_store::store_suite!(MyFixture::new);
/// ```
#[macro_export]
macro_rules! store_suite {
    ($make:expr) => {
        $crate::store_suite!($make, where || true);
    };
    ($make:expr, where $there:expr) => {
        $crate::store_suite!(@of turns, $make, $there, [
            a_known_turn_is_left_as_it_is_and_makes_nothing,
            turns_without_a_key_are_never_the_same,
            a_turn_gets_another_key_unless_a_turn_has_it,
            keys_are_renamed_one_after_the_other,
            nothing_to_insert_makes_no_user,
            a_note_comes_back_as_a_note,
            a_title_fills_an_empty_one_and_replaces_an_older_one,
            a_known_turn_without_a_title_does_not_hide_that_of_the_next_one,
            turns_come_in_the_order_of_storing,
            numbers_rise_for_each_user_and_never_come_twice,
            of_two_with_the_same_turn_one_stores_it,
            an_overview_holds_speakers_waiting_turns_and_facts,
            turns_are_found_by_their_keys,
            the_newest_turns_come_page_by_page_as_far_as_they_are_in_scope,
            a_change_mark_differs_after_each_change_and_only_then,
        ]);
        $crate::store_suite!(@of facts, $make, $there, [
            a_changed_fact_stays_in_history_with_its_time,
            what_is_learned_late_does_not_replace_what_was_said_after_it,
            facts_are_in_the_order_of_their_kinds_and_times,
            an_edited_fact_keeps_its_place_and_a_deleted_one_takes_its_past_along,
            a_fact_of_another_user_is_as_unknown_as_one_that_never_was,
            names_are_known_again_however_they_are_written,
            a_forgotten_turn_takes_its_facts_along_as_if_it_had_never_been_said,
            forgetting_a_link_joins_what_was_before_it_to_what_came_after,
            forgetting_sessions_leaves_what_was_added_by_hand_and_forgetting_the_user_does_not,
            turns_are_looked_at_once_whoever_is_faster,
            nothing_is_learned_from_a_turn_that_was_forgotten_meanwhile,
            what_is_learned_together_replaces_what_was_known_and_one_another,
            of_what_replaced_one_another_one_holds_at_a_time,
            instructions_come_before_all_other_facts,
            facts_of_another_store_come_with_what_replaced_them,
        ]);
        $crate::store_suite!(@of fact_vectors, $make, $there, [
            a_fact_keeps_the_newest_vector_of_each_model,
            a_vector_goes_with_its_fact_and_with_its_words,
            vectors_of_facts_that_the_user_does_not_have_are_left_out,
            vectors_of_facts_go_with_their_model,
        ]);
        $crate::store_suite!(@of summaries, $make, $there, [
            a_newer_summary_takes_the_place_of_the_older,
            sessions_wait_for_a_summary_while_something_in_them_has_none,
            folded_summaries_stay_and_know_where_they_went,
            a_forgotten_turn_takes_every_summary_along_that_covers_it,
            a_summary_made_before_a_deletion_is_not_stored_after_it,
            turns_come_in_order_from_where_a_summary_ends,
        ]);
        $crate::store_suite!(@of indexing, $make, $there, [
            the_queue_gives_the_oldest_first_page_by_page,
            the_queue_is_counted_and_read_user_by_user,
            a_turn_gets_vectors_once_however_often_they_are_written,
            vectors_for_a_turn_of_another_user_are_passed_over,
            a_turn_of_several_passages_is_found_once_by_their_mean,
            a_turn_with_nothing_to_embed_waits_no_more,
            a_turn_that_was_deleted_while_it_was_embedded_is_passed_over,
            another_model_is_refused_and_its_vectors_are_not_taken,
            a_replacement_resumes_and_the_old_vectors_serve_until_it_is_complete,
            a_replacement_by_a_third_model_starts_over,
            a_replacement_that_is_given_up_leaves_the_old_vectors_as_they_were,
            all_vectors_can_be_made_again,
            one_indexes_alone_at_a_time,
            while_one_indexes_alone_nobody_indexes_beside,
            a_waiting_turn_is_given_to_one_at_a_time,
        ]);
        $crate::store_suite!(@of forgetting, $make, $there, [
            a_turn,
            a_session,
            a_range_of_time,
            a_user,
            a_user_who_comes_back_starts_with_nothing,
            an_import_leaves_out_what_was_forgotten,
            an_import_again_brings_back_what_was_forgotten,
            a_forgotten_turn_that_was_stored_by_name_is_known,
            what_was_forgotten_by_a_former_key_stays_forgotten,
            a_turn_that_has_grown_takes_the_place_of_its_beginning,
            keys_are_new_known_or_forgotten,
            names_that_are_not_here_are_refused_and_nothing_is_deleted,
            only_what_was_shown_is_forgotten,
        ]);
        $crate::store_suite!(@of changes, $make, $there, [
            an_amended_turn_is_found_by_its_new_words_only,
            an_import_leaves_an_amended_turn_as_it_is,
            only_turns_of_the_user_are_amended_and_moved,
            a_title_that_was_set_stays_when_the_session_is_imported_again,
            a_renamed_session_is_imported_under_its_new_name,
            moved_turns_keep_their_numbers_and_stand_in_their_order,
            a_session_that_was_moved_whole_is_imported_where_it_went,
        ]);
        $crate::store_suite!(@of kept, $make, $there, [
            a_value_is_replaced_and_deleted,
            several_values_are_kept_at_once,
            values_of_users_and_of_the_store_stand_apart,
            names_are_listed_by_their_beginning,
            values_go_with_their_user,
            whatever_is_forgotten_takes_marks_of_imports_along,
            values_are_kept_with_the_turns_that_are_imported_or_not_at_all,
            one_watches_for_a_user_at_a_time,
            one_learns_from_a_user_at_a_time,
        ]);
        $crate::store_suite!(@of moving, $make, $there, [
            a_user_who_moves_to_another_store_and_on_is_the_same,
            a_user_who_moved_goes_on_as_before,
            numbers_that_somebody_has_are_given_anew_in_the_same_order,
            a_user_who_is_there_is_not_taken_in_again,
            a_user_who_came_in_half_is_not_there,
            vectors_of_another_model_are_left_out_and_made_again,
            what_was_forgotten_stays_so_in_a_store_without_a_salt_of_its_own,
        ]);
        $crate::store_suite!(@of search, $make, $there, [
            both_searches_equal_the_obvious_loop,
            nearest_equals_the_obvious_loop_over_many_blocks,
            nearest_brings_what_shares_most_words,
            words_that_are_known_up_to_a_turn_are_read_on,
            codes_that_are_known_up_to_a_passage_are_read_on,
            two_users_never_see_each_other,
            a_note_stands_alone_in_a_search,
            a_search_reads_only_what_it_does_not_know,
            what_is_read_ahead_is_read_once,
        ]);
    };
    (@of $module:ident, $make:expr, $there:expr, [$($name:ident,)*]) => {
        mod $module {
            #[allow(unused_imports, reason = "the maker may be a path")]
            use super::*;

            $(
                #[test]
                fn $name() {
                    if $there() {
                        $crate::suite::$module::$name(&|| Box::new($make()));
                    }
                }
            )*
        }
    };
}
