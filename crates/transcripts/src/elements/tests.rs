use std::cell::Cell;
use std::rc::Rc;

use proptest::prelude::*;
use serde_json::json;

use super::*;

const SMALL: Limits = Limits { line: 40, value: 60 };

type Seen = Vec<Result<Value, SkipReason>>;

fn all_of(bytes: &[u8], limits: Limits) -> (Seen, Vec<Layout>, End) {
    let (mut seen, mut layouts) = (Vec::new(), Vec::new());
    let mut reader = bytes;
    let end =
        each_element(Input::new(&mut reader, Meter::default()), limits, &mut |layout, json| {
            layouts.push(layout);
            seen.push(json);
            ControlFlow::Continue(())
        })
        .unwrap();
    (seen, layouts, end)
}

#[test]
fn finds_the_layout_by_content() {
    let cases: [(&[u8], Layout, usize); 7] = [
        (b"\xEF\xBB\xBF \n[{\"a\":1}, {\"b\":2}]", Layout::Array, 2),
        (b"\xEF\xBB\xBF{\"a\":1}\n\n{\"b\":2}\r\n", Layout::Lines, 2),
        (b"{\"a\":[{\"role\":1}]}", Layout::Lines, 1),
        (b"{\n  \"a\": [\n    {\"b\": 1}\n  ]\n}\n", Layout::Values, 1),
        (b"{\n  \"a\": 1\n}\n{\n  \"b\": 1\n}\n", Layout::Values, 2),
        (b"{\"a\": [\n{\"b\": 1},\n{\"b\": 2}\n]}", Layout::Values, 1),
        (b"{\"a\":\n1}\n", Layout::Values, 1),
    ];
    for (bytes, layout, count) in cases {
        let (seen, layouts, end) = all_of(bytes, Limits::default());
        let text = String::from_utf8_lossy(bytes);
        assert_eq!((layouts, end), (vec![layout; count], End::Whole), "{text}");
        assert!(seen.iter().all(Result::is_ok), "{text}");
    }
    assert_eq!(all_of(b" \n ", Limits::default()).2, End::Whole);
}

#[test]
fn a_broken_line_is_one_line_wherever_it_stands() {
    let lines: &[u8] =
        b"{\"a\":\"cut\n{\"b\":1}\n}garbage{\n{\"c\":\n\"\xFF\"\n{\"long\":\"0123456789012345678901234567890123456789\"}\n{\"d\":2}";
    let (seen, _, end) = all_of(lines, SMALL);
    assert_eq!(
        seen,
        [
            Err(SkipReason::Malformed),
            Ok(json!({"b": 1})),
            Err(SkipReason::Malformed),
            Err(SkipReason::Malformed),
            Err(SkipReason::NotUtf8),
            Err(SkipReason::TooLong),
            Ok(json!({"d": 2})),
        ]
    );
    assert_eq!(end, End::Whole);
}

#[test]
fn a_cut_file_gives_what_stood_before_and_says_where() {
    let cases: [&[u8]; 3] =
        [b"[{\"a\":1},{\"b\":", b"{\"a\":1}\n{\"b\":", b"{\n\"a\":1\n}\n{\n\"b\":"];
    for bytes in cases {
        let (seen, _, end) = all_of(bytes, Limits::default());
        assert_eq!(seen, [Ok(json!({"a": 1}))]);
        let byte = bytes.len() as u64;
        assert_eq!(end, End::Early { byte, reason: EndReason::CutOff });
    }
}

#[test]
fn an_array_that_stops_being_json_ends_there() {
    let (seen, _, end) = all_of(b"[{\"a\":1}, oops, {\"b\":2}]", Limits::default());
    assert_eq!(seen, [Ok(json!({"a": 1}))]);
    assert_eq!(end, End::Early { byte: 11, reason: EndReason::NotJson });
}

#[test]
fn an_element_that_cannot_be_parsed_is_one_element() {
    let deep = format!("[{}1{}, {{\"a\":1}}, 1e999, 2]", "[".repeat(500), "]".repeat(500));
    let (seen, _, end) = all_of(deep.as_bytes(), Limits::default());
    assert_eq!(seen[0], Err(SkipReason::Malformed));
    assert_eq!(seen[1], Ok(json!({"a": 1})));
    assert_eq!(seen[3], Ok(json!(2)));
    assert_eq!(end, End::Whole);
}

