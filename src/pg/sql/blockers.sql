-- Who keeps backend $1 waiting; when $2 is given, also who has had a transaction open for that
-- many milliseconds and so may have.
SELECT a.pid, a.usename, a.application_name, a.state,
       pg_catalog.floor(extract(epoch FROM pg_catalog.clock_timestamp() - a.xact_start))::bigint
FROM pg_catalog.pg_stat_activity AS a
WHERE a.pid = ANY (pg_catalog.pg_blocking_pids($1::integer))
   OR ($2::bigint IS NOT NULL
       AND a.datname = pg_catalog.current_database()
       AND a.pid NOT IN ($1::integer, pg_catalog.pg_backend_pid())
       AND a.backend_type = 'client backend'
       AND a.xact_start < pg_catalog.clock_timestamp() - $2::bigint * interval '1 millisecond')
ORDER BY a.xact_start
LIMIT 5;
