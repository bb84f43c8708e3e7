-- Version 0 is the start, which no file need have.
SELECT t.version::pg_catalog.text, NULL::pg_catalog.text,
       CASE WHEN t.dirty THEN 'unfinished' WHEN t.version = 0 THEN 'baseline' ELSE 'up to' END
FROM ONLY {ledger} AS t
WHERE t.version IS NOT NULL
ORDER BY t.version
LIMIT $1;