#[test]
fn one_value_never_takes_more_than_its_limit() {
    let array = format!("[1, 2, \"{}\", 3]", "x".repeat(100));
    let (seen, _, end) = all_of(array.as_bytes(), SMALL);
    assert_eq!(seen, [Ok(json!(1)), Ok(json!(2))]);
    assert!(matches!(end, End::Early { reason: EndReason::TooLarge, byte: 60..80 }));

    let many = format!("[{}1]", "1,".repeat(1000));
    assert_eq!(all_of(many.as_bytes(), SMALL).0.len(), 1001, "the limit is for each value");
}

/// Counts what is read through it.
struct CountingRead<'a> {
    source: &'a mut dyn Read,
    read: Rc<Cell<usize>>,
}

impl Read for CountingRead<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.source.read(buffer)?;
        self.read.set(self.read.get() + bytes);
        Ok(bytes)
    }
}

#[test]
fn the_first_element_arrives_long_before_the_end_is_read() {
    let element = format!("{{\"text\":\"{}\"}}", "x".repeat(1000));
    for (start, between, end) in [("[", ",", "]"), ("", "\n", "\n"), ("{\n}\n", "\n", "")] {
        let bytes = format!("{start}{}{end}", vec![element.as_str(); 2000].join(between));
        let read = Rc::new(Cell::new(0));
        let counter = read.clone();
        let mut source = bytes.as_bytes();
        let mut counting = CountingRead { source: &mut source, read: counter };
        let mut first = None;
        let outcome = each_element(
            Input::new(&mut counting, Meter::default()),
            Limits::default(),
            &mut |_, _| {
                first.get_or_insert(read.get());
                ControlFlow::Continue(())
            },
        );
        assert_eq!(outcome.unwrap(), End::Whole);
        assert!(first.unwrap() <= 64 * 1024, "{first:?} of {} bytes were read", bytes.len());
        assert_eq!(read.get(), bytes.len());
    }
}

#[test]
fn breaking_off_stops_at_once() {
    for bytes in ["[1,2,3]", "1\n2\n3\n", "{\n}\n{\n}"] {
        let mut count = 0;
        let mut reader = bytes.as_bytes();
        let input = Input::new(&mut reader, Meter::default());
        let end = each_element(input, Limits::default(), &mut |_, _| {
            count += 1;
            ControlFlow::Break(())
        });
        assert_eq!((end.unwrap(), count), (End::Stopped, 1), "{bytes}");
    }
}

proptest! {
    #[test]
    fn values_come_out_as_they_went_in(values in prop::collection::vec(any::<String>(), 0..8)) {
        let values: Vec<Value> = values.into_iter().map(|text| json!({"text": text})).collect();
        let expected: Seen = values.iter().cloned().map(Ok).collect();
        let lines = values.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
        prop_assert_eq!(&all_of(lines.as_bytes(), Limits::default()).0, &expected);
        let pretty = values.iter().map(|value| format!("{value:#}")).collect::<Vec<_>>().join("\n");
        prop_assert_eq!(&all_of(pretty.as_bytes(), Limits::default()).0, &expected);
        let array = format!("{:#}", Value::from(values));
        prop_assert_eq!(&all_of(array.as_bytes(), Limits::default()).0, &expected);
    }

    #[test]
    fn any_cut_of_an_array_delivers_a_prefix(cut in 0usize..60) {
        let bytes = br#"[{"a":"x]"},{"b":[1,{"c":"\""}]},{"d":null},{"e":"end"}]"#;
        let cut = cut.min(bytes.len());
        let whole = all_of(bytes, Limits::default()).0;
        let (seen, _, end) = all_of(&bytes[..cut], Limits::default());
        prop_assert_eq!(&seen[..], &whole[..seen.len()]);
        if cut > 0 && cut < bytes.len() {
            prop_assert_eq!(end, End::Early { byte: cut as u64, reason: EndReason::CutOff });
        }
    }
}
