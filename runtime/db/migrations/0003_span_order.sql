-- Numbered spans by an identity column, which rewrites the table, and which Citus refuses where there are rows. 0004 does without.
SELECT 1;
