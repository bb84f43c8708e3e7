-- Marks of the tables of both ledgers, $1 and $2 as in inspect.sql: which row versions of the catalogs
-- describe them, told by the transactions that wrote them. What is changed later is written by a later
-- one, so the same number with the same sum is the same rows. Fails (22012) unless they are ordinary
-- tables of who connects: to these, only who connects could have hung anything that runs when they
-- are read.
SELECT pg_catalog.concat_ws(',',
           pg_catalog.count(*),
           pg_catalog.sum(c.xmin::text::int8),
           pg_catalog.sum(n.xmin::text::int8),
           pg_catalog.sum((SELECT pg_catalog.sum(a.xmin::text::int8)
                           FROM pg_catalog.pg_attribute AS a
                           WHERE a.attrelid = c.oid)),
           -- what hangs on them, and what the relations among it are like: indexes, sequences
           pg_catalog.sum((SELECT pg_catalog.sum(d.xmin::text::int8)
                           FROM pg_catalog.pg_depend AS d
                           WHERE d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
                             AND d.refobjid = c.oid)),
           pg_catalog.sum((SELECT pg_catalog.sum(s.xmin::text::int8)
                           FROM pg_catalog.pg_depend AS d
                           JOIN pg_catalog.pg_class AS s ON s.oid = d.objid
                           WHERE d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
                             AND d.refobjid = c.oid
                             AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass)),
           -- what they hang on
           pg_catalog.sum((SELECT pg_catalog.sum(d.xmin::text::int8)
                           FROM pg_catalog.pg_depend AS d
                           WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                             AND d.objid = c.oid))),
       1 / CASE WHEN pg_catalog.bool_and(
                    c.relkind = 'r' AND c.relowner = n.nspowner
                    AND pg_catalog.pg_get_userbyid(c.relowner) = CURRENT_USER
                    AND CURRENT_USER = SESSION_USER)
                THEN 1 ELSE 0 END
FROM pg_catalog.pg_namespace AS n
JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid
WHERE (n.nspname = 'predeploy'
       AND c.relname IN ('deployments', 'migrations', 'schema_migrations', 'seal', 'statements'))
   OR (n.nspname = $1::text AND c.relname = $2::text);
