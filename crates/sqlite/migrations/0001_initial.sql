-- Times are milliseconds since 1970 in UTC. Ids are never used twice (AUTOINCREMENT).

CREATE TABLE users (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    name          TEXT NOT NULL UNIQUE,
    -- Both tell a process whether what it has in memory is what the file says: how often
    -- something was deleted, and the newest turn.
    deletions     INTEGER NOT NULL DEFAULT 0,
    last_turn     INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE sessions (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id       INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name          TEXT NOT NULL,
    title         TEXT,
    UNIQUE (user_id, name)
) STRICT;

CREATE TABLE turns (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id       INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    session_id    INTEGER NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    -- Its place in the session, from 0 in the order of storing.
    position      INTEGER NOT NULL,
    role          TEXT NOT NULL CHECK (role IN ('user', 'assistant', 'system', 'tool')),
    time_ms       INTEGER NOT NULL,
    -- The turn's name in the file it came from; the time and random digits for one that was born
    -- here, so that the newest stand beside each other in the index.
    source_key    TEXT NOT NULL,
    speaker       TEXT,
    text          TEXT NOT NULL,
    UNIQUE (user_id, source_key),
    UNIQUE (session_id, position)
) STRICT;
CREATE INDEX turns_by_user ON turns (user_id, id);
CREATE INDEX turns_by_speaker ON turns (user_id, speaker) WHERE speaker IS NOT NULL;

-- Three tables hold again, in lists, what searches need of all turns of a user. A row is one block:
-- the turns whose ids share all but the lowest bits, the offset: ten bits, thirteen for words. Lists
-- grow at their end, in the order of ids. Numbers in them are LEB128.

-- What is known of a turn without its text. An entry is five numbers: offset, session, role (0 user,
-- 1 assistant, 2 system, 3 tool), time in milliseconds (negative ones as 2^64 more), how many words.
CREATE TABLE turn_blocks (
    user_id       INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    block         INTEGER NOT NULL,
    entries       BLOB NOT NULL,
    PRIMARY KEY (user_id, block)
) STRICT, WITHOUT ROWID;

-- Which turns hold a word. Words are made by the program: lower case, without accents, stemmed. An
-- entry is two numbers: offset, how often. The block stands before the word, so that new turns change
-- neighbouring pages only.
CREATE TABLE postings (
    user_id       INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    block         INTEGER NOT NULL,
    word          TEXT NOT NULL,
    entries       BLOB NOT NULL,
    PRIMARY KEY (user_id, block, word)
) STRICT, WITHOUT ROWID;

-- Each word once, to find those that are spelt nearly as another.
CREATE TABLE words (
    user_id       INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    word          TEXT NOT NULL,
    PRIMARY KEY (user_id, word)
) STRICT, WITHOUT ROWID;

CREATE TABLE embedding_models (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    name          TEXT NOT NULL,
    revision      TEXT NOT NULL,
    dimensions    INTEGER NOT NULL,
    pooling       TEXT NOT NULL,
    normalized    INTEGER NOT NULL,
    window        INTEGER NOT NULL,
    -- 'serving': its vectors are complete but for the queue. 'building': they are being made, and
    -- will replace the serving ones when the queue is empty. At most one of each.
    state         TEXT NOT NULL UNIQUE CHECK (state IN ('serving', 'building')),
    truncated_tokens INTEGER NOT NULL DEFAULT 0,
    UNIQUE (name, revision, dimensions, pooling, normalized, window)
) STRICT;

CREATE TABLE passages (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    turn_id       INTEGER NOT NULL REFERENCES turns (id) ON DELETE CASCADE,
    user_id       INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    model_id      INTEGER NOT NULL REFERENCES embedding_models (id) ON DELETE CASCADE,
    -- Where it stands in the turn's text, in bytes of UTF-8, and its length in the model's tokens.
    start_byte    INTEGER NOT NULL,
    end_byte      INTEGER NOT NULL,
    tokens        INTEGER NOT NULL
) STRICT;
CREATE INDEX passages_by_turn ON passages (turn_id);
CREATE INDEX passages_by_user ON passages (user_id, model_id, id);
CREATE INDEX passages_by_model ON passages (model_id);

-- One vector per passage: little-endian f32, of unit length.
CREATE TABLE vectors (
    passage_id    INTEGER PRIMARY KEY REFERENCES passages (id) ON DELETE CASCADE,
    vector        BLOB NOT NULL
) STRICT;

-- The signs of the vectors, one bit a number. An entry is of one turn: offset, the first of its
-- passages (whose ids follow one another), how many there are, and 48 bytes for each: number i of the
-- vector is above zero if bit i % 8 of byte i / 8 is set. Entries come in the order of passages.
CREATE TABLE code_blocks (
    user_id       INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    model_id      INTEGER NOT NULL REFERENCES embedding_models (id) ON DELETE CASCADE,
    block         INTEGER NOT NULL,
    -- The greatest id and the number of all passages in the block.
    last_passage  INTEGER NOT NULL,
    passages      INTEGER NOT NULL,
    entries       BLOB NOT NULL,
    PRIMARY KEY (user_id, model_id, block)
) STRICT, WITHOUT ROWID;

-- The turns that have no vectors yet under the newest model.
CREATE TABLE index_queue (
    turn_id       INTEGER PRIMARY KEY REFERENCES turns (id) ON DELETE CASCADE
) STRICT;

-- A fact holds since valid_from_ms, until valid_from_ms of the fact that superseded it. So if that one
-- is forgotten, the older one holds again, as if the newer one had never been said.
CREATE TABLE facts (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id       INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    subject       TEXT NOT NULL,
    statement     TEXT NOT NULL,
    kind          TEXT NOT NULL
                  CHECK (kind IN ('identity', 'preference', 'decision', 'plan', 'relation')),
    source_turn_id INTEGER REFERENCES turns (id) ON DELETE CASCADE,
    valid_from_ms INTEGER NOT NULL,
    superseded_by INTEGER REFERENCES facts (id) ON DELETE SET NULL
) STRICT;
CREATE INDEX facts_by_user ON facts (user_id, id);
CREATE INDEX facts_by_source_turn ON facts (source_turn_id);
CREATE INDEX facts_by_successor ON facts (superseded_by);

-- People, projects and other names that come up in a user's facts; none without a fact.
CREATE TABLE entities (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id       INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- The name in lower case with single spaces, by which it is known again.
    key           TEXT NOT NULL,
    name          TEXT NOT NULL,
    kind          TEXT NOT NULL CHECK (kind IN ('person', 'project', 'other')),
    UNIQUE (user_id, key)
) STRICT;
CREATE TABLE entity_mentions (
    fact_id       INTEGER NOT NULL REFERENCES facts (id) ON DELETE CASCADE,
    entity_id     INTEGER NOT NULL REFERENCES entities (id) ON DELETE CASCADE,
    PRIMARY KEY (fact_id, entity_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX entity_mentions_by_entity ON entity_mentions (entity_id);

-- The last turn of a session that was looked at for facts, 0 for none yet. A session without a row
-- is not learned from.
CREATE TABLE learned_sessions (
    session_id    INTEGER PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE,
    through_turn  INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE summaries (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id       INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- 'stretch': the beginning of a session, up to a turn. 'session': a whole session, up to a turn.
    -- 'sessions': summaries of sessions, at most one a user; it has no session and no turn.
    of            TEXT NOT NULL CHECK (of IN ('stretch', 'session', 'sessions')),
    session_id    INTEGER REFERENCES sessions (id) ON DELETE CASCADE,
    through_turn  INTEGER REFERENCES turns (id) ON DELETE CASCADE,
    text          TEXT NOT NULL,
    created_ms    INTEGER NOT NULL,
    folded_into   INTEGER REFERENCES summaries (id) ON DELETE SET NULL,
    UNIQUE (session_id, of),
    CHECK ((of = 'sessions') = (session_id IS NULL AND through_turn IS NULL))
) STRICT;
CREATE UNIQUE INDEX one_summary_of_sessions ON summaries (user_id) WHERE of = 'sessions';
CREATE INDEX summaries_by_user ON summaries (user_id);
CREATE INDEX summaries_by_turn ON summaries (through_turn);
CREATE INDEX summaries_by_whole ON summaries (folded_into);
-- What was forgotten is not to live on in the summary that it was folded into.
CREATE TRIGGER summary_of_forgotten AFTER DELETE ON summaries WHEN OLD.folded_into IS NOT NULL
BEGIN
    DELETE FROM summaries WHERE id = OLD.folded_into;
END;
