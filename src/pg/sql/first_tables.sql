-- Which of the relations $1 (SCHEMA.NAME) are there: a row each, with its place in $1 from 0. With $2,
-- the schema, and $3, the table, of Drizzle's ledger also the first other table with the columns of
-- one, with the place -1. Nothing is read of the tables themselves.
SELECT w.ord - 1 AS ord, n.nspname, c.relname
FROM ROWS FROM (pg_catalog.unnest($1::text[])) WITH ORDINALITY AS w (name, ord)
JOIN (pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace)
    ON n.nspname::text || '.' || c.relname::text = w.name
UNION ALL
(SELECT -1, n.nspname, c.relname
 FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.relkind = 'r' AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
   AND (n.nspname::text, c.relname::text) IS DISTINCT FROM ($2::text, $3::text)
   AND $2 IS NOT NULL
   AND (SELECT pg_catalog.string_agg(a.attname, ',' ORDER BY a.attnum)
        FROM pg_catalog.pg_attribute AS a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)
       IN ('id,hash,created_at', 'id,hash,created_at,name,applied_at')
 ORDER BY n.nspname, c.relname
 LIMIT 1);
