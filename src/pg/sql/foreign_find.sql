-- Tables that other migration tools may have made.
--   columns  "name C", C the category of its type (pg_type.typcategory), "?" for a type that is not
--            PostgreSQL's own; a line each
--   code     why reading it could run somebody else's code, NULL: it cannot
SELECT n.nspname, c.relname,
       (SELECT pg_catalog.string_agg(
                   a.attname || ' ' ||
                   CASE WHEN y.typnamespace = 'pg_catalog'::pg_catalog.regnamespace
                             AND y.typtype = 'b' AND a.attgenerated = ''
                        THEN y.typcategory::pg_catalog.text ELSE '?' END,
                   E'\n' ORDER BY a.attnum)
        FROM pg_catalog.pg_attribute AS a
        JOIN pg_catalog.pg_type AS y ON y.oid = a.atttypid
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
       CASE WHEN c.relkind <> 'r' THEN 'it is no ordinary table'
            WHEN pg_catalog.row_security_active(c.oid)
                THEN 'row level security applies to this role'
       END,
       pg_catalog.has_schema_privilege(n.oid, 'USAGE')
           AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND {{foreign_maybe}}
ORDER BY c.relname = ANY ($2::pg_catalog.text[]) DESC, n.nspname, c.relname;
