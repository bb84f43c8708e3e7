-- What stands where the ledgers are, and whether it can be trusted. One row a part:
--   part     schema, deployments, migrations, schema_migrations, seal, statements,
--            drizzle_schema or drizzle
--   code     why reading or writing it could run somebody else's code, NULL: it cannot
--   trust    why others could change it behind our back, NULL: they cannot. Of Drizzle's parts
--            (drizzle_schema, drizzle) that is no fault, but they may be another thing a moment later
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
           ('statements', 'predeploy', 'statements'),
           ('drizzle', $1::text, $2::text)
), rels AS (
    SELECT w.part, n.oid AS namespace, c.oid, c.relkind, c.relowner, c.relacl,
           c.relrowsecurity OR c.relforcerowsecurity AS secured
    FROM wanted AS w
    JOIN pg_catalog.pg_namespace AS n ON n.nspname = w.nspname
    JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = w.relname
), pieces (rel, classid, objid) AS (
    SELECT r.oid, 'pg_catalog.pg_class'::pg_catalog.regclass, r.oid FROM rels AS r
    UNION ALL
    SELECT r.oid, 'pg_catalog.pg_class'::pg_catalog.regclass, x.indexrelid
    FROM rels AS r JOIN pg_catalog.pg_index AS x ON x.indrelid = r.oid
    UNION ALL
    SELECT r.oid, 'pg_catalog.pg_attrdef'::pg_catalog.regclass, f.oid
    FROM rels AS r JOIN pg_catalog.pg_attrdef AS f ON f.adrelid = r.oid
    UNION ALL
    SELECT r.oid, 'pg_catalog.pg_constraint'::pg_catalog.regclass, k.oid
    FROM rels AS r JOIN pg_catalog.pg_constraint AS k ON k.conrelid = r.oid
    UNION ALL
    SELECT r.oid, 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass, t.oid
    FROM rels AS r JOIN pg_catalog.pg_statistic_ext AS t ON t.stxrelid = r.oid
), calling AS (
    -- what ships with the server is pinned and leaves no dependency
    SELECT p.rel
    FROM pieces AS p
    JOIN pg_catalog.pg_depend AS d ON d.classid = p.classid AND d.objid = p.objid
    WHERE d.refclassid IN ('pg_catalog.pg_proc'::pg_catalog.regclass,
                           'pg_catalog.pg_operator'::pg_catalog.regclass,
                           'pg_catalog.pg_opclass'::pg_catalog.regclass,
                           'pg_catalog.pg_type'::pg_catalog.regclass)
), acls (rel, acl) AS (
    SELECT r.oid, r.relacl FROM rels AS r
    UNION ALL
    SELECT r.oid, b.attacl
    FROM rels AS r JOIN pg_catalog.pg_attribute AS b ON b.attrelid = r.oid
    WHERE b.attacl IS NOT NULL
    UNION ALL
    -- the sequences of its identity columns
    SELECT r.oid, s.relacl
    FROM rels AS r
    JOIN pg_catalog.pg_depend AS d
        ON d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = r.oid
           AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype = 'i'
    JOIN pg_catalog.pg_class AS s ON s.oid = d.objid AND s.relkind = 'S'
)
SELECT CASE n.nspname WHEN 'predeploy' THEN 'schema' ELSE 'drizzle_schema' END AS part,
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
WHERE n.nspname IN ('predeploy', $1::text)
UNION ALL
SELECT r.part,
       CASE
           WHEN r.relkind <> 'r' THEN 'it is no ordinary table'
           WHEN r.secured THEN 'it has row level security'
           WHEN EXISTS (SELECT FROM pg_catalog.pg_trigger AS t
                        WHERE t.tgrelid = r.oid AND NOT t.tgisinternal)
               THEN 'it has a trigger'
           WHEN EXISTS (SELECT FROM pg_catalog.pg_rewrite AS e WHERE e.ev_class = r.oid)
               THEN 'it has a rule'
           WHEN EXISTS (SELECT FROM pg_catalog.pg_inherits AS i
                        WHERE r.oid IN (i.inhrelid, i.inhparent))
               THEN 'it takes part in inheritance'
           -- what such a key does to the other table runs with that table's triggers
           WHEN EXISTS (SELECT FROM pg_catalog.pg_constraint AS k
                        WHERE k.contype = 'f' AND r.oid IN (k.conrelid, k.confrelid)
                          AND k.connamespace <> r.namespace)
             OR EXISTS (SELECT FROM pg_catalog.pg_constraint AS k
                        JOIN pg_catalog.pg_class AS o ON o.oid = k.confrelid
                        WHERE k.contype = 'f' AND k.conrelid = r.oid
                          AND o.relnamespace <> r.namespace)
               THEN 'a foreign key ties it to another table'
           WHEN r.oid IN (SELECT c.rel FROM calling AS c)
               THEN 'a default, check, index or type of it runs somebody''s function'
       END,
       CASE
           WHEN r.relowner NOT IN (SELECT t.oid FROM trusted AS t)
               THEN 'it belongs to role ' || pg_catalog.pg_get_userbyid(r.relowner)
           WHEN EXISTS (
               SELECT FROM acls AS l, pg_catalog.aclexplode(l.acl) AS a
               WHERE l.rel = r.oid AND a.privilege_type <> 'SELECT'
                 AND a.grantee NOT IN (SELECT t.oid FROM trusted AS t))
               THEN 'other roles may write to it'
           WHEN EXISTS (SELECT FROM pg_catalog.pg_subscription_rel AS u WHERE u.srrelid = r.oid)
               THEN 'a subscription writes to it'
       END,
       (SELECT pg_catalog.string_agg(b.attname, E'\n' ORDER BY b.attnum)
        FROM pg_catalog.pg_attribute AS b
        WHERE b.attrelid = r.oid AND b.attnum > 0 AND NOT b.attisdropped)
FROM rels AS r;
