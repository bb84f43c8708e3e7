-- Which of the tables that are read are there, as names for LOCK TABLE; NULL when none is. What is
-- no table at all cannot be locked, and is refused later. When $6 is true and they are not $7, it
-- fails (22012): nothing behind it in its pipeline runs then.
SELECT i.names, 1 / CASE WHEN $6::boolean AND i.names IS DISTINCT FROM $7::pg_catalog.text
                         THEN 0 ELSE 1 END
FROM (SELECT pg_catalog.string_agg(pg_catalog.format('%I.%I', n.nspname, c.relname), ', '
                                   ORDER BY n.nspname, c.relname) AS names
      FROM pg_catalog.pg_class AS c
      JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p')
        AND ((n.nspname = 'predeploy' AND c.relname IN ('migrations', 'deployments', 'statements'))
             OR (n.nspname = $4::pg_catalog.text AND c.relname = $5::pg_catalog.text)
             OR ({{foreign_maybe}}
                 AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
                 AND pg_catalog.has_table_privilege(c.oid, 'SELECT')))) AS i;
