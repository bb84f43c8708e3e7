-- Fails (22012) where another process answers than the one at the door: a pooler stands between, and
-- what stands behind this in its pipeline is not run, as neither the path nor a lock would be ours.
SELECT 1 OPERATOR(pg_catalog./)
       CASE WHEN pg_catalog.pg_backend_pid() OPERATOR(pg_catalog.=) $1::pg_catalog.int4
            THEN 1 ELSE 0 END;
