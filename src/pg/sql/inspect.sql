-- What stands where the ledgers are, and whether it can be trusted. One row a part:
--   part     schema, deployments, migrations, schema_migrations, seal or drizzle
--   code     why reading or writing it could run somebody else's code, NULL: it cannot
--   trust    why others could change it behind our back, NULL: they cannot
--   columns  names of the columns, separated by line feeds
-- $1 and $2: schema and table of Drizzle's ledger, NULL when it is of no interest.
WITH me AS (
    SELECT r.oid, r.rolsuper
    FROM pg_catalog.pg_roles AS r
    WHERE r.rolname IN (CURRENT_USER, SESSION_USER)
), trusted AS (
    SELECT r.oid
    FROM pg_catalog.pg_roles AS r
    WHERE r.rolsuper
       OR r.oid IN (SELECT me.oid FROM me)
       -- a group, when nobody else can log in and become it; a superuser is a member of every
       -- role, which says nothing
       OR (EXISTS (SELECT FROM me
                   WHERE NOT me.rolsuper AND pg_catalog.pg_has_role(me.oid, r.oid, 'MEMBER'))
           AND NOT EXISTS (SELECT FROM pg_catalog.pg_roles AS o
                           WHERE o.rolcanlogin AND NOT o.rolsuper
                             AND o.oid NOT IN (SELECT me.oid FROM me)
                             AND pg_catalog.pg_has_role(o.oid, r.oid, 'MEMBER')))
), wanted (part, nspname, relname) AS (
    VALUES ('deployments', 'predeploy', 'deployments'),
           ('migrations', 'predeploy', 'migrations'),
           ('schema_migrations', 'predeploy', 'schema_migrations'),
           ('seal', 'predeploy', 'seal'),
           ('drizzle', $1::text, $2::text)
)
SELECT 'schema' AS part,
       NULL::text AS code,
       CASE
           WHEN n.nspowner NOT IN (SELECT t.oid FROM trusted AS t)
               THEN 'it belongs to role ' || pg_catalog.pg_get_userbyid(n.nspowner)
           WHEN EXISTS (
               SELECT FROM pg_catalog.aclexplode(n.nspacl) AS a
               WHERE a.privilege_type = 'CREATE' AND a.grantee NOT IN (SELECT t.oid FROM trusted AS t))
               THEN 'other roles may create objects in it'
       END AS trust,
       NULL::text AS columns
FROM pg_catalog.pg_namespace AS n
WHERE n.nspname = 'predeploy'
UNION ALL
SELECT w.part,
       CASE
           WHEN c.relkind <> 'r' THEN 'it is no ordinary table'
           WHEN c.relrowsecurity OR c.relforcerowsecurity THEN 'it has row level security'
           WHEN EXISTS (SELECT FROM pg_catalog.pg_trigger AS t
                        WHERE t.tgrelid = c.oid AND NOT t.tgisinternal)
               THEN 'it has a trigger'
           WHEN EXISTS (SELECT FROM pg_catalog.pg_rewrite AS r WHERE r.ev_class = c.oid)
               THEN 'it has a rule'
           WHEN EXISTS (SELECT FROM pg_catalog.pg_inherits AS i
                        WHERE c.oid IN (i.inhrelid, i.inhparent))
               THEN 'it takes part in inheritance'
           -- what ships with the server is pinned and leaves no dependency
           WHEN EXISTS (
               SELECT FROM pg_catalog.pg_depend AS d
               WHERE d.refclassid IN ('pg_catalog.pg_proc'::pg_catalog.regclass,
                                      'pg_catalog.pg_operator'::pg_catalog.regclass,
                                      'pg_catalog.pg_opclass'::pg_catalog.regclass,
                                      'pg_catalog.pg_type'::pg_catalog.regclass)
                 AND ((d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                       AND (d.objid = c.oid
                            OR d.objid IN (SELECT x.indexrelid FROM pg_catalog.pg_index AS x
                                           WHERE x.indrelid = c.oid)))
                      OR (d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass
                          AND d.objid IN (SELECT f.oid FROM pg_catalog.pg_attrdef AS f
                                          WHERE f.adrelid = c.oid))
                      OR (d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass
                          AND d.objid IN (SELECT k.oid FROM pg_catalog.pg_constraint AS k
                                          WHERE k.conrelid = c.oid))))
               THEN 'a default, check, index or type of it runs somebody''s function'
       END,
       CASE
           WHEN w.part = 'drizzle' THEN NULL
           WHEN c.relowner NOT IN (SELECT t.oid FROM trusted AS t)
               THEN 'it belongs to role ' || pg_catalog.pg_get_userbyid(c.relowner)
           WHEN EXISTS (
               SELECT FROM pg_catalog.aclexplode(c.relacl) AS a
               WHERE a.privilege_type <> 'SELECT'
                 AND a.grantee NOT IN (SELECT t.oid FROM trusted AS t))
             OR EXISTS (
               SELECT FROM pg_catalog.pg_attribute AS b, pg_catalog.aclexplode(b.attacl) AS a
               WHERE b.attrelid = c.oid AND a.privilege_type <> 'SELECT'
                 AND a.grantee NOT IN (SELECT t.oid FROM trusted AS t))
               THEN 'other roles may write to it'
       END,
       (SELECT pg_catalog.string_agg(b.attname, E'\n' ORDER BY b.attnum)
        FROM pg_catalog.pg_attribute AS b
        WHERE b.attrelid = c.oid AND b.attnum > 0 AND NOT b.attisdropped)
FROM wanted AS w
JOIN pg_catalog.pg_namespace AS n ON n.nspname = w.nspname
JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = w.relname;
