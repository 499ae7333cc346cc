use std::cell::Cell;
use std::io::Read;
use std::ops::ControlFlow;
use std::rc::Rc;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::ended_early::EndReason;
use crate::metered_reader::Meter;
use crate::skip_reason::SkipReason;

const SMALL: Limits = Limits { line_bytes: 40, value_bytes: 60, parts: 20 };

type Values = Vec<Result<Value, SkipReason>>;

fn read_all(bytes: &[u8], limits: Limits) -> (Values, Vec<JsonShape>, FileEnd) {
    let (mut values, mut shapes) = (Vec::new(), Vec::new());
    let mut bytes = bytes;
    let reader = MeteredReader::new(&mut bytes, Meter::default());
    let end = for_each_value(reader, limits, &mut |shape, value| {
        shapes.push(shape);
        values.push(value);
        ControlFlow::Continue(())
    })
    .unwrap();
    (values, shapes, end)
}

#[test]
fn finds_the_shape_by_content() {
    let cases: [(&[u8], JsonShape, usize); 7] = [
        (b"\xEF\xBB\xBF \n[{\"a\":1}, {\"b\":2}]", JsonShape::Array, 2),
        (b"\xEF\xBB\xBF{\"a\":1}\n\n{\"b\":2}\r\n", JsonShape::Lines, 2),
        (b"{\"a\":[{\"role\":1}]}", JsonShape::Lines, 1),
        (b"{\n  \"a\": [\n    {\"b\": 1}\n  ]\n}\n", JsonShape::Documents, 1),
        (b"{\n  \"a\": 1\n}\n{\n  \"b\": 1\n}\n", JsonShape::Documents, 2),
        (b"{\"a\": [\n{\"b\": 1},\n{\"b\": 2}\n]}", JsonShape::Documents, 1),
        (b"{\"a\":\n1}\n", JsonShape::Documents, 1),
    ];
    for (bytes, shape, count) in cases {
        let (values, shapes, end) = read_all(bytes, Limits::default());
        let text = String::from_utf8_lossy(bytes);
        assert_eq!((shapes, end), (vec![shape; count], FileEnd::Complete), "{text}");
        assert!(values.iter().all(Result::is_ok), "{text}");
    }
    assert_eq!(read_all(b" \n ", Limits::default()).2, FileEnd::Complete);
}

