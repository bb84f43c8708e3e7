-- Older releases add a row for each way; the newest one of a version decides. 0 is the start.
SELECT DISTINCT ON (t.version_id) t.version_id::pg_catalog.text, NULL::pg_catalog.text,
       CASE WHEN t.is_applied THEN 'applied' ELSE 'reverted' END
FROM ONLY {ledger} AS t
WHERE t.version_id > 0
ORDER BY t.version_id, t.id DESC
LIMIT $1;
