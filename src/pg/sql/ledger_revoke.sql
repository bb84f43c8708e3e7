-- Default privileges (ALTER DEFAULT PRIVILEGES) may have let others write to what was just made.
DO $$
DECLARE
    statement pg_catalog.text;
BEGIN
    FOR statement IN
        SELECT pg_catalog.format(
                   'REVOKE %s ON %s %I.%I FROM %s', a.privilege_type,
                   CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, n.nspname, c.relname,
                   CASE a.grantee WHEN 0 THEN 'PUBLIC'
                                  ELSE pg_catalog.format('%I', pg_catalog.pg_get_userbyid(a.grantee))
                   END)
        FROM pg_catalog.pg_class AS c
        JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace,
             pg_catalog.aclexplode(c.relacl) AS a
        WHERE n.nspname = 'predeploy' AND c.relkind IN ('r', 'S')
          AND a.grantee <> c.relowner AND a.privilege_type <> 'SELECT'
          AND pg_catalog.pg_get_userbyid(a.grantee) NOT IN (CURRENT_USER, SESSION_USER)
    LOOP
        EXECUTE statement;
    END LOOP;
END
$$;
