SELECT pg_catalog.pg_terminate_backend(a.pid)
FROM predeploy.statements AS s
JOIN pg_catalog.pg_stat_activity AS a ON a.pid = s.backend_pid AND a.backend_start = s.backend_start
WHERE s.migration = $1::pg_catalog.text AND s.direction = $2::pg_catalog.text
  AND s.number = $3::pg_catalog.int4;
