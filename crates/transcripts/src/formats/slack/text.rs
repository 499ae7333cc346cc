//! The words of a message as people saw them: names in place of ids, and signs in place of escapes.

use serde_json::Value;

use super::workspace::Workspace;

/// Nesting of blocks that is followed: sections that hold lists that hold text.
const MAX_DEPTH: u32 = 12;

/// The words of a message: its text, else its blocks, else what is attached to it.
pub(super) fn message_text(message: &Value, workspace: &Workspace) -> String {
    let text = shown_text(message["text"].as_str().unwrap_or_default(), workspace);
    // Slack writes this where a program gave blocks without a text.
    if !text.trim().is_empty() && text != "This content can't be displayed." {
        return text;
    }
    let mut of_blocks = String::new();
    add_blocks(&message["blocks"], workspace, MAX_DEPTH, &mut of_blocks);
    if !of_blocks.trim().is_empty() {
        return of_blocks.trim().to_owned();
    }
    let attached = message["attachments"].as_array().into_iter().flatten();
    attached
        .filter_map(|attachment| {
            let fields = ["text", "fallback", "title"];
            fields
                .iter()
                .find_map(|name| attachment[*name].as_str().filter(|text| !text.is_empty()))
        })
        .map(|text| shown_text(text, workspace))
        .collect::<Vec<_>>()
        .join("\n\n")
}

/// Replaces what stands between angle brackets with what is shown, and the escaped signs.
pub(super) fn shown_text(text: &str, workspace: &Workspace) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        shown.push_str(&without_escapes(before));
        let Some((reference, after)) = after.split_once('>') else {
            shown.push('<');
            rest = after;
            break;
        };
        shown.push_str(&without_escapes(&shown_reference(reference, workspace)));
        rest = after;
    }
    shown.push_str(&without_escapes(rest));
    shown
}

/// What is shown for a reference: "@Ana" for `@U1`, "#general" for `#C1|general`, "the map
/// (https://…)" for `https://…|the map`.
fn shown_reference(reference: &str, workspace: &Workspace) -> String {
    let (target, label) = match reference.split_once('|') {
        Some((target, label)) => (target, Some(label).filter(|label| !label.is_empty())),
        None => (reference, None),
    };
    if let Some(id) = target.strip_prefix('@') {
        return format!("@{}", workspace.person(id).or(label).unwrap_or(id));
    }
    if let Some(id) = target.strip_prefix('#') {
        let known = workspace.channel(id).and_then(|channel| channel.name.as_deref());
        return format!("#{}", label.or(known).unwrap_or(id));
    }
    // <!here>, <!subteam^S1|@design>, <!date^1700000000^{date}|14 November>
    if let Some(command) = target.strip_prefix('!') {
        return match label {
            Some(label) => label.to_owned(),
            None => format!("@{}", command.split('^').next().unwrap_or(command)),
        };
    }
    let address = target.strip_prefix("mailto:").or(target.strip_prefix("tel:")).unwrap_or(target);
    match label {
        // "<http://x.example|x.example>" is what typing "x.example" makes.
        Some(label) if address.ends_with(label) => label.to_owned(),
        Some(label) => format!("{label} ({address})"),
        None => address.to_owned(),
    }
}

