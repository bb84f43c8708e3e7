SELECT t.version::pg_catalog.text, pg_catalog.encode(pg_catalog.substr(t.checksum, 1, 64), 'hex'),
       CASE WHEN t.success THEN 'applied' ELSE 'unfinished' END
FROM ONLY {ledger} AS t
WHERE t.version IS NOT NULL
ORDER BY t.version
LIMIT $1;
