-- A log of llm 0.36 that 0.31 began: the tables that hold its calls, as llm makes and fills them.
-- They refer to tables that are left out here.
PRAGMA foreign_keys = OFF;
CREATE TABLE "conversations" (
   "id" TEXT PRIMARY KEY,
   "name" TEXT,
   "model" TEXT
);
INSERT INTO conversations VALUES ('01m8ap20b3t3pqmv8rf35m45wz', 'I fly to Oslo on Friday. What s…', 'tiny-model');
INSERT INTO conversations VALUES ('01m8ap20basxkkqevmpyp869ef', 'How warm is it in Oslo?', 'tiny-model');
CREATE TABLE "responses" (
   "id" TEXT PRIMARY KEY,
   "model" TEXT,
   "prompt" TEXT,
   "system" TEXT,
   "prompt_json" TEXT,
   "options_json" TEXT,
   "response" TEXT,
   "response_json" TEXT,
   "conversation_id" TEXT REFERENCES "conversations"("id"),
   "duration_ms" INTEGER,
   "datetime_utc" TEXT,
   "input_tokens" INTEGER,
   "output_tokens" INTEGER,
   "token_details" TEXT,
   "schema_id" TEXT REFERENCES "schemas"("id")
, "resolved_model" TEXT, "reasoning" TEXT);
INSERT INTO responses VALUES ('01m8ap20b3t3pqmv8rf35m45x0', 'tiny-model', 'I fly to Oslo on Friday. What should I pack?', 'Be brief.', NULL, '{}', 'Warm boots and a rain coat.', NULL, '01m8ap20b3t3pqmv8rf35m45wz', 0, '2026-11-26T01:03:28.611457+00:00', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO responses VALUES ('01m8ap20b8qe6h54s1nx1049ne', 'tiny-model', 'And which tram goes to the harbour?', NULL, NULL, '{}', 'Tram 12 goes to Aker Brygge.', NULL, '01m8ap20b3t3pqmv8rf35m45wz', 0, '2026-11-26T01:03:28.616140+00:00', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO responses VALUES ('01m8ap20bcbw1f2shzcf574yq0', 'tiny-model', 'How warm is it in Oslo?', NULL, NULL, '{}', '', NULL, '01m8ap20basxkkqevmpyp869ef', 0, '2026-11-26T01:03:28.620518+00:00', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO responses VALUES ('01m8ap20bcbw1f2shzcf574yq1', 'tiny-model', '', NULL, NULL, '{}', 'It is 4 degrees in Oslo.', NULL, '01m8ap20basxkkqevmpyp869ef', 0, '2026-11-26T01:03:28.620558+00:00', NULL, NULL, NULL, NULL, NULL, NULL);
CREATE TABLE "tool_calls" (
   "id" INTEGER PRIMARY KEY,
   "response_id" TEXT REFERENCES "responses"("id"),
   "tool_id" INTEGER REFERENCES "tools"("id"),
   "name" TEXT,
   "arguments" TEXT,
   "tool_call_id" TEXT
);
INSERT INTO tool_calls VALUES (1, '01m8ap20bcbw1f2shzcf574yq0', 1, 'weather', '{"city": "Oslo"}', 'call_1');
CREATE TABLE "tool_results" (
   "id" INTEGER PRIMARY KEY,
   "response_id" TEXT REFERENCES "responses"("id"),
   "tool_id" INTEGER REFERENCES "tools"("id"),
   "name" TEXT,
   "output" TEXT,
   "tool_call_id" TEXT,
   "instance_id" INTEGER REFERENCES "tool_instances"("id")
, "exception" TEXT);
INSERT INTO tool_results VALUES (1, '01m8ap20bcbw1f2shzcf574yq1', 1, 'weather', '4 degrees, rain', 'call_1', NULL, NULL);
CREATE TABLE "threads" (
   "id" TEXT PRIMARY KEY,
   "name" TEXT,
   "tip_message_hash" TEXT REFERENCES "messages"("hash"),
   "forked_from" TEXT REFERENCES "threads"("id"),
   "datetime_utc" TEXT
);
INSERT INTO threads VALUES ('01m8ap20xh7zyzs40bc72vs0jt', 'B10 9:15 B20 9:45 Which of thes…', 'b2:558c429e79d22bdebe1c7667a05424c4', NULL, '2026-11-26 01:03:29.203058+00:00');
INSERT INTO threads VALUES ('01m8ap20xv9qh1rjqrya4mrwr5', 'How warm is it in Oslo?', 'b2:6c507497b50890034108de314304c946', NULL, '2026-11-26 01:03:29.212627+00:00');
CREATE TABLE "turns" (
   "id" TEXT PRIMARY KEY,
   "thread_id" TEXT REFERENCES "threads"("id"),
   "parent_message_hash" TEXT REFERENCES "messages"("hash"),
   "tip_message_hash" TEXT REFERENCES "messages"("hash"),
   "model" TEXT,
   "resolved_model" TEXT,
   "options_json" TEXT,
   "schema_id" TEXT REFERENCES "schemas"("id"),
   "input_tokens" INTEGER,
   "output_tokens" INTEGER,
   "token_details" TEXT,
   "duration_ms" INTEGER,
   "datetime_utc" TEXT
, "response_json" TEXT);
INSERT INTO turns VALUES ('01m8ap20xh7zyzs40bc72vs0jv', '01m8ap20xh7zyzs40bc72vs0jt', 'b2:406029f013e971832f50df8f40037f47', 'b2:af37df11059ef3eb43c4d3fb4b104606', 'tiny-model', NULL, NULL, NULL, NULL, NULL, NULL, 0, '2026-11-26T01:03:29.201610+00:00', NULL);
INSERT INTO turns VALUES ('01m8ap20xqp9gy14ackdtp7fyw', '01m8ap20xh7zyzs40bc72vs0jt', 'b2:6325d5c17354e0a4f2986b1c32389a73', 'b2:558c429e79d22bdebe1c7667a05424c4', 'tiny-model', NULL, NULL, NULL, NULL, NULL, NULL, 0, '2026-11-26T01:03:29.207833+00:00', NULL);
INSERT INTO turns VALUES ('01m8ap20xwa5hz7nx6zrf0b6f4', '01m8ap20xv9qh1rjqrya4mrwr5', 'b2:ba5ce17c143a5c605b05c825174efc2e', 'b2:0532f7bddee99feaec67d6ec6341dd92', 'tiny-model', NULL, NULL, NULL, NULL, NULL, NULL, 0, '2026-11-26T01:03:29.212360+00:00', NULL);
INSERT INTO turns VALUES ('01m8ap20xwa5hz7nx6zrf0b6f5', '01m8ap20xv9qh1rjqrya4mrwr5', 'b2:5e194620afbc23a4e72bc0a5b25d6bef', 'b2:6c507497b50890034108de314304c946', 'tiny-model', NULL, NULL, NULL, NULL, NULL, NULL, 0, '2026-11-26T01:03:29.212452+00:00', NULL);
CREATE TABLE "messages" (
   "hash" TEXT PRIMARY KEY,
   "parent_hash" TEXT REFERENCES "messages"("hash"),
   "role" TEXT,
   "provider_metadata" TEXT
);
INSERT INTO messages VALUES ('b2:074dea0bd0259e0d5dca16426a45e4f5', NULL, 'system', NULL);
INSERT INTO messages VALUES ('b2:406029f013e971832f50df8f40037f47', 'b2:074dea0bd0259e0d5dca16426a45e4f5', 'user', NULL);
INSERT INTO messages VALUES ('b2:af37df11059ef3eb43c4d3fb4b104606', 'b2:406029f013e971832f50df8f40037f47', 'assistant', NULL);
INSERT INTO messages VALUES ('b2:6325d5c17354e0a4f2986b1c32389a73', 'b2:af37df11059ef3eb43c4d3fb4b104606', 'user', NULL);
INSERT INTO messages VALUES ('b2:558c429e79d22bdebe1c7667a05424c4', 'b2:6325d5c17354e0a4f2986b1c32389a73', 'assistant', NULL);
INSERT INTO messages VALUES ('b2:ba5ce17c143a5c605b05c825174efc2e', NULL, 'user', NULL);
INSERT INTO messages VALUES ('b2:0532f7bddee99feaec67d6ec6341dd92', 'b2:ba5ce17c143a5c605b05c825174efc2e', 'assistant', NULL);
INSERT INTO messages VALUES ('b2:5e194620afbc23a4e72bc0a5b25d6bef', 'b2:0532f7bddee99feaec67d6ec6341dd92', 'tool', NULL);
INSERT INTO messages VALUES ('b2:6c507497b50890034108de314304c946', 'b2:5e194620afbc23a4e72bc0a5b25d6bef', 'assistant', NULL);
CREATE TABLE "parts" (
   "id" INTEGER PRIMARY KEY,
   "message_hash" TEXT REFERENCES "messages"("hash"),
   "position" INTEGER,
   "type" TEXT,
   "tool_name" TEXT,
   "text" TEXT,
   "payload" TEXT
);
INSERT INTO parts VALUES (1, 'b2:074dea0bd0259e0d5dca16426a45e4f5', 0, 'text', NULL, 'Be brief.', NULL);
INSERT INTO parts VALUES (2, 'b2:406029f013e971832f50df8f40037f47', 0, 'text', NULL, NULL, '{"text_ref": [{"fragment": 1}, {"literal": "\nWhich of these is the ferry to Dragsholm?"}]}');
INSERT INTO parts VALUES (3, 'b2:af37df11059ef3eb43c4d3fb4b104606', 0, 'text', NULL, 'The B10 at 9:15.', NULL);
INSERT INTO parts VALUES (4, 'b2:6325d5c17354e0a4f2986b1c32389a73', 0, 'text', NULL, 'Where do I leave the spare key?', NULL);
INSERT INTO parts VALUES (5, 'b2:558c429e79d22bdebe1c7667a05424c4', 0, 'text', NULL, 'With Mira, as last time.', NULL);
INSERT INTO parts VALUES (6, 'b2:ba5ce17c143a5c605b05c825174efc2e', 0, 'text', NULL, 'How warm is it in Oslo?', NULL);
INSERT INTO parts VALUES (7, 'b2:0532f7bddee99feaec67d6ec6341dd92', 0, 'tool_call', 'weather', NULL, '{"name": "weather", "arguments": {"city": "Oslo"}, "tool_call_id": "call_1"}');
INSERT INTO parts VALUES (8, 'b2:5e194620afbc23a4e72bc0a5b25d6bef', 0, 'tool_result', 'weather', NULL, '{"name": "weather", "output": "4 degrees, rain", "tool_call_id": "call_1"}');
INSERT INTO parts VALUES (9, 'b2:6c507497b50890034108de314304c946', 0, 'text', NULL, 'It is 4 degrees in Oslo.', NULL);
CREATE TABLE "turn_search" (
   "id" INTEGER PRIMARY KEY,
   "turn_id" TEXT REFERENCES "turns"("id"),
   "prompt" TEXT,
   "response" TEXT
);
INSERT INTO turn_search VALUES (1, '01m8ap20xh7zyzs40bc72vs0jv', '
Which of these is the ferry to Dragsholm?', 'The B10 at 9:15.');
INSERT INTO turn_search VALUES (2, '01m8ap20xqp9gy14ackdtp7fyw', 'Where do I leave the spare key?', 'With Mira, as last time.');
INSERT INTO turn_search VALUES (3, '01m8ap20xwa5hz7nx6zrf0b6f4', 'How warm is it in Oslo?', '');
INSERT INTO turn_search VALUES (4, '01m8ap20xwa5hz7nx6zrf0b6f5', '', 'It is 4 degrees in Oslo.');