fn without_escapes(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// Adds the words of rich text, which is lists within sections within blocks.
fn add_blocks(value: &Value, workspace: &Workspace, depth: u32, text: &mut String) {
    if depth == 0 {
        return;
    }
    if let Some(values) = value.as_array() {
        for value in values {
            add_blocks(value, workspace, depth - 1, text);
        }
        return;
    }
    let field = |name: &str| value[name].as_str().unwrap_or_default();
    let reference =
        |sign: &str, id: &str| shown_reference(&format!("{sign}{}", field(id)), workspace);
    match field("type") {
        "text" => text.push_str(field("text")),
        "mrkdwn" | "plain_text" => text.push_str(&shown_text(field("text"), workspace)),
        "link" => text
            .push_str(&shown_reference(&format!("{}|{}", field("url"), field("text")), workspace)),
        "user" => text.push_str(&reference("@", "user_id")),
        "channel" => text.push_str(&reference("#", "channel_id")),
        "broadcast" => text.push_str(&reference("!", "range")),
        "emoji" => text.extend([":", field("name"), ":"]),
        "section" | "header" => {
            add_blocks(&value["text"], workspace, depth - 1, text);
            add_blocks(&value["fields"], workspace, depth - 1, text);
            text.push('\n');
        }
        "rich_text_section" | "rich_text_quote" | "rich_text_preformatted" => {
            add_blocks(&value["elements"], workspace, depth - 1, text);
            text.push('\n');
        }
        "rich_text_list" => {
            for item in value["elements"].as_array().into_iter().flatten() {
                text.push_str("- ");
                add_blocks(item, workspace, depth - 1, text);
            }
        }
        _ => add_blocks(&value["elements"], workspace, depth - 1, text),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn workspace() -> Workspace {
        let mut workspace = Workspace::default();
        workspace.add_list("users.json", &json!([{"id": "U1", "name": "ana"}]));
        workspace.add_list("channels.json", &json!([{"id": "C1", "name": "general"}]));
        workspace
    }

    #[test]
    fn shows_names_links_and_signs() {
        for (text, shown) in [
            ("Ask <@U1>, <@U2|bo> or <@U3>", "Ask @ana, @bo or @U3"),
            ("in <#C1>, <#C1|>, <#C2|random> or <#C3>", "in #general, #general, #random or #C3"),
            (
                "<!here> <!channel|@channel> <!subteam^S1|@design> <!subteam^S1>",
                "@here @channel @design @subteam",
            ),
            ("<!date^1700000000^{date}|14 November>", "14 November"),
            (
                "see <https://m.example/a?b=1&amp;c=2|the map>",
                "see the map (https://m.example/a?b=1&c=2)",
            ),
            ("<https://m.example/>", "https://m.example/"),
            (
                "<http://m.example|m.example> <mailto:a@m.example|a@m.example>",
                "m.example a@m.example",
            ),
            ("a &lt; b &amp;&amp; c &gt; d &amp;lt;", "a < b && c > d &lt;"),
            ("a < b", "a < b"),
            ("", ""),
        ] {
            assert_eq!(shown_text(text, &workspace()), shown, "{text}");
        }
    }

    #[test]
    fn a_message_without_text_is_read_from_its_blocks_or_attachments() {
        let blocks = json!([{"type": "rich_text", "elements": [
            {"type": "rich_text_section", "elements": [
                {"type": "text", "text": "Bring, "}, {"type": "user", "user_id": "U1"},
                {"type": "emoji", "name": "wave"}]},
            {"type": "rich_text_list", "elements": [
                {"type": "rich_text_section", "elements": [{"type": "text", "text": "boots"}]},
                {"type": "rich_text_section", "elements": [
                    {"type": "link", "url": "https://m.example", "text": "map"}]}]}]}]);
        let section =
            json!([{"type": "section", "text": {"type": "mrkdwn", "text": "Build of <#C1>"}}]);
        let attachments = json!([{"text": "", "fallback": "Build &amp; test passed"}]);
        for (message, text) in [
            (json!({"text": "Hi", "blocks": blocks}), "Hi"),
            (
                json!({"text": "", "blocks": blocks}),
                "Bring, @ana:wave:\n- boots\n- map (https://m.example)",
            ),
            (
                json!({"text": "This content can't be displayed.", "blocks": section}),
                "Build of #general",
            ),
            (json!({"blocks": section}), "Build of #general"),
            (json!({"text": "", "attachments": attachments}), "Build & test passed"),
            (json!({"files": [{"title": "cat.png"}]}), ""),
        ] {
            assert_eq!(message_text(&message, &workspace()), text, "{message}");
        }
    }

    proptest! {
        #[test]
        fn text_without_signs_stays_as_it_is(text in "[^<&]*") {
            prop_assert_eq!(shown_text(&text, &workspace()), text);
        }

        #[test]
        fn any_text_is_shown_without_panic(text in "[<>@#!|a&;^]{0,20}") {
            let _ = shown_text(&text, &workspace());
        }
    }
}
