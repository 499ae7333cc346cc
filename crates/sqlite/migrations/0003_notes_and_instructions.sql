-- A turn may be a note, which stands alone in its session; a fact may be an instruction, and has a
-- vector.

ALTER TABLE turns ADD COLUMN note INTEGER NOT NULL DEFAULT 0;
-- What `remember` stored until now: the session `notes`, without what came from a file or from a talk.
-- After this, entries of `turn_blocks` have 4 added to their role where the turn is a note.
UPDATE turns SET note = 1
WHERE session_id IN (SELECT id FROM sessions WHERE name = 'notes')
    AND substr(source_key, 1, instr(source_key, ':'))
        NOT IN ('chatgpt:', 'claude:', 'claude-code:', 'messages:', 'jsonl:', 'said:');

-- SQLite cannot change the kinds that a table admits, so facts move into a new one, and their mentions
-- with them, since these go with the old facts.
DROP INDEX facts_by_user;
DROP INDEX facts_by_source_turn;
DROP INDEX facts_by_successor;
DROP INDEX entity_mentions_by_entity;
ALTER TABLE facts RENAME TO old_facts;
ALTER TABLE entity_mentions RENAME TO old_entity_mentions;
CREATE TABLE facts (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id       INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    subject       TEXT NOT NULL,
    statement     TEXT NOT NULL,
    kind          TEXT NOT NULL CHECK (kind IN
                  ('identity', 'instruction', 'preference', 'decision', 'plan', 'relation')),
    source_turn_id INTEGER REFERENCES turns (id) ON DELETE CASCADE,
    valid_from_ms INTEGER NOT NULL,
    superseded_by INTEGER REFERENCES facts (id) ON DELETE SET NULL
) STRICT;
CREATE TABLE entity_mentions (
    fact_id       INTEGER NOT NULL REFERENCES facts (id) ON DELETE CASCADE,
    entity_id     INTEGER NOT NULL REFERENCES entities (id) ON DELETE CASCADE,
    PRIMARY KEY (fact_id, entity_id)
) STRICT, WITHOUT ROWID;
INSERT INTO facts SELECT * FROM old_facts;
INSERT INTO entity_mentions SELECT * FROM old_entity_mentions;
-- A number that a deleted fact had is not given out again.
DELETE FROM sqlite_sequence WHERE name = 'facts';
INSERT INTO sqlite_sequence (name, seq) SELECT 'facts', seq FROM sqlite_sequence WHERE name = 'old_facts';
DROP TABLE old_entity_mentions;
DROP TABLE old_facts;
CREATE INDEX facts_by_user ON facts (user_id, id);
CREATE INDEX facts_by_source_turn ON facts (source_turn_id);
CREATE INDEX facts_by_successor ON facts (superseded_by);
CREATE INDEX entity_mentions_by_entity ON entity_mentions (entity_id);

-- At most one vector of each fact and model: little-endian f32, of unit length.
CREATE TABLE fact_vectors (
    fact_id       INTEGER NOT NULL REFERENCES facts (id) ON DELETE CASCADE,
    model_id      INTEGER NOT NULL REFERENCES embedding_models (id) ON DELETE CASCADE,
    vector        BLOB NOT NULL,
    UNIQUE (fact_id, model_id)
) STRICT;
CREATE INDEX fact_vectors_by_model ON fact_vectors (model_id);
