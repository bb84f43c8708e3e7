-- Who only looks need not be able to become the role.
SELECT pg_catalog.set_config('role', CASE
    WHEN EXISTS (SELECT FROM pg_catalog.pg_roles AS r
                 WHERE r.rolname = $1::pg_catalog.name
                   AND NOT pg_catalog.pg_has_role(r.oid, '{membership}'))
        THEN 'none'
    ELSE $1::pg_catalog.text
END, true);
