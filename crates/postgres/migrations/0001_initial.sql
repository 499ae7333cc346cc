-- Times are milliseconds since 1970 in UTC. Every table of users' rows is led by user_id, the first
-- 63 bits of SHA-256 of the user's name, so that each statement of a user's touches one shard. All text
-- that is compared is compared by its bytes.

-- 8,192 numbers each, given out to users whose last chunk is used up.
CREATE SEQUENCE turn_chunks MINVALUE 0 START 0;
CREATE SEQUENCE passage_chunks MINVALUE 0 START 0;
CREATE SEQUENCE session_numbers;
CREATE SEQUENCE fact_numbers;
CREATE SEQUENCE entity_numbers;
CREATE SEQUENCE summary_numbers;

-- One row a user, which every write locks first. Half of each page is left free for its new versions.
CREATE TABLE users (
    user_id       bigint PRIMARY KEY,
    name          text COLLATE "C" NOT NULL,
    -- Both tell a process whether what it has in memory is what the store says: a random number that
    -- changes with each deletion, and the newest turn.
    epoch         bigint NOT NULL,
    last_turn     bigint NOT NULL DEFAULT 0,
    -- The next number of a turn and of a passage; a multiple of 8,192 means that a chunk is drawn first.
    next_turn     bigint NOT NULL DEFAULT 0,
    next_passage  bigint NOT NULL DEFAULT 0,
    -- Words of turns up to this one stand in lists, those of later ones in turn_words, so many.
    folded_turn   bigint NOT NULL DEFAULT 0,
    tail_turns    integer NOT NULL DEFAULT 0,
    -- Where users are divided among servers: the one that the user moved to, of whom nothing is here any
    -- more, or the one that the user is arriving from, who is not here yet. Both are null for whoever is
    -- here. Each move has a number that is greater than those of the moves before.
    moved_to      text COLLATE "C",
    arriving_from text COLLATE "C",
    moves         bigint NOT NULL DEFAULT 0,
    CHECK (moved_to IS NULL OR arriving_from IS NULL)
) WITH (fillfactor = 50);
CREATE INDEX users_elsewhere ON users (user_id)
    WHERE moved_to IS NOT NULL OR arriving_from IS NOT NULL;

CREATE TABLE sessions (
    user_id       bigint NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
    id            bigint NOT NULL DEFAULT nextval('session_numbers'),
    name          text COLLATE "C" NOT NULL,
    title         text,
    PRIMARY KEY (user_id, id),
    UNIQUE (user_id, name)
);

CREATE TABLE turns (
    user_id       bigint NOT NULL,
    id            bigint NOT NULL,
    session_id    bigint NOT NULL,
    -- Its place in the session, from 0 in the order of storing.
    position      bigint NOT NULL,
    -- 0 user, 1 assistant, 2 system, 3 tool.
    role          smallint NOT NULL CHECK (role BETWEEN 0 AND 3),
    note          boolean NOT NULL,
    time_ms       bigint NOT NULL,
    source_key    text COLLATE "C" NOT NULL,
    speaker       text COLLATE "C",
    text          text NOT NULL,
    -- Number of words that it was indexed with.
    words         bigint NOT NULL,
    PRIMARY KEY (user_id, id),
    -- Judged at the end of a statement: one that renames may give a turn the key of another that gets one.
    UNIQUE (user_id, source_key) DEFERRABLE,
    UNIQUE (user_id, session_id, position) DEFERRABLE,
    FOREIGN KEY (user_id, session_id) REFERENCES sessions (user_id, id) ON DELETE CASCADE
);
CREATE INDEX turns_by_speaker ON turns (user_id, speaker) WHERE speaker IS NOT NULL;

-- The newest turns' words, one small row a turn: a list of words that is appended to turn by turn would
-- write a hundred times as much. Once there are 256, they are folded into the lists below.
CREATE TABLE turn_words (
    user_id       bigint NOT NULL,
    turn_id       bigint NOT NULL,
    words         bytea NOT NULL,
    PRIMARY KEY (user_id, turn_id),
    FOREIGN KEY (user_id, turn_id) REFERENCES turns (user_id, id) ON DELETE CASCADE
);

-- Lists of all folded turns, in blocks of neighbouring numbers: longmem-search makes and reads the bytes.
CREATE TABLE turn_blocks (
    user_id       bigint NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
    block         bigint NOT NULL,
    entries       bytea NOT NULL,
    PRIMARY KEY (user_id, block)
);
-- The word stands before the block, so that one statement finds a word in all blocks.
CREATE TABLE postings (
    user_id       bigint NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
    word          text COLLATE "C" NOT NULL,
    block         bigint NOT NULL,
    entries       bytea NOT NULL,
    PRIMARY KEY (user_id, word, block)
) WITH (fillfactor = 70);

