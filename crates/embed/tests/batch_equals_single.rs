//! A text's vector does not depend on the texts beside it.

mod real_model;

use longmem_core::TextEmbedder;
use proptest::collection::vec;
use proptest::prelude::*;
use real_model::MODEL;

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_text_has_the_same_vector_alone_and_in_any_batch(
        texts in vec(prop_oneof![
            3 => vec("[a-z]{1,9}", 0..20).prop_map(|words| words.join(" ")),
            1 => vec("[a-z]{1,9}", 40..250).prop_map(|words| words.join(" ")),
            1 => "\\PC{0,40}",
        ], 1..20)
    ) {
        // Some are there twice, or differ only in what the model does not see.
        let shouted: Vec<String> = texts.iter().step_by(3).map(|text| text.to_uppercase()).collect();
        let copies = texts.iter().step_by(2);
        let texts: Vec<&String> = texts.iter().chain(copies).chain(&shouted).collect();
        let together: Vec<&str> = texts.iter().map(|text| text.as_str()).collect();
        let in_batch = MODEL.embed_passages(&together).unwrap();
        prop_assert_eq!(in_batch.len(), texts.len());
        for (text, vector) in together.iter().zip(&in_batch) {
            let alone = &MODEL.embed_passages(&[text]).unwrap()[0];
            prop_assert_eq!(alone, vector, "{:?}", text);
            prop_assert_eq!(&MODEL.embed_query(text).unwrap(), vector, "{:?}", text);
        }
    }
}
