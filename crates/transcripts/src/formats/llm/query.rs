//! The SQL statement that reads `llm`'s database, by the tables that it has.
//!
//! `llm` kept each call in `responses` until version 0.31 and keeps it in `turns` since; a database
//! that was in use before has both. Their ids are from one row of numbers, and what is in `turns` is
//! not read from `responses` again.

use serde_json::Value;

/// Rows with the names of what `llm logs --json` prints, oldest first; `None` where the tables are
/// not those of `llm`.
pub(super) fn of_tables(tables: &Value) -> Option<String> {
    let has = |table: &str, columns: &[&str]| {
        let found = tables["tables"][table].as_array().map_or([].as_slice(), Vec::as_slice);
        columns.iter().all(|column| found.iter().any(|name| name == column)) && !found.is_empty()
    };
    let mut selects = Vec::new();
    let has_turns = has("turns", &["id", "thread_id", "parent_message_hash", "datetime_utc"])
        && has("turn_search", &["turn_id", "prompt", "response"])
        && has("threads", &["id", "name"])
        && has("parts", &["message_hash", "type", "payload"]);
    if has_turns {
        selects.push(SELECT_TURNS.to_owned());
    }
    if has("responses", &["id", "prompt", "response", "conversation_id", "datetime_utc"])
        && has("conversations", &["id", "name"])
    {
        let has_tools = has("tool_calls", &["response_id", "tool_call_id", "arguments"])
            && has("tool_results", &["response_id", "tool_call_id", "output"]);
        let tools = if has_tools { RESPONSE_TOOLS } else { "NULL, NULL" };
        let only_here = if has_turns { "WHERE r.id NOT IN (SELECT id FROM turns)" } else { "" };
        selects.push(format!("{SELECT_RESPONSES} {tools} {FROM_RESPONSES} {only_here}"));
    }
    (!selects.is_empty())
        .then(|| format!("{} ORDER BY datetime_utc, id", selects.join(" UNION ALL ")))
}

/// What was typed is in the search index, without the files that were put before it.
const SELECT_TURNS: &str = "\
SELECT t.id AS id, t.thread_id AS conversation_id, h.name AS conversation_name,
    t.datetime_utc AS datetime_utc, coalesce(s.prompt, '') AS prompt,
    coalesce(s.response, '') AS response,
    (SELECT json_group_array(json(p.payload)) FROM parts p
        WHERE p.message_hash = t.tip_message_hash AND p.type = 'tool_call'
            AND json_valid(p.payload)) AS tool_calls,
    (SELECT json_group_array(json(p.payload)) FROM parts p
        WHERE p.message_hash = t.parent_message_hash AND p.type = 'tool_result'
            AND json_valid(p.payload)) AS tool_results
FROM turns t
LEFT JOIN threads h ON h.id = t.thread_id
LEFT JOIN turn_search s ON s.turn_id = t.id";

const SELECT_RESPONSES: &str = "\
SELECT r.id AS id, r.conversation_id AS conversation_id, c.name AS conversation_name,
    r.datetime_utc AS datetime_utc, r.prompt AS prompt, r.response AS response,";

const RESPONSE_TOOLS: &str = "\
(SELECT json_group_array(json_object(
        'name', k.name, 'arguments', k.arguments, 'tool_call_id', k.tool_call_id))
    FROM tool_calls k WHERE k.response_id = r.id) AS tool_calls,
(SELECT json_group_array(json_object(
        'name', k.name, 'output', k.output, 'tool_call_id', k.tool_call_id))
    FROM tool_results k WHERE k.response_id = r.id) AS tool_results";

const FROM_RESPONSES: &str = "\
FROM responses r
LEFT JOIN conversations c ON c.id = r.conversation_id";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_the_tables_of_llm_have_a_statement() {
        let responses = json!(["id", "prompt", "response", "conversation_id", "datetime_utc"]);
        let conversations = json!(["id", "name", "model"]);
        for (tables, expected) in [
            (json!({"responses": responses, "conversations": conversations}), true),
            (json!({"responses": ["id", "answer"], "conversations": conversations}), false),
            (json!({"responses": responses}), false),
            (json!({"turns": ["id"]}), false),
            (json!({}), false),
        ] {
            assert_eq!(of_tables(&json!({"tables": tables})).is_some(), expected, "{tables}");
        }
    }
}
