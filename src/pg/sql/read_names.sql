-- Which of the tables that are read are there, as names for LOCK TABLE; NULL when none is. What is
-- no table at all cannot be locked, and is refused later.
SELECT pg_catalog.string_agg(pg_catalog.format('%I.%I', n.nspname, c.relname), ', '
                             ORDER BY n.nspname, c.relname)
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p')
  AND ((n.nspname = 'predeploy' AND c.relname IN ('migrations', 'deployments'))
       OR (n.nspname = $1::pg_catalog.text AND c.relname = $2::pg_catalog.text)
       OR (n.nspname IN ($3::pg_catalog.text, 'public')
           AND c.relname = ANY ($4::pg_catalog.text[])
           AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
           AND pg_catalog.has_table_privilege(c.oid, 'SELECT')));
