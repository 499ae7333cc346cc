-- The last transaction of a user that each writer committed, by random numbers: who did not hear what became
-- of a commit looks for its mark. A transaction's own number would not do, since a server that is killed
-- gives the numbers that had not reached its disk to others. The user may be gone, and is 0 for the writes
-- that are of many.
CREATE TABLE commit_marks (
    user_id       bigint NOT NULL,
    writer        bigint NOT NULL,
    mark          bigint NOT NULL,
    marked_ms     bigint NOT NULL,
    PRIMARY KEY (user_id, writer)
) WITH (fillfactor = 50);

ALTER TABLE commit_marks ENABLE ROW LEVEL SECURITY;
ALTER TABLE commit_marks FORCE ROW LEVEL SECURITY;
CREATE POLICY named_users ON commit_marks USING (user_id <@
    (SELECT NULLIF(current_setting('longmem.users', true), '')::int8range));