#[test]
fn a_broken_line_is_one_line_wherever_it_stands() {
    let lines: &[u8] =
        b"{\"a\":\"cut\n{\"b\":1}\n}garbage{\n{\"c\":\n\"\xFF\"\n{\"long\":\"0123456789012345678901234567890123456789\"}\n{\"d\":2}";
    let (values, _, end) = read_all(lines, SMALL);
    assert_eq!(
        values,
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
    assert_eq!(end, FileEnd::Complete);
}

#[test]
fn a_cut_file_gives_what_stood_before_and_says_where() {
    let cases: [&[u8]; 3] =
        [b"[{\"a\":1},{\"b\":", b"{\"a\":1}\n{\"b\":", b"{\n\"a\":1\n}\n{\n\"b\":"];
    for bytes in cases {
        let (values, _, end) = read_all(bytes, Limits::default());
        assert_eq!(values, [Ok(json!({"a": 1}))]);
        let byte = bytes.len() as u64;
        assert_eq!(end, FileEnd::Early { byte, reason: EndReason::CutOff });
    }
}

#[test]
fn damaged_bytes_cost_no_value() {
    let (values, _, end) = read_all(b"[{\"a\":\"caf\xE9\"},{\"b\":2}]\n[3]", Limits::default());
    assert_eq!(values, [Ok(json!({"a": "caf\u{fffd}"})), Ok(json!({"b": 2})), Ok(json!(3))]);
    assert_eq!(end, FileEnd::Complete);
    let (values, _, end) = read_all(b"{\"a\":\"caf\xE9\"}\n{\"b\":2}\n", Limits::default());
    assert_eq!(values, [Ok(json!({"a": "caf\u{fffd}"})), Ok(json!({"b": 2}))]);
    assert_eq!(end, FileEnd::Complete);
    let (values, _, end) = read_all(b"[{\"a\":\"x\0\ny\"},{\"b\":2}]", Limits::default());
    assert_eq!(values, [Ok(json!({"a": "x\0\ny"})), Ok(json!({"b": 2}))]);
    assert_eq!(end, FileEnd::Complete);
}

#[test]
fn an_array_that_stops_being_json_ends_there() {
    let (values, _, end) = read_all(b"[{\"a\":1}, oops, {\"b\":2}]", Limits::default());
    assert_eq!(values, [Ok(json!({"a": 1}))]);
    assert_eq!(end, FileEnd::Early { byte: 11, reason: EndReason::NotJson });
}

#[test]
fn arrays_that_were_joined_are_all_read_and_what_else_follows_is_reported() {
    let both = [Ok(json!({"a": 1})), Ok(json!({"b": 2}))];
    for bytes in
        ["[{\"a\":1}]\n[{\"b\":2}]", "[{\"a\":1}][][{\"b\":2}]\n", "[{\"a\":1},{\"b\":2}]\n\0\0"]
    {
        let (values, _, end) = read_all(bytes.as_bytes(), Limits::default());
        assert_eq!((&values[..], end), (&both[..], FileEnd::Complete), "{bytes}");
    }
    for (bytes, byte) in [("[{\"a\":1},{\"b\":2}]] or so", 17), ("[{\"a\":1}]\n[{\"b\":2}] {}", 20)]
    {
        let (values, _, end) = read_all(bytes.as_bytes(), Limits::default());
        assert_eq!(values, both, "{bytes}");
        assert_eq!(end, FileEnd::Early { byte, reason: EndReason::NotJson }, "{bytes}");
    }
    let (values, _, end) = read_all(b"[{\"a\":1}]\n[{\"b\":2}", Limits::default());
    assert_eq!(values, both);
    assert!(matches!(end, FileEnd::Early { reason: EndReason::CutOff, .. }));
}

#[test]
fn an_element_that_cannot_be_parsed_is_one_element() {
    let (values, _, end) = read_all(b"[1e999, {\"a\":1}, 2]", Limits::default());
    assert_eq!(values, [Err(SkipReason::Malformed), Ok(json!({"a": 1})), Ok(json!(2))]);
    assert_eq!(end, FileEnd::Complete);
}

#[test]
fn one_value_never_takes_more_than_its_limit() {
    let array = format!("[1, 2, \"{}\", 3]", "x".repeat(100));
    let (values, _, end) = read_all(array.as_bytes(), SMALL);
    assert_eq!(values, [Ok(json!(1)), Ok(json!(2))]);
    assert!(matches!(end, FileEnd::Early { reason: EndReason::TooLarge, byte: 60..80 }));

    let many = format!("[{}1]", "1,".repeat(1000));
    assert_eq!(read_all(many.as_bytes(), SMALL).0.len(), 1001, "the limit is for each value");
}

#[test]
fn a_value_of_too_many_parts_costs_only_itself() {
    let many = format!("[{}0]", "0,".repeat(20));
    let limits = Limits { parts: 20, ..Limits::default() };
    for (start, between, end) in [("[", ",", "]"), ("", "\n", ""), ("{\n}\n", " ", "")] {
        let bytes = format!("{start}1{between}{many}{between}2{end}");
        let (values, ..) = read_all(bytes.as_bytes(), limits);
        let tail = &values[values.len() - 3..];
        assert_eq!(tail, [Ok(json!(1)), Err(SkipReason::TooLong), Ok(json!(2))], "{bytes}");
    }
}

#[test]
fn the_conversations_in_a_wrapper_are_the_values() {
    let conversations = vec![Ok(json!({"title": "a"})), Ok(json!({"title": "b"}))];
    let wrappers = [
        json!({"conversations": [{"title": "a"}, {"title": "b"}]}),
        json!({"version": 2, "count": "2", "data": [{"title": "a"}, {"title": "b"}], "end": [1, {}]}),
        json!({"chats": {"about": "a", "list": [{"title": "a"}]}, "left_chats": {"list": [{"title": "b"}]}}),
        json!({"export": {"conversations": [{"title": "a"}, {"title": "b"}]}}),
        json!({"data": {"of": null, "results": [{"title": "a"}, {"title": "b"}]}, "x": {}}),
    ];
    for wrapper in wrappers {
        for text in [wrapper.to_string(), format!("{wrapper:#}"), format!("\n{wrapper}\n")] {
            let (values, shapes, end) = read_all(text.as_bytes(), Limits::default());
            assert_eq!((values, end), (conversations.clone(), FileEnd::Complete), "{text}");
            assert_eq!(shapes, [JsonShape::Array; 2]);
        }
    }
}

#[test]
fn an_object_that_wraps_no_conversations_is_one_value() {
    for object in [
        json!({"conversations": [{"from": "human", "value": "hi"}], "id": "x"}),
        json!({"data": [{"role": "user", "content": "hi"}]}),
        json!({"data": [], "results": {}, "items": [1, "a", [2.5]], "chats": null, "n": -3}),
        json!({"data": {"text": "a \"b\"", "data": true}, "é\n": "x"}),
        json!({"type": "event", "data": [{"title": "a"}]}),
    ] {
        let (values, ..) = read_all(object.to_string().as_bytes(), Limits::default());
        assert_eq!(values, [Ok(object.clone())]);
        if object.get("type").is_none() {
            let (values, ..) = read_all(format!("{object:#}").as_bytes(), Limits::default());
            assert_eq!(values, [Ok(object)]);
        }
    }
}

/// A wrapper is larger than any limit here, and its conversations are not.
#[test]
fn a_large_wrapper_is_read_piece_by_piece() {
    let element = json!({"title": "x".repeat(20)});
    let wrapper = json!({"conversations": vec![element.clone(); 100]});
    for text in [wrapper.to_string(), format!("{wrapper:#}")] {
        let (values, _, end) = read_all(text.as_bytes(), SMALL);
        assert_eq!((values.len(), end), (100, FileEnd::Complete));
        assert_eq!(values[99], Ok(element.clone()));
        let cut = &text[..text.len() - 30];
        let (values, _, end) = read_all(cut.as_bytes(), SMALL);
        assert_eq!(values.len(), 99);
        assert!(matches!(end, FileEnd::Early { reason: EndReason::CutOff, .. }));
        let mut count = 0;
        let mut bytes = text.as_bytes();
        let reader = MeteredReader::new(&mut bytes, Meter::default());
        let end = for_each_value(reader, SMALL, &mut |_, _| {
            count += 1;
            if count == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert_eq!((end.unwrap(), count), (FileEnd::Stopped, 3));
    }
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
        let reader = MeteredReader::new(&mut counting, Meter::default());
        let end = for_each_value(reader, Limits::default(), &mut |_, _| {
            first.get_or_insert(read.get());
            ControlFlow::Continue(())
        });
        assert_eq!(end.unwrap(), FileEnd::Complete);
        assert!(first.unwrap() <= 64 * 1024, "{first:?} of {} bytes were read", bytes.len());
        assert_eq!(read.get(), bytes.len());
    }
}

#[test]
fn breaking_off_stops_at_once() {
    for bytes in ["[1,2,3]", "1\n2\n3\n", "{\n}\n{\n}"] {
        let mut count = 0;
        let mut bytes = bytes.as_bytes();
        let reader = MeteredReader::new(&mut bytes, Meter::default());
        let end = for_each_value(reader, Limits::default(), &mut |_, _| {
            count += 1;
            ControlFlow::Break(())
        });
        assert_eq!((end.unwrap(), count), (FileEnd::Stopped, 1));
    }
}

proptest! {
    #[test]
    fn values_come_out_as_they_went_in(values in prop::collection::vec(any::<String>(), 0..8)) {
        let values: Vec<Value> = values.into_iter().map(|text| json!({"text": text})).collect();
        let expected: Values = values.iter().cloned().map(Ok).collect();
        let lines = values.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
        prop_assert_eq!(&read_all(lines.as_bytes(), Limits::default()).0, &expected);
        let pretty = values.iter().map(|value| format!("{value:#}")).collect::<Vec<_>>().join("\n");
        prop_assert_eq!(&read_all(pretty.as_bytes(), Limits::default()).0, &expected);
        let array = format!("{:#}", Value::from(values));
        prop_assert_eq!(&read_all(array.as_bytes(), Limits::default()).0, &expected);
    }

    #[test]
    fn any_cut_of_an_array_delivers_a_prefix(cut in 0usize..60) {
        let bytes = br#"[{"a":"x]"},{"b":[1,{"c":"\""}]},{"d":null},{"e":"end"}]"#;
        let cut = cut.min(bytes.len());
        let whole = read_all(bytes, Limits::default()).0;
        let (values, _, end) = read_all(&bytes[..cut], Limits::default());
        prop_assert_eq!(&values[..], &whole[..values.len()]);
        if cut > 0 && cut < bytes.len() {
            prop_assert_eq!(end, FileEnd::Early { byte: cut as u64, reason: EndReason::CutOff });
        }
    }
}