-- A passage of a turn with its vector: little-endian f32, of unit length. Where it stands in the turn's
-- text, in bytes of UTF-8, and its length in the model's tokens.
CREATE TABLE vectors (
    user_id       bigint NOT NULL,
    model_id      bigint NOT NULL,
    id            bigint NOT NULL,
    turn_id       bigint NOT NULL,
    start_byte    bigint NOT NULL,
    end_byte      bigint NOT NULL,
    tokens        bigint NOT NULL,
    vector        bytea NOT NULL,
    PRIMARY KEY (user_id, model_id, id),
    FOREIGN KEY (user_id, turn_id) REFERENCES turns (user_id, id) ON DELETE CASCADE
);
ALTER TABLE vectors ALTER COLUMN vector SET STORAGE PLAIN;
CREATE INDEX vectors_by_turn ON vectors (user_id, turn_id);

-- The codes of vectors. A run holds passages of one block of the list of codes, in the order of their
-- numbers; it is named by the last of them. Small runs become one run now and then.
CREATE TABLE code_runs (
    user_id       bigint NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
    model_id      bigint NOT NULL,
    last_passage  bigint NOT NULL,
    block         bigint NOT NULL,
    passages      bigint NOT NULL,
    entries       bytea NOT NULL,
    PRIMARY KEY (user_id, model_id, last_passage)
);
ALTER TABLE code_runs ALTER COLUMN entries SET STORAGE EXTERNAL;

-- What a user has of a model: the newest passage (0 for none), how many, and how many runs of codes were
-- added since they were last made one.
CREATE TABLE user_models (
    user_id       bigint NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
    model_id      bigint NOT NULL,
    last_passage  bigint NOT NULL DEFAULT 0,
    passages      bigint NOT NULL DEFAULT 0,
    new_runs      integer NOT NULL DEFAULT 0,
    truncated_tokens bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (user_id, model_id)
) WITH (fillfactor = 50);

-- The turns that have no vectors yet under the newest model.
CREATE TABLE index_queue (
    user_id       bigint NOT NULL,
    turn_id       bigint NOT NULL,
    PRIMARY KEY (user_id, turn_id),
    FOREIGN KEY (user_id, turn_id) REFERENCES turns (user_id, id) ON DELETE CASCADE
);

-- A fact holds since valid_from_ms, until valid_from_ms of the fact that superseded it.
CREATE TABLE facts (
    user_id       bigint NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
    id            bigint NOT NULL DEFAULT nextval('fact_numbers'),
    subject       text NOT NULL,
    statement     text NOT NULL,
    kind          text NOT NULL CHECK (kind IN
                  ('identity', 'instruction', 'preference', 'decision', 'plan', 'relation')),
    source_turn_id bigint,
    valid_from_ms bigint NOT NULL,
    superseded_by bigint,
    PRIMARY KEY (user_id, id),
    FOREIGN KEY (user_id, source_turn_id) REFERENCES turns (user_id, id) ON DELETE CASCADE
);
CREATE INDEX facts_by_source_turn ON facts (user_id, source_turn_id);

-- At most one vector of each fact and model.
CREATE TABLE fact_vectors (
    user_id       bigint NOT NULL,
    fact_id       bigint NOT NULL,
    model_id      bigint NOT NULL,
    vector        bytea NOT NULL,
    PRIMARY KEY (user_id, fact_id, model_id),
    FOREIGN KEY (user_id, fact_id) REFERENCES facts (user_id, id) ON DELETE CASCADE
);

-- People, projects and other names that come up in a user's facts; none without a fact. The key is the
-- name in lower case with single spaces, by which it is known again.
CREATE TABLE entities (
    user_id       bigint NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
    id            bigint NOT NULL DEFAULT nextval('entity_numbers'),
    key           text COLLATE "C" NOT NULL,
    name          text NOT NULL,
    kind          text NOT NULL CHECK (kind IN ('person', 'project', 'other')),
    PRIMARY KEY (user_id, id),
    UNIQUE (user_id, key)
);
CREATE TABLE entity_mentions (
    user_id       bigint NOT NULL,
    fact_id       bigint NOT NULL,
    entity_id     bigint NOT NULL,
    PRIMARY KEY (user_id, fact_id, entity_id),
    FOREIGN KEY (user_id, fact_id) REFERENCES facts (user_id, id) ON DELETE CASCADE,
    FOREIGN KEY (user_id, entity_id) REFERENCES entities (user_id, id) ON DELETE CASCADE
);
CREATE INDEX entity_mentions_by_entity ON entity_mentions (user_id, entity_id);

-- The last turn of a session that was looked at for facts, 0 for none yet. A session without a row is
-- not learned from.
CREATE TABLE learned_sessions (
    user_id       bigint NOT NULL,
    session_id    bigint NOT NULL,
    through_turn  bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (user_id, session_id),
    FOREIGN KEY (user_id, session_id) REFERENCES sessions (user_id, id) ON DELETE CASCADE
);

