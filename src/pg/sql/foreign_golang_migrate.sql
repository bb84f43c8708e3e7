SELECT t.version::pg_catalog.text, NULL::pg_catalog.text,
       CASE WHEN t.dirty THEN 'unfinished' ELSE 'up to' END
FROM ONLY {ledger} AS t
WHERE t.version IS NOT NULL
ORDER BY t.version
LIMIT $1;
