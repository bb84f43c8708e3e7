SELECT s.migration, s.direction, s.number, s.digest, s.kind, s.state, s.object, s.before,
       s.deployment,
       pg_catalog.to_char(pg_catalog.timezone('UTC', s.started_at), 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
       s.error, a.pid
FROM predeploy.statements AS s
LEFT JOIN pg_catalog.pg_stat_activity AS a
     ON s.state = 'running' AND a.pid = s.backend_pid AND a.backend_start = s.backend_start
ORDER BY s.migration, s.direction, s.number
LIMIT $1;
