-- Small values are kept beside what was said, and an import does not bring back what was forgotten.
-- After this, the lists of turns and words are made again, since words with accents, vowel signs or
-- invisible signs are spelt otherwise in them.

-- Values of one user, by name; they go with the user.
CREATE TABLE user_values (
    user_id       INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name          TEXT NOT NULL,
    value         BLOB NOT NULL,
    PRIMARY KEY (user_id, name)
) STRICT, WITHOUT ROWID;

-- Values of the whole store, by name.
CREATE TABLE store_values (
    name          TEXT PRIMARY KEY,
    value         BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- One row: what is hashed before a forgotten key, so that the hashes of two stores cannot be compared.
CREATE TABLE forgotten_salt (
    salt          BLOB NOT NULL
) STRICT;
INSERT INTO forgotten_salt (salt) VALUES (randomblob(32));

-- The source keys of forgotten turns, of all users: the first 16 bytes of SHA-256 over the salt, the
-- user's name and the key. The user may be gone, so no row refers to one.
CREATE TABLE forgotten_keys (
    hash          BLOB PRIMARY KEY
) STRICT, WITHOUT ROWID;
