-- What tells, after the connection has died, which transaction and which backend were ours.
SELECT pg_catalog.pg_current_xact_id()::text, a.pid, a.backend_start::text
FROM pg_catalog.pg_stat_activity AS a
WHERE a.pid = pg_catalog.pg_backend_pid();
