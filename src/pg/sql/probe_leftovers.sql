-- Invalid indexes that REINDEX CONCURRENTLY builds beside the old ones, or leaves of them.
-- $1 search path; $2, $3 schema and name of what is built anew, both NULL: all of the database;
-- $3 NULL: all of the schema; $4 OIDs of those that were there before; $5 the role that would drop
-- them: those of a TOAST table most roles can't even name, and the server passes over them.
WITH RECURSIVE path (nspname, place) AS (
    SELECT p.nspname, p.place
    FROM pg_catalog.unnest($1::pg_catalog.name[]) WITH ORDINALITY AS p (nspname, place)
), named (oid) AS (
    SELECT coalesce(x.indrelid, c.oid)
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    LEFT JOIN path AS p ON p.nspname = n.nspname
    LEFT JOIN pg_catalog.pg_index AS x ON x.indexrelid = c.oid
    WHERE c.relname = $3::pg_catalog.name
      AND CASE WHEN $2::pg_catalog.text IS NULL THEN p.place IS NOT NULL
               ELSE n.nspname = $2::pg_catalog.name END
    ORDER BY p.place
    LIMIT 1
), below (oid) AS (
    SELECT b.oid FROM named AS b
    UNION
    SELECT i.inhrelid
    FROM below AS b
    JOIN pg_catalog.pg_inherits AS i ON i.inhparent = b.oid
), tables (oid) AS (
    SELECT b.oid FROM below AS b
    UNION
    SELECT c.oid
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE $3::pg_catalog.text IS NULL
      AND coalesce(n.nspname = $2::pg_catalog.name, true)
), all_tables (oid) AS (
    SELECT t.oid FROM tables AS t
    UNION
    SELECT c.reltoastrelid
    FROM tables AS t
    JOIN pg_catalog.pg_class AS c ON c.oid = t.oid
    WHERE c.reltoastrelid <> 0
)
SELECT c.oid, pg_catalog.quote_ident(n.nspname::pg_catalog.text) || '.'
              || pg_catalog.quote_ident(c.relname::pg_catalog.text),
       c.oid <> ALL (coalesce($4::pg_catalog.oid[], '{}'))
       AND pg_catalog.has_schema_privilege(coalesce($5::pg_catalog.name, CURRENT_USER), n.oid,
                                           'USAGE')
FROM all_tables AS t
JOIN pg_catalog.pg_index AS x ON x.indrelid = t.oid
JOIN pg_catalog.pg_class AS c ON c.oid = x.indexrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE NOT x.indisvalid
  AND c.relname::pg_catalog.text ~ '_cc(new|old)[0-9]*$'
ORDER BY c.oid;