-- 'stretch': the beginning of a session, up to a turn. 'session': a whole session, up to a turn.
-- 'sessions': summaries of sessions, at most one a user; it has no session and no turn.
CREATE TABLE summaries (
    user_id       bigint NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
    id            bigint NOT NULL DEFAULT nextval('summary_numbers'),
    kind          text NOT NULL CHECK (kind IN ('stretch', 'session', 'sessions')),
    session_id    bigint,
    through_turn  bigint,
    text          text NOT NULL,
    created_ms    bigint NOT NULL,
    folded_into   bigint,
    PRIMARY KEY (user_id, id),
    UNIQUE (user_id, session_id, kind),
    FOREIGN KEY (user_id, session_id) REFERENCES sessions (user_id, id) ON DELETE CASCADE,
    FOREIGN KEY (user_id, through_turn) REFERENCES turns (user_id, id) ON DELETE CASCADE,
    CHECK ((kind = 'sessions') = (session_id IS NULL AND through_turn IS NULL))
);
CREATE UNIQUE INDEX one_summary_of_sessions ON summaries (user_id) WHERE kind = 'sessions';
CREATE INDEX summaries_by_turn ON summaries (user_id, through_turn);

-- Small values of one user, by name.
CREATE TABLE user_values (
    user_id       bigint NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
    name          text COLLATE "C" NOT NULL,
    value         bytea NOT NULL,
    PRIMARY KEY (user_id, name)
);

-- The source keys of forgotten turns: the first 16 bytes of SHA-256 over the store's salt, the user's
-- name and the key. The user may be gone.
CREATE TABLE forgotten_keys (
    user_id       bigint NOT NULL,
    hash          bytea NOT NULL,
    PRIMARY KEY (user_id, hash)
);

-- What one process does at a time for a user: the name says what, the holder is random, and the right
-- ends by itself at this time of the server's clock.
CREATE TABLE user_leases (
    user_id       bigint NOT NULL,
    name          text COLLATE "C" NOT NULL,
    holder        bigint NOT NULL,
    until_ms      bigint NOT NULL,
    PRIMARY KEY (user_id, name)
);

-- Tables of the whole store.

CREATE TABLE embedding_models (
    id            bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    name          text NOT NULL,
    revision      text NOT NULL,
    dimensions    bigint NOT NULL,
    pooling       text NOT NULL,
    normalized    boolean NOT NULL,
    "window"      bigint NOT NULL,
    -- 'serving': its vectors are complete but for the queue. 'building': they are being made, and will
    -- replace the serving ones when the queue is empty. At most one of each.
    state         text NOT NULL UNIQUE CHECK (state IN ('serving', 'building')),
    UNIQUE (name, revision, dimensions, pooling, normalized, "window")
);

-- Small values by name.
CREATE TABLE store_values (
    name          text COLLATE "C" PRIMARY KEY,
    value         bytea NOT NULL
);

-- One row: what is hashed before a forgotten key, so that the hashes of two stores cannot be compared.
CREATE TABLE store_salt (
    only_row      boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    salt          bytea NOT NULL
);

-- Forgotten keys that came from a store which does not tell whose they are. A key is hashed with the name of
-- its user, so that it is nobody else's.
CREATE TABLE forgotten_keys_of_all (
    hash          bytea PRIMARY KEY
);

-- One row if the server belongs to a ring of servers, among which users are divided: by what name, and
-- which servers there are by the newest list that anybody told it. No users are made on those that leave.
CREATE TABLE ring (
    only_row      boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    this_server   text COLLATE "C" NOT NULL,
    generation    bigint NOT NULL CHECK (generation > 0),
    servers       text[] COLLATE "C" NOT NULL,
    leaving       boolean[] NOT NULL CHECK (cardinality(leaving) = cardinality(servers))
);

-- The second guard, below the program: a transaction sees and changes rows of the users that it named
-- when it began, a range of their numbers, and of nobody if it named none. After a first SET LOCAL the
-- setting is empty in that session, not missing.
DO $$
DECLARE
    guarded text;
BEGIN
    FOREACH guarded IN ARRAY ARRAY['users', 'sessions', 'turns', 'turn_words', 'turn_blocks', 'postings',
        'vectors', 'code_runs', 'user_models', 'index_queue', 'facts', 'fact_vectors', 'entities',
        'entity_mentions', 'learned_sessions', 'summaries', 'user_values', 'forgotten_keys', 'user_leases']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', guarded);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', guarded);
        EXECUTE format('CREATE POLICY named_users ON %I USING (user_id <@
            (SELECT NULLIF(current_setting(''longmem.users'', true), '''')::int8range))', guarded);
    END LOOP;
END
$$;
