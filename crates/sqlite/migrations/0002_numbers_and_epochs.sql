-- Numbers of turns and passages are given out in chunks, so that the turns of one user stand beside
-- each other also when many users write in turn; the queue is counted user by user; and a user's
-- state is told by a random epoch instead of a counter of deletions.

ALTER TABLE users ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0;
-- The next number of a turn and of a passage of this user; a multiple of 8192 means that a chunk has
-- to be drawn first.
ALTER TABLE users ADD COLUMN next_turn INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN next_passage INTEGER NOT NULL DEFAULT 0;
UPDATE users SET epoch = random();
ALTER TABLE users DROP COLUMN deletions;

-- The next chunk of 8192 numbers that nobody has: chunk c holds the numbers from 8192 * c on.
CREATE TABLE number_chunks (
    kind          TEXT PRIMARY KEY CHECK (kind IN ('turn', 'passage')),
    next_chunk    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO number_chunks (kind, next_chunk) VALUES
    ('turn', coalesce((SELECT seq / 8192 + 1 FROM sqlite_sequence WHERE name = 'turns'), 0)),
    ('passage', coalesce((SELECT seq / 8192 + 1 FROM sqlite_sequence WHERE name = 'passages'), 0));

DROP INDEX turns_by_user;
CREATE UNIQUE INDEX turns_by_user ON turns (user_id, id);

-- The turns that have no vectors yet under the newest model.
ALTER TABLE index_queue RENAME TO old_index_queue;
CREATE TABLE index_queue (
    user_id       INTEGER NOT NULL,
    turn_id       INTEGER NOT NULL,
    PRIMARY KEY (user_id, turn_id),
    FOREIGN KEY (user_id, turn_id) REFERENCES turns (user_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
INSERT INTO index_queue (user_id, turn_id)
    SELECT t.user_id, q.turn_id FROM old_index_queue q JOIN turns t ON t.id = q.turn_id;
DROP TABLE old_index_queue;
