-- A migration that failed and was tried again has a row for each attempt; the failed one carries
-- rolled_back_at once somebody has resolved it.
SELECT pg_catalog.left(t.migration_name::pg_catalog.text, 300),
       pg_catalog.lower(pg_catalog.left(t.checksum::pg_catalog.text, 300)),
       CASE WHEN t.finished_at IS NULL THEN 'unfinished' ELSE 'applied' END
FROM ONLY {ledger} AS t
WHERE t.migration_name IS NOT NULL AND t.rolled_back_at IS NULL
ORDER BY t.migration_name, t.started_at, t.checksum
LIMIT $1;
