-- $1 search path; $2, $3 schema and name of the partition; $4, $5 of the partitioned table.
WITH path (nspname, place) AS (
    SELECT p.nspname, p.place
    FROM pg_catalog.unnest($1::pg_catalog.name[]) WITH ORDINALITY AS p (nspname, place)
), wanted (part, nspname, relname) AS (
    VALUES ('child', $2::pg_catalog.name, $3::pg_catalog.name),
           ('parent', $4::pg_catalog.name, $5::pg_catalog.name)
), named (part, oid, nspname, relname) AS (
    SELECT DISTINCT ON (w.part) w.part, c.oid, n.nspname, c.relname
    FROM wanted AS w
    JOIN pg_catalog.pg_class AS c ON c.relname = w.relname
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    LEFT JOIN path AS p ON p.nspname = n.nspname
    WHERE CASE WHEN w.nspname IS NULL THEN p.place IS NOT NULL ELSE n.nspname = w.nspname END
    ORDER BY w.part, p.place
)
SELECT CASE WHEN child.oid IS NULL THEN 'absent'
            WHEN i.inhrelid IS NULL THEN 'detached'
            -- no server in front of PostgreSQL 14 has it
            WHEN pg_catalog.jsonb_extract_path_text(pg_catalog.to_jsonb(i.*),
                                                    'inhdetachpending') = 'true' THEN 'pending'
            ELSE 'attached' END,
       pg_catalog.quote_ident(child.nspname::pg_catalog.text) || '.'
       || pg_catalog.quote_ident(child.relname::pg_catalog.text),
       'ALTER TABLE ' || pg_catalog.quote_ident(parent.nspname::pg_catalog.text) || '.'
       || pg_catalog.quote_ident(parent.relname::pg_catalog.text) || ' DETACH PARTITION '
       || pg_catalog.quote_ident(child.nspname::pg_catalog.text) || '.'
       || pg_catalog.quote_ident(child.relname::pg_catalog.text) || ' FINALIZE'
FROM (VALUES (1)) AS always (one)
LEFT JOIN named AS child ON child.part = 'child'
LEFT JOIN named AS parent ON parent.part = 'parent'
LEFT JOIN pg_catalog.pg_inherits AS i ON i.inhrelid = child.oid AND i.inhparent = parent.oid;
