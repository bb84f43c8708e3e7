SELECT pg_catalog.pg_terminate_backend(a.pid)
FROM pg_catalog.pg_stat_activity AS a
WHERE a.pid = $1::integer AND extract(epoch FROM a.backend_start)::text = $2::text;
