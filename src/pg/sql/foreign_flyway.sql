-- The newest row of a version decides. Rows without a version are repeatable migrations and the
-- creation of schemas. Only SQL has a checksum that can be computed from a file.
SELECT DISTINCT ON (t.version) pg_catalog.left(t.version::pg_catalog.text, 300),
       CASE WHEN t.type = 'SQL' THEN t.checksum::pg_catalog.text END,
       CASE WHEN t.success IS NOT TRUE THEN 'unfinished'
            WHEN t.type IN ('BASELINE', 'SQL_BASELINE') THEN 'baseline'
            WHEN pg_catalog.starts_with(t.type::pg_catalog.text, 'UNDO')
                 OR t.type = 'DELETE' THEN 'reverted'
            ELSE 'applied'
       END,
       COALESCE(pg_catalog.left(t.script::pg_catalog.text, 1000), ''),
       t.type IS DISTINCT FROM 'SQL'
FROM ONLY {ledger} AS t
WHERE t.version IS NOT NULL
ORDER BY t.version, t.installed_rank DESC
LIMIT $1;
