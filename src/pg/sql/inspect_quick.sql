-- What inspect.sql says of the tables where there is nothing to say against them, asked in a fraction
-- of the time: fails (22012) at whatever is not as usual, also where inspect.sql would allow it. The
-- usual: ordinary tables of who connects, in schemas of theirs, which nobody else may do anything but
-- read. $1 and $2 as there.
SELECT c.part, NULL::text AS code, NULL::text AS trust,
       (SELECT pg_catalog.string_agg(b.attname, E'\n' ORDER BY b.attnum)
        FROM pg_catalog.pg_attribute AS b
        WHERE b.attrelid = c.oid AND b.attnum > 0 AND NOT b.attisdropped) AS columns,
       1 / CASE WHEN
           c.relowner = c.nspowner AND c.relkind = 'r'
           AND pg_catalog.pg_get_userbyid(c.relowner) = CURRENT_USER AND CURRENT_USER = SESSION_USER
           AND NOT (c.relrowsecurity OR c.relforcerowsecurity OR c.relhasrules OR c.relhassubclass)
           -- USAGE is of schemas, SELECT of tables
           AND NOT EXISTS (SELECT FROM pg_catalog.aclexplode(c.nspacl || c.relacl) AS a
                           WHERE a.grantee <> c.relowner
                             AND a.privilege_type NOT IN ('USAGE', 'SELECT'))
           AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute AS b
                           WHERE b.attrelid = c.oid AND b.attacl IS NOT NULL)
           -- a foreign key leaves triggers at both of its ends
           AND NOT EXISTS (SELECT FROM pg_catalog.pg_trigger AS t
                           WHERE t.tgrelid = c.oid
                             AND (NOT t.tgisinternal
                                  OR c.relnamespace IS DISTINCT FROM
                                     (SELECT o.relnamespace FROM pg_catalog.pg_class AS o
                                      WHERE o.oid = t.tgconstrrelid)))
           AND NOT EXISTS (SELECT FROM pg_catalog.pg_index AS x
                           WHERE x.indrelid = c.oid
                             AND (x.indexprs IS NOT NULL OR x.indpred IS NOT NULL
                                  OR 16384 <= ANY (x.indclass::pg_catalog.oid[])))
           -- a type of somebody's, a table that it inherits from
           AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                           WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                             AND d.objid = c.oid
                             AND d.refclassid <> 'pg_catalog.pg_namespace'::pg_catalog.regclass)
           -- a default or a check that calls somebody's function; the sequence of an identity
           AND NOT EXISTS (
               SELECT FROM pg_catalog.pg_depend AS p
               JOIN pg_catalog.pg_depend AS d ON d.classid = p.classid AND d.objid = p.objid
               WHERE p.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
                 AND p.refobjid = c.oid
                 AND d.refclassid IN ('pg_catalog.pg_proc'::pg_catalog.regclass,
                                      'pg_catalog.pg_operator'::pg_catalog.regclass,
                                      'pg_catalog.pg_opclass'::pg_catalog.regclass,
                                      'pg_catalog.pg_type'::pg_catalog.regclass))
           AND NOT EXISTS (
               SELECT FROM pg_catalog.pg_depend AS p
               JOIN pg_catalog.pg_class AS s ON s.oid = p.objid
               WHERE p.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
                 AND p.refobjid = c.oid AND p.deptype = 'i'
                 AND p.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND s.relkind = 'S'
                 AND EXISTS (SELECT FROM pg_catalog.aclexplode(s.relacl) AS a
                             WHERE a.grantee <> c.relowner AND a.privilege_type <> 'SELECT'))
           AND NOT EXISTS (SELECT FROM pg_catalog.pg_subscription_rel AS u
                           WHERE u.srrelid = c.oid)
           THEN 1 ELSE 0 END
FROM (SELECT CASE n.nspname WHEN 'predeploy' THEN r.relname::text ELSE 'drizzle' END AS part,
             n.nspowner, n.nspacl, r.*
      FROM pg_catalog.pg_namespace AS n
      JOIN pg_catalog.pg_class AS r ON r.relnamespace = n.oid
      WHERE (n.nspname = 'predeploy'
             AND r.relname IN ('deployments', 'migrations', 'schema_migrations', 'seal',
                               'statements'))
         OR (n.nspname = $1::text AND r.relname = $2::text)) AS c;
