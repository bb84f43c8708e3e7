-- Marks of the tables of both ledgers, $1 and $2 as in inspect.sql: which row versions of the catalogs
-- describe them, told by the transactions that wrote them. What is changed later is written by another
-- one: of a later number, or of one between those that are there, when it had begun before. So hashes
-- are summed up, as numbers could even each other out. Fails (22012) unless they are ordinary tables of
-- who connects, and nothing hangs on them that runs when they are read: a program behind a foreign
-- table that inherits, a policy, a type, an index, statistics.
SELECT pg_catalog.concat_ws(',',
           pg_catalog.count(*),
           pg_catalog.sum(pg_catalog.hashint8extended(c.xmin::text::int8, 0)),
           pg_catalog.sum(pg_catalog.hashint8extended(n.xmin::text::int8, 0)),
           pg_catalog.sum((SELECT pg_catalog.sum(pg_catalog.hashint8extended(a.xmin::text::int8, 0))
                                  / CASE WHEN pg_catalog.bool_and(a.atttypid < 16384)
                                         THEN 1 ELSE 0 END
                           FROM pg_catalog.pg_attribute AS a
                           WHERE a.attrelid = c.oid)),
           -- what hangs on them, and what the relations among it are like: indexes, sequences
           pg_catalog.sum((SELECT pg_catalog.sum(pg_catalog.hashint8extended(d.xmin::text::int8, 0))
                                  / CASE WHEN pg_catalog.bool_and(
                                                  d.classid <> 'pg_catalog.pg_statistic_ext'
                                                               ::pg_catalog.regclass)
                                         THEN 1 ELSE 0 END
                           FROM pg_catalog.pg_depend AS d
                           WHERE d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
                             AND d.refobjid = c.oid)),
           pg_catalog.sum((SELECT pg_catalog.sum(pg_catalog.hashint8extended(s.xmin::text::int8, 0))
                           FROM pg_catalog.pg_depend AS d
                           JOIN pg_catalog.pg_class AS s ON s.oid = d.objid
                           WHERE d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
                             AND d.refobjid = c.oid
                             AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass)),
           -- what they hang on
           pg_catalog.sum((SELECT pg_catalog.sum(pg_catalog.hashint8extended(d.xmin::text::int8, 0))
                           FROM pg_catalog.pg_depend AS d
                           WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                             AND d.objid = c.oid))),
       1 / CASE WHEN pg_catalog.bool_and(
                    c.relkind = 'r' AND c.relowner = n.nspowner
                    AND pg_catalog.pg_get_userbyid(c.relowner) = CURRENT_USER
                    AND CURRENT_USER = SESSION_USER
                    AND NOT (c.relrowsecurity OR c.relforcerowsecurity OR c.relhasrules
                             OR c.relhassubclass)
                    -- to plan a query is enough to run what an index calls
                    AND NOT EXISTS (SELECT FROM pg_catalog.pg_index AS x
                                    WHERE x.indrelid = c.oid
                                      AND (x.indexprs IS NOT NULL OR x.indpred IS NOT NULL))
                    -- a subscription leaves nothing at the table that it writes to
                    AND c.oid NOT IN (SELECT u.srrelid FROM pg_catalog.pg_subscription_rel AS u))
                THEN 1 ELSE 0 END
FROM pg_catalog.pg_namespace AS n
JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid
WHERE (n.nspname = 'predeploy'
       AND c.relname IN ('deployments', 'migrations', 'schema_migrations', 'seal', 'statements'))
   OR (n.nspname = $1::text AND c.relname = $2::text);
